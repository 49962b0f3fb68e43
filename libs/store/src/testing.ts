import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import {
  bootstrapPostgres,
  storeUrls,
  type Passwords,
  type PostgresUrls,
} from './engines/postgres/bootstrap.js';
import { testClusterUrl } from './config/test-cluster.js';
import { openStore } from './open-store.js';
import type { Store } from './port/store.js';
import { coreMigrations, featureFiles } from './sql/migration-files.js';

export interface TestStore {
  store: Store;
  urls: PostgresUrls;
  tenantId: string;
  /** Closes the store and drops its database. */
  close(): Promise<void>;
}

/** Serialises the making of the template among test processes. */
const lockKey = 0x48617274_74;

/**
 * A fresh, migrated database on the cluster that HARTO_TEST_PG names, with one tenant. Databases are copies of a
 * template that is made once per cluster and schema.
 */
export async function openTestStore(options: { poolSize?: number } = {}): Promise<TestStore> {
  const { urls, drop } = await createTestStoreDatabase();
  const store = await openStore({ ...urls, poolSize: options.poolSize ?? 4, applicationName: 'test' });
  try {
    const tenant = await store.withSystem('test', (tx) => tx.tenants.ensure(`test-${newId()}`));
    return {
      store,
      urls,
      tenantId: tenant.id,
      close: async () => {
        await store.close();
        await drop();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** The database alone, for tests that open their own stores. */
export async function createTestStoreDatabase(): Promise<{ urls: PostgresUrls; drop(): Promise<void> }> {
  const superuserUrl = testClusterUrl();
  const template = await ensureTemplate(superuserUrl);
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  await onCluster(superuserUrl, async (client) => {
    await client.query(
      `create database ${database} template ${template} strategy file_copy owner hartonomous_owner`,
    );
    // Privileges on a database are not copied with it.
    await client.query(
      `revoke all on database ${database} from public;
       grant connect, temporary on database ${database} to hartonomous_app, hartonomous_system;
       grant connect, temporary, create on database ${database} to hartonomous_queue`,
    );
  });
  return {
    urls: storeUrls(superuserUrl, database, testPasswords(superuserUrl)),
    drop: () =>
      onCluster(superuserUrl, async (client) => {
        await client.query(`drop database if exists ${database} with (force)`);
      }),
  };
}

/** The same in every process of a run, so that none changes another's roles. */
function testPasswords(superuserUrl: string): Passwords {
  const of = (login: string) =>
    createHash('sha256')
      .update(`${new URL(superuserUrl).password}/${login}`)
      .digest('hex')
      .slice(0, 32);
  return { app: of('app'), system: of('system'), owner: of('owner'), queue: of('queue') };
}

async function onCluster<T>(superuserUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: superuserUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const templates = new Map<string, Promise<string>>();

function ensureTemplate(superuserUrl: string): Promise<string> {
  let made = templates.get(superuserUrl);
  if (!made) templates.set(superuserUrl, (made = makeTemplate(superuserUrl)));
  return made;
}

async function makeTemplate(superuserUrl: string): Promise<string> {
  const files = [...(await coreMigrations('postgres')), ...(await featureFiles('postgres'))];
  const version = createHash('sha256')
    .update(files.map((f) => f.checksum).join())
    .digest('hex')
    .slice(0, 12);
  const name = `harto_template_${version}`;
  await onCluster(superuserUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [lockKey]);
    const { rows } = await client.query('select 1 from pg_database where datname = $1 and datistemplate', [
      name,
    ]);
    if (rows.length > 0) return;
    await client.query(`drop database if exists ${name} with (force)`);
    const urls = await bootstrapPostgres(superuserUrl, name, testPasswords(superuserUrl));
    const store = await openStore(urls);
    await store.maintenance.migrate();
    await store.close();
    // Marked last: a half-made template is made anew.
    await client.query(`alter database ${name} is_template true`);
  });
  return name;
}
