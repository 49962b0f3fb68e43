import { HartoError } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import type { Entities } from '../entities/entities.js';
import type { EngineName, Feature } from '../port/feature.js';
import type { Maintenance } from '../port/maintenance.js';
import type { OutboxRow } from '../port/plumbing.js';
import type { Store, SystemTransaction, TenantTransaction, TransactionOptions } from '../port/store.js';
import { systemTransaction, tenantTransaction } from '../repositories/tenant-transaction.js';
import { AccessJournal } from './access-journal.js';
import { DeferredWrites } from './deferred-writes.js';
import type { Dialect } from './dialect.js';
import type { EngineStatements, Executor } from './executor.js';
import { retryConflicts } from './retry.js';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** What an engine brings; everything else of the store is the same on each. */
export interface Engine {
  readonly dialect: Dialect;
  readonly statements: EngineStatements;
  readonly entities: Entities;
  readonly maintenance: Maintenance;
  /** Runs `work` inside one transaction of the application's login, with the tenant set for as long as it lasts. */
  inTenant<T>(
    tenantId: string,
    isolation: NonNullable<TransactionOptions['isolation']>,
    work: (db: Executor) => Promise<T>,
  ): Promise<T>;
  /** Runs `work` inside one transaction of the system's login. */
  inSystem<T>(work: (db: Executor) => Promise<T>): Promise<T>;
  version(): Promise<string>;
  features(): Promise<Feature[]>;
  close(): Promise<void>;
}

export class EngineStore implements Store {
  readonly engine: EngineName;
  readonly maintenance: Maintenance;
  private readonly listeners: ((rows: OutboxRow[]) => void)[] = [];
  private readonly accesses: AccessJournal;

  constructor(private readonly of: Engine) {
    this.engine = of.dialect.engine;
    this.maintenance = of.maintenance;
    this.accesses = new AccessJournal(of.dialect, async (text, params) => {
      await of.inSystem((db) => db.run(text, params));
    });
  }

  async withTenant<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    if (!uuid.test(tenantId)) throw new HartoError('INPUT_INVALID', 'a tenant id is a UUID');
    const id = tenantId.toLowerCase();
    const { result, written } = await retryConflicts(() =>
      this.of.inTenant(id, options.isolation ?? 'read-committed', async (db) => {
        const { transaction, deferred } = bindTenant(this.of, db, id);
        const outcome = await work(transaction);
        await deferred.flush();
        // Everything is written, nothing is committed: where a crash must leave no trace.
        await faultPoint('store.before-commit');
        return { result: outcome, written: deferred.written };
      }),
    );
    if (written.length > 0) for (const listener of this.listeners) listener(written);
    return result;
  }

  async withSystem<T>(reason: string, work: (tx: SystemTransaction) => Promise<T>): Promise<T> {
    if (reason.length === 0) throw new HartoError('INPUT_INVALID', 'a look across tenants names its reason');
    this.accesses.note(reason);
    const { dialect: sql, statements, entities } = this.of;
    return retryConflicts(() =>
      this.of.inSystem((db) => work(systemTransaction({ db, sql, statements, entities }))),
    );
  }

  version(): Promise<string> {
    return this.of.version();
  }

  features(): Promise<Feature[]> {
    return this.of.features();
  }

  onCommitted(listener: (rows: OutboxRow[]) => void): void {
    this.listeners.push(listener);
  }

  async close(): Promise<void> {
    await this.accesses.close();
    await this.of.close();
  }
}

type Bound = { transaction: TenantTransaction; deferred: DeferredWrites };

/** Repositories of one tenant on one connection. */
export function bindTenant(
  engine: Pick<Engine, 'dialect' | 'statements' | 'entities'>,
  db: Executor,
  tenantId: string,
): Bound {
  const { dialect: sql, statements, entities } = engine;
  const deferred = new DeferredWrites(db, statements, tenantId);
  return { transaction: tenantTransaction({ tenantId, db, sql, statements, deferred, entities }), deferred };
}
