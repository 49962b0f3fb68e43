import mssql from 'mssql';
import type { DataSource, EntityManager } from 'typeorm';
import type { Entities } from '../../entities/entities.js';
import type { Feature } from '../../port/feature.js';
import type { Maintenance } from '../../port/maintenance.js';
import type { StoreOptions } from '../../port/options.js';
import type { Store, TransactionOptions } from '../../port/store.js';
import { EngineStore, type Engine } from '../../sql/engine-store.js';
import type { EngineStatements, Executor } from '../../sql/executor.js';
import { MssqlConnections, type Login } from './connections.js';
import { mssqlDialect } from './dialect.js';
import { MssqlExecutor } from './executor.js';
import { toStoreFault } from './faults.js';
import { mssqlFeatures, serverTraits, type ServerTraits } from './features.js';
import { mssqlMaintenance } from './maintenance.js';
import { mssqlStatements, spatialStatements } from './statements.js';

export async function openMssqlStore(options: StoreOptions, driver?: typeof mssql): Promise<Store> {
  const connections = new MssqlConnections(options, driver);
  const app = await connections.app();
  try {
    const runner = app.source.createQueryRunner();
    const traits = await serverTraits(runner);
    await runner.release();
    return new EngineStore(new MssqlEngine(connections, app, traits));
  } catch (error) {
    await connections.close();
    throw toStoreFault(error, connections.where);
  }
}

class MssqlEngine implements Engine {
  readonly dialect = mssqlDialect;
  readonly statements: EngineStatements;
  readonly entities: Entities;
  readonly maintenance: Maintenance;

  constructor(
    private readonly connections: MssqlConnections,
    private readonly app: Login,
    private readonly traits: ServerTraits,
  ) {
    this.statements = traits.spatialIndex ? spatialStatements : mssqlStatements;
    this.entities = connections.entities;
    this.maintenance = mssqlMaintenance(connections);
  }

  inTenant<T>(
    tenantId: string,
    isolation: NonNullable<TransactionOptions['isolation']>,
    work: (db: Executor) => Promise<T>,
  ): Promise<T> {
    const { READ_COMMITTED, SNAPSHOT, SERIALIZABLE } = mssql.ISOLATION_LEVEL;
    const consistent = this.traits.snapshotIsolation ? SNAPSHOT : SERIALIZABLE;
    return this.transaction(this.app, isolation === 'snapshot' ? consistent : READ_COMMITTED, tenantId, work);
  }

  async inSystem<T>(work: (db: Executor) => Promise<T>): Promise<T> {
    return this.transaction(
      await this.connections.system(),
      mssql.ISOLATION_LEVEL.READ_COMMITTED,
      null,
      work,
    );
  }

  version(): Promise<string> {
    return Promise.resolve(this.traits.version);
  }

  async features(): Promise<Feature[]> {
    const runner = (await this.connections.owner()).source.createQueryRunner();
    try {
      return await mssqlFeatures(runner, this.connections.refusals);
    } finally {
      await runner.release();
    }
  }

  close(): Promise<void> {
    return this.connections.close();
  }

  private async transaction<T>(
    login: Login,
    level: mssql.IIsolationLevel,
    tenantId: string | null,
    work: (db: Executor) => Promise<T>,
  ): Promise<T> {
    const transaction = new mssql.Transaction(login.pool);
    // A broken connection rolls its transaction back by itself and says so by this event.
    transaction.on('rollback', () => undefined);
    const db = new MssqlExecutor(transaction, managerOn(login.source, transaction), this.connections.where);
    let begun = false;
    try {
      await transaction.begin(level);
      begun = true;
      await setTenant(transaction, tenantId, []);
      const result = await work(db);
      // Pooled connections are never reset: nothing of this tenant may stay on it.
      await setTenant(transaction, null, db.staged);
      await transaction.commit();
      return result;
    } catch (error) {
      if (begun) await this.abandon(transaction, db);
      throw toStoreFault(error, this.connections.where);
    }
  }

  /** Rolls back; the context is not part of the transaction and is cleared first where the server still answers. */
  private async abandon(transaction: mssql.Transaction, db: MssqlExecutor): Promise<void> {
    await setTenant(transaction, null, db.staged).catch(() => undefined);
    await transaction.rollback().catch(() => undefined);
  }
}

async function setTenant(
  transaction: mssql.Transaction,
  tenantId: string | null,
  staged: string[],
): Promise<void> {
  const request = new mssql.Request(transaction);
  request.input('tenant', mssql.NVarChar(36), tenantId);
  const drops = staged.map((name) => `drop table if exists ${mssqlDialect.staged(name)};`).join(' ');
  await request.query(`${drops} exec sp_set_session_context @key = N'tenant', @value = @tenant;`);
}

/** TypeORM inside the transaction; made only when an entity is asked for. */
function managerOn(source: DataSource, transaction: mssql.Transaction): () => EntityManager {
  let manager: EntityManager | undefined;
  return () => {
    if (!manager) {
      const runner = source.createQueryRunner();
      Object.assign(runner, { isTransactionActive: true, databaseConnection: transaction });
      manager = runner.manager;
    }
    return manager;
  };
}
