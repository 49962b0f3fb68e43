import type { PlanMaintenance } from './plans.js';
import type { StatisticsMaintenance, TableStatistics } from './statistics.js';
import type { TenantTransaction } from './store.js';

export interface IndexDefinition {
  /** Generated from table and columns, at most 60 characters, prefix `earned_`. */
  name: string;
  table: string;
  columns: string[];
  include?: string[];
  /** Engine's access method where it has a choice. */
  method?: 'btree' | 'gist' | 'hash' | 'spatial';
  /** Operator class per column where one is needed (`text_pattern_ops` for prefixes on PostgreSQL). */
  operatorClasses?: (string | null)[];
}

export interface IndexUse {
  name: string;
  table: string;
  columns: string[];
  sizeBytes: number;
  scans: number;
  valid: boolean;
  unique: boolean;
}

/** A missing index as the engine's own statistics argue for it. */
export interface MissingIndex {
  definition: IndexDefinition;
  /** Share of the statements' time that scans without this index took, 0..1. */
  impact: number;
  meanMs: number;
  calls: number;
  totalMs: number;
  tableRows: number;
  /** Expected share of rows that the index would visit, 0..1. */
  selectivity: number;
  /** Engine's ids of the statements that would use it. */
  statementIds: string[];
  statement: string;
}

export interface ReplayOptions {
  /** Indexes whose use is the question; in both arms they get the same catalogue write, so that its cost is equal. */
  watched: string[];
  /** True hides the watched indexes: the control arm. */
  hidden: boolean;
  /** Hidden indexes are not written either, so that replayed writes show what they cost. */
  writes?: boolean;
  /** Planner statistics that hold in this transaction only. */
  statistics?: TableStatistics;
}

export type Unavailable = { unavailable: string };

/**
 * Owner's view: DDL runs outside transactions, with a lock time-out; the caller has stored its intent before and
 * reads the state back after.
 */
export interface Maintenance {
  migrate(): Promise<{ applied: string[]; known: number }>;
  missingIndexes(options: {
    limit: number;
    minMeanMs: number;
    minCalls: number;
  }): Promise<MissingIndex[] | Unavailable>;
  indexes(): Promise<IndexUse[]>;
  /** Online where the engine can; idempotent: an equal valid index is success, an invalid leftover is rebuilt. */
  createIndex(
    definition: IndexDefinition,
    options: { lockTimeoutMs: number },
  ): Promise<{ created: boolean; buildMs: number; sizeBytes: number }>;
  dropIndex(name: string, options: { lockTimeoutMs: number }): Promise<{ dropped: boolean }>;
  /** Hash over tables, columns and indexes: what a plan for the schema rests on, and what a revert must restore. */
  schemaFingerprint(): Promise<string>;
  /**
   * Runs reads, and writes that nobody will see, inside a transaction that is always rolled back, with the hidden
   * indexes invisible to the planner in that transaction only. `scans` counts how often each of `options.watched` was used in it so far.
   * `unavailable` where the engine or login cannot hide an index.
   */
  replay<T>(
    tenantId: string,
    options: ReplayOptions,
    work: (tx: TenantTransaction, scans: () => Promise<Map<string, number>>) => Promise<T>,
  ): Promise<{ value: T } | Unavailable>;
  /** Gathers the planner's statistics of these tables: after a bulk load, before anything is measured. */
  refreshStatistics(tables: string[]): Promise<void>;
  readonly statistics: StatisticsMaintenance;
  readonly plans: PlanMaintenance;
  /** Drops the engine's accumulated statement statistics, so that the next window starts at zero. */
  resetStatementStatistics(): Promise<void | Unavailable>;
}
