import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** Superuser of the run's cluster, connected to this database. */
  url: string;
  name: string;
  /** Ends its connections and drops it. */
  drop(): Promise<void>;
}

export interface TestTemplate {
  /** Same name, same content: the first spec file that asks prepares it, the others copy. */
  name: string;
  /** Migrates and fills a new database; must close its connections. */
  prepare(url: string): Promise<void>;
}

/** The superuser's URL of the run's cluster. */
export function testClusterUrl(): string {
  const url = process.env.HARTO_TEST_PG;
  if (!url) throw new Error('HARTO_TEST_PG is not set: run jest with the repository’s jest.config.mjs');
  return url;
}

const urlOf = (name: string): string => {
  const url = new URL(testClusterUrl());
  url.pathname = `/${name}`;
  return url.href;
};

async function asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testClusterUrl() });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Prepared under a session lock, so that two workers that need the same template make it once. */
async function ensureTemplate(template: TestTemplate): Promise<string> {
  const name = `template_${template.name}`;
  await asSuperuser(async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [name]);
    const known = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (known.rowCount) return;
    const draft = `${name}_${randomBytes(4).toString('hex')}`;
    await client.query(`create database "${draft}"`);
    await template.prepare(urlOf(draft));
    await client.query(`alter database "${draft}" rename to "${name}"`);
  });
  return name;
}

/** A database of its own for one spec file. */
export async function createTestDatabase(options: { template?: TestTemplate } = {}): Promise<TestDatabase> {
  const from = options.template ? await ensureTemplate(options.template) : 'template0';
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asSuperuser(async (client) => {
    // A copy refuses while another session is in its template: copies of one template take turns.
    await client.query('select pg_advisory_lock(hashtext($1))', [from]);
    await client.query(`create database "${name}" template "${from}" strategy file_copy`);
  });
  return {
    url: urlOf(name),
    name,
    drop: () =>
      asSuperuser(async (client) => {
        await client.query(`drop database if exists "${name}" with (force)`);
      }),
  };
}
