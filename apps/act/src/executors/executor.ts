import type { SearchRequest } from '@hartonomous/contracts';
import type { ActionRow, EvidencePairRow, HypothesisRow, Store, TenantTransaction } from '@hartonomous/store';

/** Answers a request inside a given transaction, without recording it and without the answer cache. */
export type AnswerRequest = (tx: TenantTransaction, request: SearchRequest) => Promise<ComputedAnswer>;

export interface ComputedAnswer {
  /** What the gateway would serve, as canonical JSON. */
  output: string;
  modelId: string;
  corpusVersion: number;
}

export interface ExecutorDeps {
  store: Store;
  answer: AnswerRequest;
  /** Wall clock of the loop's windows. */
  now: () => Date;
  /** Time scale: divides waits of the loop, never a latency. */
  scale: number;
  /** Throws KILL_SWITCH_ON while the loop is stopped, or the switch cannot be read: the message is delayed. */
  assertRunning: () => Promise<void>;
  /** A step of many pairs begins no further one after this time. */
  stepMs: number;
  /** Aborted when the service ends or the message's time is over: what is under way is handed back. */
  signal?: AbortSignal;
}

/** What a plan touches, counted by its executor; the limits are checked against it. */
export interface Touched {
  /** One by one, by name. */
  objects: string[];
  objectsOfKind: number;
  /** Estimates before the change: bytes that stay, seconds that applying takes. */
  storageBytes: number;
  applySeconds: number;
  /** Heavy work waits for the low-load window. */
  heavy: boolean;
}

export interface Prepared {
  touched: Touched;
  /** Everything that undoes the action; stored before it is applied. */
  inverse: Record<string, unknown>;
  /** Hash of the target's state now: what a revert must restore. */
  snapshotHash: string;
}

/** What one evidence step brought. `patch` is merged into the action's progress. */
export type EvidenceStep =
  | { kind: 'pairs'; rows: EvidencePairRow[]; patch?: Record<string, unknown>; nextInMs: number }
  | { kind: 'waiting'; reason: string; patch?: Record<string, unknown>; nextInMs: number }
  | { kind: 'no-data'; reason: string; patch?: Record<string, unknown>; nextInMs: number }
  | { kind: 'unavailable'; reason: string };

/**
 * One type of action. Every method may be called again after a crash: apply, keep and revert are idempotent, and
 * evidence is keyed by (action, kind, pair).
 */
export interface Executor {
  prepare(deps: ExecutorDeps, tenantId: string, hypothesis: HypothesisRow): Promise<Prepared>;
  apply(deps: ExecutorDeps, tenantId: string, action: ActionRow): Promise<Record<string, unknown>>;
  /** Collects the next block or blocks; `known` are the rows already stored. */
  collect(
    deps: ExecutorDeps,
    tenantId: string,
    action: ActionRow,
    blockNo: number,
    known: EvidencePairRow[],
  ): Promise<EvidenceStep>;
  /** Whether a kept action can be measured again, with and without its change. */
  remeasurable(action: ActionRow): boolean;
  /** What keeping needs outside of a transaction, before it is written; `revert` undoes this too. */
  beforeKeep?(deps: ExecutorDeps, tenantId: string, action: ActionRow): Promise<void>;
  /** Makes the change lasting, in the transaction that writes the Kept state. */
  keep(tx: TenantTransaction, action: ActionRow): Promise<void>;
  revert(deps: ExecutorDeps, tenantId: string, action: ActionRow): Promise<void>;
  /** Hash of the target's state; equals `snapshotHash` once the action is undone. */
  stateHash(
    deps: ExecutorDeps,
    tenantId: string,
    action: Pick<ActionRow, 'parameters' | 'id'>,
  ): Promise<string>;
}
