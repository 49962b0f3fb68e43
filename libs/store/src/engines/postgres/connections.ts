import 'reflect-metadata';
import { DataSource } from 'typeorm';
import type { Pool, PoolClient } from 'pg';
import { HartoError } from '@hartonomous/contracts';
import type { StoreOptions } from '../../port/options.js';
import { createEntities, type Entities } from '../../entities/entities.js';
import { addressOf } from './address.js';
import { coalescingSocket } from './coalescing-socket.js';

const connectTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;
const smallPool = 4;

/** One login: TypeORM's data source and the pg pool below it. */
export interface Login {
  source: DataSource;
  pool: Pool;
}

/** The store's logins, each connected when first used. */
export class PostgresConnections {
  readonly entities: Entities;
  readonly where: string;
  /** Role of the application's login. */
  readonly appRole: string;
  private readonly logins = new Map<string, Promise<Login>>();

  constructor(private readonly options: StoreOptions) {
    this.where = addressOf(options.url);
    this.appRole = decodeURIComponent(new URL(options.url).username) || 'postgres';
    this.entities = createEntities({ instant: 'timestamptz', longText: 'text', lowerCaseIds: false });
  }

  app(): Promise<Login> {
    return this.login('app', this.options.url, this.options.poolSize ?? 10, true);
  }

  system(): Promise<Login> {
    return this.login('system', this.options.systemUrl ?? this.options.url, smallPool, true);
  }

  owner(): Promise<Login> {
    return this.login('owner', this.options.maintenanceUrl ?? this.options.url, smallPool);
  }

  superuser(): Promise<Login> | null {
    const url = this.options.superuserUrl;
    return url === undefined ? null : this.login('superuser', url, smallPool);
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.logins.values());
    this.logins.clear();
    for (const login of open) if (login.status === 'fulfilled') await login.value.source.destroy();
  }

  private login(name: string, url: string, size: number, pipeline = false): Promise<Login> {
    let login = this.logins.get(name);
    if (!login) {
      login = this.connect(name, url, size, pipeline);
      this.logins.set(name, login);
      // A failed attempt is not kept: the server may be there the next time.
      login.catch(() => this.logins.delete(name));
    }
    return login;
  }

  /** `pipeline`: statements of a transaction need not wait for each other's answers. */
  private async connect(name: string, url: string, poolSize: number, pipeline: boolean): Promise<Login> {
    const source = new DataSource({
      type: 'postgres',
      url,
      entities: Object.values(this.entities),
      poolSize,
      installExtensions: false,
      connectTimeoutMS: connectTimeoutMs,
      applicationName: `${this.options.applicationName ?? 'hartonomous'} ${name}`,
      extra: { idleTimeoutMillis: idleTimeoutMs, keepAlive: true, pipeline, stream: coalescingSocket },
      poolErrorHandler: () => undefined,
      logging: false,
    });
    try {
      await source.initialize();
    } catch (error) {
      const fault = error as Error & { code?: string };
      const why = fault.message || fault.code || 'no answer';
      throw new HartoError('STORE_UNREACHABLE', `the store at ${addressOf(url)} cannot be used: ${why}`, {
        details: { code: fault.code ?? null },
        cause: error,
      });
    }
    const pool = (source.driver as unknown as { master: Pool }).master;
    // A connection that breaks while it is checked out says so to its next statement; the event needs a listener.
    // On acquire, since TypeORM has opened the pool's first connection before we see the pool.
    const heard = new WeakSet<PoolClient>();
    pool.on('acquire', (client: PoolClient) => {
      if (heard.has(client)) return;
      heard.add(client);
      client.on('error', () => undefined);
    });
    return { source, pool };
  }
}
