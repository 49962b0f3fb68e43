import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { hookTimeoutMs } from '../../contract/fixture.js';
import { own } from '../../contract/tenant-sweep.js';
import type { Store } from '../../port/store.js';
import { bootstrapMssql, mssqlUrls, type MssqlPasswords, type MssqlUrls } from './bootstrap.js';
import { dropDatabase, onServer } from './mssql-fixture.js';
import { openMssqlStore } from './mssql-store.js';

const serverUrl = process.env['MSSQL_URL'];

const password = (): string => `Aa1${randomBytes(18).toString('base64url')}`;
const passwords: MssqlPasswords = { app: password(), system: password(), owner: password() };

it('makes URLs of its logins, with their passwords escaped', () => {
  const urls = mssqlUrls('mssql://sa:x@host:1433/master?encrypt=false', 'store', {
    ...passwords,
    app: 'a/b@c',
  });
  expect(urls.url).toBe('mssql://hartonomous_app:a%2Fb%40c@host:1433/store?encrypt=false');
  expect(new URL(urls.systemUrl).username).toBe('hartonomous_plumbing');
  expect(new URL(urls.maintenanceUrl).username).toBe('hartonomous_maintenance');
});

/** A TDS server without the fixed role db_owner lets only the administrator own the tables; all else is as it should be. */
async function bootstrapped(administratorUrl: string, database: string): Promise<MssqlUrls> {
  try {
    return await bootstrapMssql(administratorUrl, database, passwords);
  } catch (error) {
    if (!/db_owner/.test((error as Error).message)) throw error;
    const administrator = new URL(administratorUrl);
    administrator.pathname = `/${database}`;
    return { ...mssqlUrls(administratorUrl, database, passwords), maintenanceUrl: administrator.toString() };
  }
}

describe('the logins on SQL Server', () => {
  if (!serverUrl) return void it.skip('SKIPPED: logins, MSSQL_URL names no server', () => {});
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  let urls: MssqlUrls;
  let store: Store;
  beforeAll(async () => {
    // Twice: the second time everything is there, and the passwords are set anew.
    for (let time = 0; time < 2; time++) urls = await bootstrapped(serverUrl, database);
    store = await openMssqlStore(urls);
    await store.maintenance.migrate();
    const logins = (await store.features()).find((feature) => feature.name === 'logins')!;
    if (logins.state === 'on') return;
    // A server that grants nothing on table types leaves the plumbing to its administrator; the application's login stays.
    await store.close();
    store = await openMssqlStore({ ...urls, systemUrl: urls.maintenanceUrl });
  }, hookTimeoutMs);
  afterAll(async () => {
    await store?.close();
    await dropDatabase(serverUrl, database);
  }, hookTimeoutMs);

  it(
    'carry a tenant and the plumbing through their work',
    async () => {
      const tenant = await store.withSystem('test', (tx) => tx.tenants.ensure('main'));
      const owned = await store.withTenant(tenant.id, own);
      expect((await store.withTenant(tenant.id, (tx) => tx.atoms.read([owned.atomId]))).length).toBe(1);
      const claimed = await store.withSystem('test', (tx) => tx.plumbing.claimOutbox(10, 1_000, 1_000));
      expect(claimed.length).toBeGreaterThan(0);
      await store.withSystem('test', (tx) => tx.plumbing.setKillSwitch(true, 'test', 'test'));
      await store.withSystem('test', (tx) => tx.plumbing.pruneHistory(new Date()));
      await store.withSystem('test', (tx) => tx.computations.unattended(0));
    },
    hookTimeoutMs,
  );

  it('cannot do what is not theirs', async () => {
    await expect(onServer(urls.url, 'create table intruder (a int)')).rejects.toThrow(/permission/i);
    await expect(onServer(urls.systemUrl, 'select top (1) id from model')).rejects.toThrow(/permission/i);
    await expect(onServer(urls.systemUrl, 'delete from audit')).rejects.toThrow(/permission/i);
  });

  it('say by name which of their fences stand', async () => {
    const features = new Map((await store.features()).map((feature) => [feature.name, feature]));
    for (const name of ['logins', 'rls']) {
      const feature = features.get(name)!;
      if (feature.state === 'off') expect([feature.why, feature.degrades]).not.toContain(null);
    }
  });
});
