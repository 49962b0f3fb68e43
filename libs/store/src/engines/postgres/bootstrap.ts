import pg from 'pg';
import type { StoreUrls } from '../../port/options.js';
import { addressOf } from './address.js';
import { toStoreFault } from './faults.js';

export const postgresRoles = {
  app: 'hartonomous_app',
  system: 'hartonomous_system',
  owner: 'hartonomous_owner',
  /** The queue's own login: its schema beside the store's tables, which it cannot touch. */
  queue: 'hartonomous_queue',
} as const;

type Login = keyof typeof postgresRoles;

export type Passwords = Record<Login, string>;

export interface PostgresUrls extends Required<StoreUrls> {
  queueUrl: string;
}

/** Serialises bootstraps of one cluster: roles belong to the cluster, not to a database. */
const lockKey = 0x48617262;
/** Where it is taken, whatever database the URL names: an advisory lock holds within one database only. */
const lockDatabase = 'postgres';

const attributes: Record<Login, string> = {
  app: 'login nosuperuser nobypassrls nocreatedb nocreaterole',
  system: 'login nosuperuser nobypassrls nocreatedb nocreaterole',
  // Owns the tables, reads their statistics (pg_stats hides them from whom policies bind) and backfills in migrations.
  owner: 'login nosuperuser bypassrls nocreatedb nocreaterole',
  queue: 'login nosuperuser nobypassrls nocreatedb nocreaterole',
};

/**
 * Makes the store's logins and database on a cluster; idempotent, and sets the passwords it is given.
 * @throws HartoError STORE_UNREACHABLE
 */
export async function bootstrapPostgres(
  superuserUrl: string,
  database: string,
  passwords: Passwords,
): Promise<PostgresUrls> {
  const where = addressOf(superuserUrl);
  const meeting = new URL(superuserUrl);
  meeting.pathname = `/${lockDatabase}`;
  const cluster = new pg.Client({ connectionString: meeting.toString(), connectionTimeoutMillis: 10_000 });
  cluster.on('error', () => undefined);
  try {
    await cluster.connect();
    await cluster.query('select pg_advisory_lock($1)', [lockKey]);
    await ensureRoles(cluster, passwords);
    await ensureDatabase(cluster, database);
    await prepareDatabase(superuserUrl, database);
  } catch (error) {
    throw toStoreFault(error, where);
  } finally {
    await cluster.end().catch(() => undefined);
  }
  return storeUrls(superuserUrl, database, passwords);
}

/** The URLs that a bootstrap with these passwords answers. */
export function storeUrls(superuserUrl: string, database: string, passwords: Passwords): PostgresUrls {
  const as = (login: Login): string => {
    const url = new URL(superuserUrl);
    url.username = postgresRoles[login];
    url.password = encodeURIComponent(passwords[login]);
    url.pathname = `/${database}`;
    return url.toString();
  };
  const superuser = new URL(superuserUrl);
  superuser.pathname = `/${database}`;
  return {
    url: as('app'),
    systemUrl: as('system'),
    maintenanceUrl: as('owner'),
    queueUrl: as('queue'),
    superuserUrl: superuser.toString(),
  };
}

async function ensureRoles(client: pg.Client, passwords: Passwords): Promise<void> {
  for (const [login, role] of Object.entries(postgresRoles) as [Login, string][]) {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
    if (rowCount === 0) await client.query(`create role ${role}`);
    await client.query(
      `alter role ${role} ${attributes[login]} password ${client.escapeLiteral(passwords[login])}`,
    );
  }
  await client.query(`grant pg_read_all_stats to ${postgresRoles.owner}`);
}

async function ensureDatabase(client: pg.Client, database: string): Promise<void> {
  const name = client.escapeIdentifier(database);
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database]);
  if (rowCount === 0) await client.query(`create database ${name} owner ${postgresRoles.owner}`);
  const { app, system, queue } = postgresRoles;
  await client.query(
    `revoke all on database ${name} from public;
     grant connect, temporary on database ${name} to ${app}, ${system};
     grant connect, temporary, create on database ${name} to ${queue}`,
  );
}

async function prepareDatabase(superuserUrl: string, database: string): Promise<void> {
  const url = new URL(superuserUrl);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.toString(), connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { app, system, owner } = postgresRoles;
    await client.query(
      `alter schema public owner to ${owner};
       revoke create on schema public from public;
       grant usage on schema public to ${app}, ${system}`,
    );
    // The counters of statements: only a superuser may install them, and only a preloaded library fills them.
    await client.query(
      `do $$ begin
         if exists (select 1 from pg_available_extensions where name = 'pg_stat_statements') then
           create extension if not exists pg_stat_statements;
         end if;
       end $$`,
    );
  } finally {
    await client.end();
  }
}
