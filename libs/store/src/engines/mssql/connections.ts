import 'reflect-metadata';
import mssql from 'mssql';
import { DataSource } from 'typeorm';
import { HartoError } from '@hartonomous/contracts';
import type { StoreOptions } from '../../port/options.js';
import type { FeatureLogins, Refusals } from './features.js';
import { createEntities, type Entities } from '../../entities/entities.js';

const connectTimeoutMs = 10_000;
const requestTimeoutMs = 120_000;
const idleTimeoutMs = 30_000;
const smallPool = 4;

/** One login: TypeORM's data source and the mssql pool below it. */
export interface Login {
  source: DataSource;
  pool: mssql.ConnectionPool;
}

interface Address {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  encrypt: boolean;
  trustServerCertificate: boolean;
}

/** `mssql://user:password@host:1433/database?encrypt=true&trustServerCertificate=false`: the driver parses no URL. */
export function parseUrl(url: string): Address {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new HartoError(
      'CONFIG_INVALID',
      'the store URL is not a URL (mssql://user:password@host:port/database)',
    );
  }
  return {
    host: parsed.hostname || 'localhost',
    port: Number(parsed.port || 1433),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: parsed.pathname.slice(1) || 'master',
    encrypt: parsed.searchParams.get('encrypt') !== 'false',
    trustServerCertificate: parsed.searchParams.get('trustServerCertificate') === 'true',
  };
}

/** The store's logins, each connected when first used. */
export class MssqlConnections {
  readonly entities: Entities;
  readonly where: string;
  readonly logins: FeatureLogins | null;
  readonly refusals: Refusals = new Map();
  private readonly open = new Map<string, Promise<Login>>();

  /** `driver`: the mssql package, or one that tells what goes through it. */
  constructor(
    private readonly options: StoreOptions,
    private readonly driver: typeof mssql = mssql,
  ) {
    const { host, port, database } = parseUrl(options.url);
    this.where = `${host}:${port}/${database}`;
    const system = parseUrl(options.systemUrl ?? options.url).user;
    const owner = parseUrl(options.maintenanceUrl ?? options.url).user;
    const app = parseUrl(options.url).user;
    this.logins = app !== system && app !== owner ? { app, system, owner } : null;
    this.entities = createEntities({
      instant: 'datetimeoffset',
      longText: 'nvarchar',
      longTextLength: 'MAX',
      textLength: '4000',
      lowerCaseIds: true,
    });
  }

  app(): Promise<Login> {
    return this.login('app', this.options.url, this.options.poolSize ?? 10);
  }

  system(): Promise<Login> {
    return this.login('system', this.options.systemUrl ?? this.options.url, smallPool);
  }

  /** One connection: session locks and settings hold from statement to statement. */
  owner(): Promise<Login> {
    return this.login('owner', this.options.maintenanceUrl ?? this.options.url, 1);
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.open.values());
    this.open.clear();
    for (const login of open) if (login.status === 'fulfilled') await login.value.source.destroy();
  }

  private login(name: string, url: string, size: number): Promise<Login> {
    let login = this.open.get(name);
    if (!login) {
      login = this.connect(name, url, size);
      this.open.set(name, login);
      // A failed attempt is not kept: the server may be there the next time.
      login.catch(() => this.open.delete(name));
    }
    return login;
  }

  private async connect(name: string, url: string, size: number): Promise<Login> {
    const a = parseUrl(url);
    const source = new DataSource({
      type: 'mssql',
      driver: this.driver,
      host: a.host,
      port: a.port,
      username: a.user,
      password: a.password,
      database: a.database,
      entities: Object.values(this.entities),
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // The default is a statement of its own before each transaction: one round trip more, and no safer.
      extra: { validateConnection: 'socket' },
      pool: { max: size, min: 0, idleTimeoutMillis: idleTimeoutMs },
      options: {
        encrypt: a.encrypt,
        trustServerCertificate: a.trustServerCertificate,
        useUTC: true,
        appName: `${this.options.applicationName ?? 'hartonomous'} ${name}`,
      },
      logging: false,
    });
    try {
      await source.initialize();
    } catch (error) {
      const fault = error as Error & { code?: string };
      throw new HartoError(
        'STORE_UNREACHABLE',
        `the store at ${a.host}:${a.port}/${a.database} cannot be used: ${fault.message}`,
        {
          details: { code: fault.code ?? null },
          cause: error,
        },
      );
    }
    return { source, pool: (source.driver as unknown as { master: mssql.ConnectionPool }).master };
  }
}
