import type { Dialect } from '../sql/dialect.js';
import type { EngineStatements, Executor } from '../sql/executor.js';
import type { DeferredWrites } from '../sql/deferred-writes.js';
import type { Entities } from '../entities/entities.js';

/** What a tenant's repository works with. */
export interface TenantContext {
  readonly tenantId: string;
  readonly db: Executor;
  readonly sql: Dialect;
  readonly statements: EngineStatements;
  readonly deferred: DeferredWrites;
  readonly entities: Entities;
}

export interface SystemContext {
  readonly db: Executor;
  readonly sql: Dialect;
  readonly statements: EngineStatements;
  readonly entities: Entities;
}

/** Bound of every list argument that is sent as one parameter. */
export const idsMax = 50_000;
