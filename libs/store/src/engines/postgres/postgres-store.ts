import type { PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { codeOf } from '@hartonomous/contracts';
import type { Feature } from '../../port/feature.js';
import type { Maintenance } from '../../port/maintenance.js';
import type { StoreOptions } from '../../port/options.js';
import type { Store, TransactionOptions } from '../../port/store.js';
import type { Entities } from '../../entities/entities.js';
import { bindTenant, EngineStore, type Engine } from '../../sql/engine-store.js';
import type { EngineStatements, Executor } from '../../sql/executor.js';
import { PostgresConnections, type Login } from './connections.js';
import { postgresDialect } from './dialect.js';
import { PostgresExecutor } from './executor.js';
import { isConnectionFault, toStoreFault } from './faults.js';
import { hasExtension, postgresFeatures } from './features.js';
import { lazyMaintenance } from './lazy-maintenance.js';
import { postgresStatements } from './statements.js';

export async function openPostgresStore(options: StoreOptions): Promise<Store> {
  const connections = new PostgresConnections(options);
  const app = await connections.app();
  try {
    const statements = postgresStatements(await hasExtension(app.pool, 'cube'));
    return new EngineStore(new PostgresEngine(connections, app, statements));
  } catch (error) {
    await connections.close();
    throw toStoreFault(error, connections.where);
  }
}

class PostgresEngine implements Engine {
  readonly dialect = postgresDialect;
  readonly entities: Entities;
  readonly maintenance: Maintenance;

  constructor(
    private readonly connections: PostgresConnections,
    private readonly app: Login,
    readonly statements: EngineStatements,
  ) {
    this.entities = connections.entities;
    this.maintenance = lazyMaintenance(
      connections,
      (client, source, tenantId) => bindTenant(this, this.executor(client, source), tenantId).transaction,
    );
  }

  inTenant<T>(
    tenantId: string,
    isolation: NonNullable<TransactionOptions['isolation']>,
    work: (db: Executor) => Promise<T>,
  ): Promise<T> {
    const level = isolation === 'snapshot' ? 'repeatable read' : 'read committed';
    // One round trip; the id has been checked to be a UUID.
    return this.transaction(
      this.app,
      `begin isolation level ${level}; set local app.tenant = '${tenantId}'`,
      work,
    );
  }

  async inSystem<T>(work: (db: Executor) => Promise<T>): Promise<T> {
    return this.transaction(await this.connections.system(), 'begin', work);
  }

  async version(): Promise<string> {
    const { pool } = await this.connections.app();
    const { rows } = await pool.query<{ version: string }>(
      `select current_setting('server_version') as version`,
    );
    return rows[0].version;
  }

  features(): Promise<Feature[]> {
    return postgresFeatures(this.connections);
  }

  close(): Promise<void> {
    return this.connections.close();
  }

  private executor(client: PoolClient, source: DataSource): PostgresExecutor {
    return new PostgresExecutor(client, managerOn(source, client), this.connections.where);
  }

  private async transaction<T>(login: Login, begin: string, work: (db: Executor) => Promise<T>): Promise<T> {
    let client: PoolClient;
    try {
      client = await login.pool.connect();
    } catch (error) {
      throw toStoreFault(error, this.connections.where);
    }
    let broken: Error | undefined;
    try {
      const db = this.executor(client, login.source);
      await db.begin(begin);
      const result = await work(db);
      await db.commit();
      return result;
    } catch (error) {
      const fault = toStoreFault(error, this.connections.where);
      if (isConnectionFault(error) || codeOf(fault) === 'STORE_UNREACHABLE') broken = error as Error;
      else await client.query('rollback').catch((e: Error) => (broken = e));
      throw fault;
    } finally {
      client.release(broken);
    }
  }
}

/** TypeORM on a connection that is already inside its transaction; made only when an entity is asked for. */
function managerOn(source: DataSource, client: PoolClient): () => EntityManager {
  let manager: EntityManager | undefined;
  return () => {
    if (!manager) {
      const runner = source.createQueryRunner();
      Object.assign(runner, { databaseConnection: client });
      manager = runner.manager;
    }
    return manager;
  };
}
