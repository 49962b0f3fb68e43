import type { RequestOperation, RequestStatus, SearchRequest, Stratum } from '@hartonomous/contracts';

export interface RequestRecord {
  id: string;
  modelId: string;
  operation: RequestOperation;
  /** Hash of the canonical request: the key of caches, pairs and hold-out buckets. */
  inputHash: string;
  /** The request as sent, so that it can be replayed. */
  input: SearchRequest;
  startedAt: Date;
  durationMs: number;
  status: RequestStatus;
  cacheHit: boolean;
  /** Set while the key takes part in an experiment. */
  actionId: string | null;
  blockNo: number | null;
  arm: 'treated' | 'control' | null;
  sessionId: string | null;
  traceId: string | null;
  spanId: string | null;
  resultCount: number;
  /** Terms of the request and of what it generated; absent where nobody counted them. */
  tokens?: number | null;
  steps: { atomId: string; score: number; rank: number }[];
  /** Where the answer lies on the map: the session's next point. */
  point: [number, number, number] | null;
}

export interface RequestRepository {
  /** Writes requests with their steps and session points, set-based; a known id is left alone. */
  record(rows: RequestRecord[]): Promise<void>;
  count(from: Date, to: Date): Promise<number>;
}

export interface KeyUse {
  inputHash: string;
  input: SearchRequest;
  count: number;
  meanMs: number;
  cacheHits: number;
}

export interface NoticedRequest {
  id: string;
  traceId: string | null;
  spanId: string | null;
  durationMs: number;
  startedAt: Date;
}

/** Set-based reads of the workload; counts are over all rows of the window. */
export interface WorkloadRepository {
  strata(from: Date, to: Date): Promise<Stratum[]>;
  /** Keys by use, most used first. */
  topKeys(from: Date, to: Date, limit: number): Promise<KeyUse[]>;
  /** The slowest requests of the window (with a trace, if any has one). */
  slowest(from: Date, to: Date, limit: number): Promise<NoticedRequest[]>;
  /** A seeded sample of answered read-only requests, for replay; the same seed and rows give the same sample. */
  sample(
    from: Date,
    to: Date,
    limit: number,
    seed: number,
  ): Promise<{ inputHash: string; input: SearchRequest }[]>;
  /** Latencies of one experiment block, by arm. */
  armDurations(actionId: string, blockNo: number): Promise<ArmDuration[]>;
  /** Latencies of untreated requests on these keys, oldest first: the source of A/A pairs. */
  keyDurations(from: Date, to: Date, inputHashes: string[]): Promise<ArmDuration[]>;
  oldestRequestAt(): Promise<Date | null>;
}

export interface ArmDuration {
  requestId: string;
  inputHash: string;
  arm: 'treated' | 'control' | null;
  durationMs: number;
  status: RequestStatus;
}

export interface CachedAnswer {
  inputHash: string;
  output: string;
  /** A row that is not enabled is the control arm of an experiment: looked up, not served. */
  enabled: boolean;
  actionId: string | null;
  blockNo: number | null;
  /** True while the action is measured; false once it is kept. */
  measuring: boolean;
}

export interface CacheEntry {
  inputHash: string;
  output: string;
  computeMs: number;
}

export interface CacheRepository {
  /** One look-up by key; a row of another corpus version, or expired, is not found. */
  find(modelId: string, corpusVersion: number, inputHash: string): Promise<CachedAnswer | null>;
  /** Counts a hit and the time it saved. Fire-and-forget batches by the gateway. */
  countHits(modelId: string, hits: { inputHash: string; count: number }[]): Promise<void>;
  /** Loads answers for an action, disabled. */
  load(
    modelId: string,
    corpusVersion: number,
    actionId: string,
    entries: CacheEntry[],
    expiresAt: Date,
  ): Promise<number>;
  /** Starts a block: exactly these keys of the action are treated (enabled), its other keys are control. */
  drawArms(actionId: string, blockNo: number, treated: string[]): Promise<void>;
  /** Ends the experiment: all of the action's answers are served. */
  keep(actionId: string): Promise<number>;
  /** The inverse of `load`: removes what the action put there. */
  unload(actionId: string): Promise<number>;
  entries(actionId: string): Promise<{ inputHash: string; enabled: boolean; hits: number }[]>;
  size(): Promise<{ entries: number; bytes: number }>;
}
