import type { Pool, PoolClient } from 'pg';
import type { Maintenance } from '../../../port/maintenance.js';
import type { TenantTransaction } from '../../../port/store.js';
import {
  createIndex,
  dropIndex,
  listIndexes,
  refreshStatistics,
  schemaFingerprint,
} from './index-operations.js';
import { findMissingIndexes } from './missing-indexes.js';
import { replayHidden } from './replay.js';
import { noPlans } from './no-plans.js';
import { postgresStatistics } from './table-statistics.js';

export interface PostgresMaintenanceDeps {
  /** Login that owns the tables. */
  owner: Pool;
  /** Superuser, which the embedded cluster has; null elsewhere: what needs it is unavailable by name. */
  superuser: Pool | null;
  /** Role that the application's statements run under. */
  appRole: string;
  /** Sets the tenant on a client that is inside a transaction, and binds the repositories to it. */
  openTenantTransaction: (client: PoolClient, tenantId: string) => Promise<TenantTransaction>;
  migrate: Maintenance['migrate'];
}

export function createPostgresMaintenance(deps: PostgresMaintenanceDeps): Maintenance {
  const { owner, superuser } = deps;
  return {
    migrate: deps.migrate,
    statistics: postgresStatistics(superuser),
    plans: noPlans,
    missingIndexes: async (options) =>
      superuser
        ? findMissingIndexes(superuser, options)
        : { unavailable: 'index advisor: needs a superuser login' },
    indexes: () => listIndexes(owner),
    createIndex: (definition, { lockTimeoutMs }) => createIndex(owner, definition, lockTimeoutMs),
    dropIndex: (name, { lockTimeoutMs }) => dropIndex(owner, name, lockTimeoutMs),
    schemaFingerprint: () => schemaFingerprint(owner),
    refreshStatistics: (tables) => refreshStatistics(owner, tables),
    replay: async (tenantId, options, work) =>
      superuser
        ? replayHidden(superuser, deps.appRole, deps.openTenantTransaction, tenantId, options, work)
        : { unavailable: 'replay with a hidden index: needs a superuser login' },
    resetStatementStatistics: async () => {
      if (!superuser) return { unavailable: 'statement statistics: need a superuser login' };
      await superuser.query('select pg_stat_statements_reset()');
    },
  };
}
