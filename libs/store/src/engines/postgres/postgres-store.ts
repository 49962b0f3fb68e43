import type { PoolClient } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { codeOf, HartoError } from '@hartonomous/contracts';
import type { Feature } from '../../port/feature.js';
import type { Maintenance } from '../../port/maintenance.js';
import type { StoreOptions } from '../../port/options.js';
import type { OutboxRow } from '../../port/plumbing.js';
import type { Store, SystemTransaction, TenantTransaction, TransactionOptions } from '../../port/store.js';
import type { EngineStatements } from '../../sql/executor.js';
import { DeferredWrites } from '../../sql/deferred-writes.js';
import { AccessJournal } from '../../sql/access-journal.js';
import { retryConflicts } from '../../sql/retry.js';
import { systemTransaction, tenantTransaction } from '../../repositories/tenant-transaction.js';
import { PostgresConnections, type Login } from './connections.js';
import { postgresDialect } from './dialect.js';
import { PostgresExecutor } from './executor.js';
import { isConnectionFault, toStoreFault } from './faults.js';
import { postgresFeatures, hasExtension } from './features.js';
import { lazyMaintenance } from './lazy-maintenance.js';
import { postgresStatements } from './statements.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export async function openPostgresStore(options: StoreOptions): Promise<Store> {
  const connections = new PostgresConnections(options);
  const app = await connections.app();
  try {
    const statements = postgresStatements(await hasExtension(app.pool, 'cube'));
    return new PostgresStore(connections, app, statements);
  } catch (error) {
    await connections.close();
    throw toStoreFault(error, connections.where);
  }
}

class PostgresStore implements Store {
  readonly engine = 'postgres';
  readonly maintenance: Maintenance;
  private readonly listeners: ((rows: OutboxRow[]) => void)[] = [];
  private readonly accesses: AccessJournal;

  constructor(
    private readonly connections: PostgresConnections,
    private readonly app: Login,
    private readonly statements: EngineStatements,
  ) {
    this.maintenance = lazyMaintenance(
      connections,
      (client, source, tenantId) => this.openTenant(client, source, tenantId).transaction,
    );
    this.accesses = new AccessJournal(postgresDialect, async (text, params) => {
      await (await connections.system()).pool.query(text, params);
    });
  }

  async withTenant<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (!uuid.test(tenantId)) throw new HartoError('INPUT_INVALID', 'a tenant id is a UUID');
    const isolation = options.isolation === 'snapshot' ? 'repeatable read' : 'read committed';
    const id = tenantId.toLowerCase();
    const { result, written } = await retryConflicts(() =>
      this.transaction(
        this.app,
        `begin isolation level ${isolation}; set local app.tenant = '${id}'`,
        async (client) => {
          const { transaction, deferred } = this.openTenant(client, this.app.source, id);
          const outcome = await work(transaction);
          await deferred.flush();
          return { result: outcome, written: deferred.written };
        },
      ),
    );
    if (written.length > 0) for (const listener of this.listeners) listener(written);
    return result;
  }

  async withSystem<T>(reason: string, work: (tx: SystemTransaction) => Promise<T>): Promise<T> {
    if (reason.length === 0) throw new HartoError('INPUT_INVALID', 'a look across tenants names its reason');
    const login = await this.connections.system();
    this.accesses.note(reason);
    return retryConflicts(() =>
      this.transaction(login, 'begin', async (client) => {
        const db = new PostgresExecutor(client, managerOn(login.source, client), this.connections.where);
        return work(
          systemTransaction({
            db,
            sql: postgresDialect,
            statements: this.statements,
            entities: this.connections.entities,
          }),
        );
      }),
    );
  }

  features(): Promise<Feature[]> {
    return postgresFeatures(this.connections);
  }

  onCommitted(listener: (rows: OutboxRow[]) => void): void {
    this.listeners.push(listener);
  }

  async close(): Promise<void> {
    await this.accesses.close();
    await this.connections.close();
  }

  private openTenant(client: PoolClient, source: DataSource, tenantId: string) {
    const db = new PostgresExecutor(client, managerOn(source, client), this.connections.where);
    const deferred = new DeferredWrites(db, this.statements, tenantId);
    const transaction = tenantTransaction({
      tenantId,
      db,
      sql: postgresDialect,
      statements: this.statements,
      deferred,
      entities: this.connections.entities,
    });
    return { transaction, deferred };
  }

  private async transaction<T>(
    login: Login,
    begin: string,
    work: (client: PoolClient) => Promise<T>,
  ): Promise<T> {
    let client: PoolClient;
    try {
      client = await login.pool.connect();
    } catch (error) {
      throw toStoreFault(error, this.connections.where);
    }
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const result = await work(client);
      const { command } = await client.query('commit');
      // COMMIT of a transaction that a swallowed error had aborted is answered with ROLLBACK.
      if (command !== 'COMMIT') {
        throw new HartoError('INTERNAL', 'a statement of this transaction had failed: nothing was committed');
      }
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
