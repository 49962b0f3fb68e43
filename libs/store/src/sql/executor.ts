import type { EntityManager } from 'typeorm';
import type { Columns, Dialect } from './dialect.js';
import type { OutboxRow } from '../port/plumbing.js';

export interface StatementOptions {
  /** Planned anew with its values each time, for statements whose best plan depends on them. */
  adaptive?: boolean;
}

/** One connection inside one transaction. */
export interface Executor {
  readonly dialect: Dialect;
  rows<R>(text: string, params?: unknown[], options?: StatementOptions): Promise<R[]>;
  /** Rows that the (last) statement changed. */
  run(text: string, params?: unknown[]): Promise<number>;
  /**
   * A write whose answer nobody needs: where the engine answers in order it is not waited for, and its fault comes with
   * a later statement, with the commit at the latest.
   */
  send(text: string, params?: unknown[]): Promise<void>;
  /** Loads rows in bulk into a session-private table that ends with the transaction; returns how many. */
  stage(name: string, columns: Columns, rows: Iterable<unknown[]>): Promise<number>;
  /** TypeORM's manager on the same connection, for simple access. */
  readonly manager: EntityManager;
}

/** Engine-specific statements of the hot path and of the steps that need the engine's own means. */
export interface EngineStatements {
  /** Writes outbox rows and audit entries of a transaction, in one round trip for the usual case. */
  flush(db: Executor, tenantId: string, outbox: OutboxRow[], audit: AuditEntry[]): Promise<void>;
  /** Records the message, removes its outbox row and looks whether the cycle is the tenant's, in one round trip. */
  receive(
    db: Executor,
    tenantId: string,
    messageId: string,
    consumer: string,
    cycleId: string | null,
  ): Promise<{ first: boolean; known: boolean }>;
  /** Ids of the atoms with these bytes, created where new; each text's SHA-256 (hex) -> id. */
  mergeAtoms(db: Executor, atoms: MergeAtom[]): Promise<Map<string, string>>;
  /** Merges atoms and takes them up for the tenant, with all counts; how many it did not hold before. */
  takeAtoms(db: Executor, tenantId: string, atoms: MergeAtom[]): Promise<number>;
  countAtomReferences(db: Executor, atomIds: string[], change: 1 | -1): Promise<void>;
  claimOutbox(db: Executor, limit: number, staleMs: number, leaseMs: number): Promise<OutboxRow[]>;
  /** Squared distance of a row's x, y, z to a point, or an expression in its order, for `order by`. */
  distance(alias: string, point: [string, string, string]): string;
  /**
   * A further condition on `alias` that leaves the k nearest rows in, where a search by index needs one; else empty.
   * `among`: the search's FROM item and condition, with `n` for the alias.
   */
  within(alias: string, among: string, point: [string, string, string], k: number): string;
}

export interface MergeAtom {
  id: string;
  modality: string;
  text: string;
  contentHash: string;
}

export interface AuditEntry {
  what: string;
  subject: string;
  who: string;
  why: string;
  traceId: string | null;
  /** SHA-256 of the canonical entry. */
  digest: string;
}
