import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import { own } from '../../../contract/tenant-sweep.js';
import type { SweepIds } from '../../../contract/sweep-ids.js';
import { openStore } from '../../../open-store.js';
import { testClusterUrl } from '../../../config/test-cluster.js';
import { openTestStore, type TestStore } from '../../../testing.js';
import { coreMigrations } from '../../../sql/migration-files.js';
import { runMigrations } from '../../../sql/migration-runner.js';
import { bootstrapPostgres } from '../bootstrap.js';
import { PostgresConnections } from '../connections.js';
import { postgresMigrations } from '../migrations.js';
import { backupPostgres } from './backup.js';
import { checkBackup } from './backup-file.js';
import { restorePostgres } from './restore.js';

describe('a backup', () => {
  let t: TestStore;
  let owned: SweepIds;
  let folder: string;
  let file: string;
  const restored = `test_r_${newId().replaceAll('-', '').slice(-16)}`;
  beforeAll(async () => {
    t = await openTestStore();
    owned = await t.store.withTenant(t.tenantId, own);
    await t.store.withTenant(t.tenantId, (tx) =>
      tx.audit.append({ what: 'w', subject: 'zażółć\t"\\', who: 'me', why: 'line\nbreak' }),
    );
    await t.store.maintenance.createIndex(
      { name: 'earned_term', table: 'atom_term', columns: ['tenant_id', 'term'] },
      { lockTimeoutMs: 60_000 },
    );
    // Its journal of looks across tenants is written ten seconds later, or now: contents are compared below.
    await t.store.close();
    folder = mkdtempSync(join(tmpdir(), 'harto-backup-'));
    file = join(folder, 'whole.backup');
    await backupPostgres({ url: t.urls.superuserUrl, file, product: '0.1.0' });
  });
  afterAll(async () => {
    await onCluster(`drop database if exists ${restored} with (force)`);
    await t.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function onCluster(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: testClusterUrl() });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  }
  const databases = () => onCluster(`select datname from pg_database where datname like '${restored}%'`);
  const passwordOf = (url: string) => decodeURIComponent(new URL(url).password);
  /** Those that the cluster's logins have already: they are shared by all tests. */
  const passwords = () => ({
    app: passwordOf(t.urls.url),
    system: passwordOf(t.urls.systemUrl),
    owner: passwordOf(t.urls.maintenanceUrl),
    queue: passwordOf(t.urls.queueUrl),
  });
  const restore = (from: string, more: { force?: boolean; signal?: AbortSignal } = {}) =>
    restorePostgres({
      url: testClusterUrl(),
      database: restored,
      passwords: passwords(),
      file: from,
      ...more,
    });
  const moved = (url: string) => {
    const to = new URL(url);
    to.pathname = `/${restored}`;
    return to.toString();
  };
  const damaged = (name: string, change: (bytes: Buffer) => Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, change(readFileSync(file)));
    return path;
  };

  it('of the same contents has the same hashes, and leaves no draft behind', async () => {
    const first = await checkBackup(file);
    const again = join(folder, 'again.backup');
    const second = await backupPostgres({ url: t.urls.superuserUrl, file: again, product: '0.1.0' });
    expect(second.contents).toEqual(first.contents);
    expect(first.rows).toBeGreaterThan(50);
    expect(first.indexes.map((index) => index.name)).toEqual(['earned_term']);
    await expect(
      backupPostgres({ url: t.urls.superuserUrl, file: again, product: '0.1.0' }),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('--force') });
    await backupPostgres({ url: t.urls.superuserUrl, file: again, product: '0.1.0', replace: true });
    const stopped = AbortSignal.abort(new Error('stopped'));
    const third = join(folder, 'third.backup');
    await expect(
      backupPostgres({ url: t.urls.superuserUrl, file: third, product: '0.1.0', signal: stopped }),
    ).rejects.toThrow('stopped');
    expect(readdirSync(folder).sort()).toEqual(['again.backup', 'whole.backup']);
  });

  it.each([
    ['is truncated', (b: Buffer) => b.subarray(0, b.length - 1)],
    ['is truncated', (b: Buffer) => b.subarray(0, b.length >> 1)],
    ['is truncated', (b: Buffer) => b.subarray(0, 8)],
    ['is not a Hartonomous backup', (b: Buffer) => b.subarray(0, 5)],
    ['is not a Hartonomous backup', () => Buffer.alloc(0)],
    ['is not a Hartonomous backup', (b: Buffer) => Buffer.concat([Buffer.from('PK'), b])],
    ['altered or damaged', (b: Buffer) => flipped(b, dataOf(b))],
    ['altered or damaged', (b: Buffer) => flipped(b, b.length - 40)],
    ['altered or damaged', (b: Buffer) => Buffer.concat([b, b.subarray(8)])],
    ['format 7', (b: Buffer) => replaced(b, '"format":1', '"format":7')],
  ])('that %s is refused before anything is touched', async (what, change) => {
    const path = damaged('bad.backup', change);
    await expect(restore(path, { force: true })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(what),
    });
    expect(await databases()).toEqual([]);
  });

  it('of a newer version is named as such; a folder and a missing file too', async () => {
    const checked = damaged('newer.backup', (bytes) =>
      resealed(replaced(bytes, '202611211720_provenance', '202711211720_provenance')),
    );
    await expect(restore(checked)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('newer version'),
    });
    await expect(restore(folder)).rejects.toMatchObject({
      message: expect.stringContaining('not a regular file'),
    });
    await expect(restore(join(folder, 'nowhere'))).rejects.toMatchObject({
      message: expect.stringContaining('no such file'),
    });
    expect(await databases()).toEqual([]);
  });

  it('of an older schema is loaded under that one and then brought up to date', async () => {
    const old = `${restored}_old`;
    const urls = await bootstrapPostgres(testClusterUrl(), old, passwords());
    const files = await coreMigrations('postgres');
    const known = files.slice(0, files.findIndex((f) => f.name.startsWith('202611211600')) + 1);
    const connections = new PostgresConnections(urls);
    const runner = (await connections.owner()).source.createQueryRunner();
    await runMigrations(runner, known, postgresMigrations);
    await runner.release();
    await connections.close();
    const client = new pg.Client({ connectionString: urls.superuserUrl });
    await client.connect();
    const tenantId = newId();
    await client.query(`insert into tenant (id, name) values ('${tenantId}', 'old one')`);
    await client.query(`insert into audit_head (tenant_id) values ('${tenantId}')`);
    await client.end();
    const from = join(folder, 'old.backup');
    await backupPostgres({ url: urls.superuserUrl, file: from, product: '0.0.9' });
    await onCluster(`drop database ${old} with (force)`);
    const report = await restore(from);
    expect(report.applied).toEqual(files.slice(known.length).map((file) => file.name));
    expect(report.audit).toEqual([{ tenantId, tenant: 'old one', rows: 0, brokenAt: null }]);
    await onCluster(`drop database ${restored} with (force)`);
  }, 180_000);

  it('comes back whole, is not put over a store without force, and goes on where it was', async () => {
    const report = await restore(file);
    expect(report).toMatchObject({ applied: [], replaced: false });
    expect(report.audit.every((tenant) => tenant.brokenAt === null)).toBe(true);
    await expect(restore(file)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    expect(await restore(file, { force: true })).toMatchObject({ replaced: true });
    expect(await databases()).toEqual([{ datname: restored }]);
    const store = await openStore({
      url: moved(t.urls.url),
      systemUrl: moved(t.urls.systemUrl),
      maintenanceUrl: moved(t.urls.maintenanceUrl),
    });
    try {
      expect((await store.maintenance.indexes()).map((index) => index.name)).toContain('earned_term');
      await store.withTenant(t.tenantId, async (tx) => {
        expect(await tx.provenance.verify(owned.requestId)).toMatchObject({ broken: null });
        expect((await tx.audit.latest(1))[0]).toMatchObject({ subject: 'zażółć\t"\\', why: 'line\nbreak' });
        await tx.analysis.addMetrics([
          { cycleId: owned.cycleId, name: 'after', label: 'l', value: 1, low: null, high: null },
        ]);
        await tx.audit.append({ what: 'goes on', subject: 's', who: 'me', why: 'y' });
        expect((await tx.audit.verify()).brokenAt).toBeNull();
      });
    } finally {
      await store.close();
    }
  });
});

const flipped = (bytes: Buffer, at: number): Buffer => {
  bytes[at] ^= 1;
  return bytes;
};

/** Inside the first packed rows; a flipped length between frames would read as a file that is too short. */
const dataOf = (bytes: Buffer): number => {
  const gzip = bytes.indexOf(Buffer.from([0x1f, 0x8b, 0x08]));
  if (gzip < 0) throw new Error('no packed rows');
  return gzip + 12;
};

const replaced = (bytes: Buffer, from: string, to: string): Buffer => {
  const at = bytes.indexOf(from);
  if (at < 0) throw new Error(`no ${from}`);
  bytes.write(to, at);
  return bytes;
};

/** The trailer's SHA-256 made anew, as somebody would who changes a file on purpose. */
function resealed(bytes: Buffer): Buffer {
  let at = 8;
  while (bytes[at] !== 5) at += 5 + bytes.readUInt32LE(at + 1);
  const old = /"sha256":"([0-9a-f]{64})"/.exec(bytes.subarray(at + 5).toString())![1];
  return replaced(bytes, old, createHash('sha256').update(bytes.subarray(0, at)).digest('hex'));
}
