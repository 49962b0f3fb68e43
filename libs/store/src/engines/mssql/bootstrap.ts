import mssql from 'mssql';
import type { StoreUrls } from '../../port/options.js';
import { parseUrl } from './connections.js';
import { toStoreFault } from './faults.js';

/** Logins of the server and users of the store's database. The queue has none here: it is not kept in this engine. */
export const mssqlLogins = {
  app: 'hartonomous_app',
  system: 'hartonomous_plumbing',
  owner: 'hartonomous_maintenance',
} as const;

type Login = keyof typeof mssqlLogins;

export type MssqlPasswords = Record<Login, string>;

export type MssqlUrls = StoreUrls & Required<Pick<StoreUrls, 'systemUrl' | 'maintenanceUrl'>>;

const connectTimeoutMs = 10_000;
const requestTimeoutMs = 120_000;
const lockTimeoutMs = 120_000;

const name = (text: string): string => `[${text.replaceAll(']', ']]')}]`;
const literal = (text: string): string => `N'${text.replaceAll("'", "''")}'`;

/**
 * Makes the store's logins and database on a server; idempotent, and sets the passwords it is given. What each login
 * may do comes with the migrations (sql/mssql/features/logins.sql and rls.sql).
 * @throws HartoError STORE_UNREACHABLE, AUTH_FORBIDDEN
 */
export async function bootstrapMssql(
  administratorUrl: string,
  database: string,
  passwords: MssqlPasswords,
): Promise<MssqlUrls> {
  await onServer(administratorUrl, 'master', async (run) => {
    await underLock(run, async () => {
      for (const login of Object.keys(mssqlLogins) as Login[])
        await ensureLogin(run, login, passwords[login]);
      await run(`if db_id(${literal(database)}) is null create database ${name(database)}`);
    });
    // The missing-index and usage views belong to the server; without the right the features say that they are off.
    await run(`grant view server state to ${name(mssqlLogins.owner)}`).catch(() => undefined);
  });
  await onServer(administratorUrl, database, (run) => underLock(run, () => ensureUsers(run)));
  return mssqlUrls(administratorUrl, database, passwords);
}

/** The URLs that a bootstrap with these passwords answers. */
export function mssqlUrls(administratorUrl: string, database: string, passwords: MssqlPasswords): MssqlUrls {
  const as = (login: Login): string => {
    const url = new URL(administratorUrl);
    url.username = mssqlLogins[login];
    url.password = encodeURIComponent(passwords[login]);
    url.pathname = `/${database}`;
    return url.toString();
  };
  return { url: as('app'), systemUrl: as('system'), maintenanceUrl: as('owner') };
}

type Run = (batch: string) => Promise<void>;

async function ensureLogin(run: Run, login: Login, password: string): Promise<void> {
  const given = `${name(mssqlLogins[login])} with password = ${literal(password)}`;
  await run(
    `if suser_id(${literal(mssqlLogins[login])}) is null create login ${given} else alter login ${given}`,
  );
}

async function ensureUsers(run: Run): Promise<void> {
  for (const user of Object.values(mssqlLogins)) {
    await run(
      `if database_principal_id(${literal(user)}) is null create user ${name(user)} for login ${name(user)}`,
    );
  }
  await run(`alter role db_owner add member ${name(mssqlLogins.owner)}`);
}

/** Logins belong to the server, not to a database: bootstraps of one server go one after the other. */
async function underLock(run: Run, work: () => Promise<void>): Promise<void> {
  await run(
    `declare @got int;
     exec @got = sp_getapplock @Resource = N'hartonomous.bootstrap', @LockMode = N'Exclusive', @LockOwner = N'Session',
       @LockTimeout = ${lockTimeoutMs};
     if @got < 0 throw 51000, N'another process holds the bootstrap lock', 1;`,
  );
  try {
    await work();
  } finally {
    await run(`exec sp_releaseapplock @Resource = N'hartonomous.bootstrap', @LockOwner = N'Session'`);
  }
}

async function onServer(url: string, database: string, work: (run: Run) => Promise<void>): Promise<void> {
  const { host, port, user, password, encrypt, trustServerCertificate } = parseUrl(url);
  const pool = new mssql.ConnectionPool({
    server: host,
    port,
    user,
    password,
    database,
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // One connection: the lock is the session's.
    pool: { min: 1, max: 1 },
    options: { encrypt, trustServerCertificate },
  });
  try {
    await pool.connect();
    await work(async (batch) => {
      await new mssql.Request(pool).batch(batch);
    });
  } catch (error) {
    throw toStoreFault(error, `${host}:${port}/${database}`);
  } finally {
    await pool.close().catch(() => undefined);
  }
}
