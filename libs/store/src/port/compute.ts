import type { ChunkState, ComputationState, ComputeLane } from '@hartonomous/contracts';

/** Where the planning of a computation stands; see libs/compute. */
export interface ComputationWork {
  round: number;
  lo: number;
  hi: number;
  indivisible?: boolean;
  /** First number of the round that no chunk covers yet. */
  next: number;
  /** Chunks planned so far; the next chunk's number. */
  planned: number;
  /** Cost that the next chunk should have. */
  size: number;
  /** Are the chunks of this round being recomputed? */
  verifying: boolean;
  /** Stored vectors it reads: their model, number and version, locked at the start. */
  input: { model: string; count: number; dimensions: number; corpusVersion: number } | null;
}

export interface ComputationRow {
  id: string;
  order: number;
  type: string;
  version: number;
  params: Record<string, unknown>;
  options: Record<string, unknown>;
  lane: ComputeLane;
  priority: number;
  idempotencyKey: string;
  requestedBy: string;
  publicJob: string | null;
  state: ComputationState;
  /** Rises with every change of the row; writes are conditional on it. */
  revision: number;
  work: ComputationWork | null;
  totalCost: number;
  progress: number;
  wasted: number;
  wastedMs: number;
  result: Record<string, unknown> | null;
  resultHash: string | null;
  reason: string | null;
  traceId: string | null;
  spanId: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export type NewComputation = Pick<
  ComputationRow,
  | 'id'
  | 'type'
  | 'version'
  | 'params'
  | 'options'
  | 'lane'
  | 'priority'
  | 'idempotencyKey'
  | 'requestedBy'
  | 'publicJob'
  | 'totalCost'
  | 'traceId'
  | 'spanId'
>;

export type ComputationPatch = Partial<
  Pick<ComputationRow, 'work' | 'totalCost' | 'progress' | 'result' | 'resultHash' | 'reason'>
> & { carry?: Uint8Array | null; output?: Uint8Array | null; started?: true; finished?: boolean };

export interface ComputationFilter {
  states?: ComputationState[];
  type?: string;
  /** In the type, the parameters or the id. */
  text?: string;
  limit: number;
}

export interface NewChunk {
  no: number;
  round: number;
  lo: number;
  hi: number;
  cost: number;
  verifies: number | null;
}

export interface ChunkRow extends NewChunk {
  state: ChunkState;
  verified: boolean;
  owner: string | null;
  fence: number;
  /** Times it was leased. */
  claims: number;
  failures: number;
  share: number;
  elapsedMs: number | null;
  cpuMs: number | null;
  summary: Record<string, unknown> | null;
  checksum: string | null;
  reason: string | null;
  leasedAt: Date | null;
  finishedAt: Date | null;
}

export interface ChunkPartial {
  no: number;
  summary: Record<string, unknown>;
  partial: Uint8Array | null;
  output: Uint8Array | null;
}

export interface ChunkResult {
  summary: Record<string, unknown>;
  partial: Uint8Array | null;
  output: Uint8Array | null;
  checksum: string;
  elapsedMs: number;
  cpuMs: number;
}

export interface ChunkTallies {
  pending: number;
  leased: number;
  done: number;
  parked: number;
  verified: number;
  claims: number;
  /** Cost of the finished chunks that are no verification. */
  doneCost: number;
  runningCost: number;
  /** Sum of cost x share over the chunks under way. */
  partlyCost: number;
  elapsedMs: number;
  cpuMs: number;
}

export interface LeasedChunk extends ChunkRow {
  computation: ComputationRow;
  carry: Uint8Array | null;
}

/** The ledger of one tenant. Every change of a leased chunk is conditional on its fence; zero rows = it moved on. */
export interface ComputationRepository {
  /** Unique by idempotency key: a second create returns the first row with created = false. */
  create(row: NewComputation): Promise<{ row: ComputationRow; created: boolean }>;
  get(id: string): Promise<ComputationRow | null>;
  list(filter: ComputationFilter): Promise<ComputationRow[]>;
  count(filter: Omit<ComputationFilter, 'limit'>): Promise<number>;
  carry(id: string): Promise<Uint8Array | null>;
  output(id: string): Promise<Uint8Array | null>;
  /** Conditional on revision and state; false when the row has moved on. */
  move(
    current: Pick<ComputationRow, 'id' | 'revision' | 'state'>,
    to: ComputationState,
    patch?: ComputationPatch,
  ): Promise<boolean>;
  /** Adds the chunks that are not there yet. */
  addChunks(id: string, chunks: NewChunk[]): Promise<number>;
  chunks(id: string, after: number, limit: number, states?: ChunkState[]): Promise<ChunkRow[]>;
  /** Results of finished chunks of a round in chunk order, verifications apart; `output` only when asked for. */
  partials(
    id: string,
    round: number,
    after: number,
    limit: number,
    withOutput?: boolean,
  ): Promise<ChunkPartial[]>;
  tallies(id: string, round?: number): Promise<ChunkTallies>;
  /** Newest finished chunks: cost and duration. */
  timings(id: string, limit: number): Promise<{ cost: number; elapsedMs: number }[]>;
  /** Leases the next pending chunk of a running computation to `owner`; null when there is none. */
  claim(id: string, owner: string, leaseMs: number): Promise<LeasedChunk | null>;
  /** Renews a lease with the progress made; the computation's state, or null when the lease is lost. */
  renew(
    id: string,
    no: number,
    fence: number,
    share: number,
    leaseMs: number,
  ): Promise<ComputationState | null>;
  /** Stores the result; the computation's progress rises in the same transaction. */
  complete(id: string, no: number, fence: number, result: ChunkResult): Promise<boolean>;
  /** A failure: pending again after `delayMs`, or parked at `failuresMax`; null when the lease is lost. */
  fail(
    id: string,
    no: number,
    fence: number,
    reason: string,
    delayMs: number,
    failuresMax: number,
  ): Promise<ChunkState | null>;
  /** Gives a chunk back that was not finished; no failure. */
  release(id: string, no: number, fence: number): Promise<boolean>;
  /** Counts a result that came too late. */
  addWaste(id: string, elapsedMs: number): Promise<void>;
  /**
   * Takes leases back that ended: a worker's death is not the chunk's failure, but one that was leased `claimsMax`
   * times is parked. Returns the chunks.
   */
  expire(id: string, claimsMax: number): Promise<number[]>;
  /** Marks the outcome of a verification; `agrees` = false makes both chunks pending again, as a failure. */
  settleVerification(
    id: string,
    no: number,
    verifies: number,
    agrees: boolean,
    failuresMax: number,
  ): Promise<void>;
  /** Parked chunks become pending with a clean slate; how many. */
  retryParked(id: string): Promise<number>;
  /** Finished and parked chunks that overlap [lo, hi] become pending, their verifications too; how many. */
  rerun(id: string, lo: number, hi: number): Promise<number>;
}

export interface RunnableComputation {
  tenantId: string;
  computationId: string;
  lane: ComputeLane;
  priority: number;
  order: number;
  /** Its chunks under way. */
  running: number;
}

/** Read-only look across tenants: sharing out workers and finding what stands still. */
export interface ComputationOverview {
  /** Running computations with a chunk that may be claimed now. */
  runnable(limit: number): Promise<RunnableComputation[]>;
  /** Worker time per tenant: chunks finished in the window, and those under way. */
  usage(windowMs: number): Promise<{ tenantId: string; usedMs: number }[]>;
  /** Open computations that need a push: a lease ended, nothing is under way, or work waits without a message. */
  unattended(idleMs: number): Promise<{ tenantId: string; computationId: string; expired: boolean }[]>;
}
