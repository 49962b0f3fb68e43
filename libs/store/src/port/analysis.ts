import type { RequestStatus, SearchRequest } from '@hartonomous/contracts';

/**
 * Classes of requests by their tokens, smallest first, each up to so many: a small one is no measure for a large one.
 */
export const sizeClassTokensMax = [4, 16, 64, 256, Infinity] as const;

/** Requests of one part of a stratum in one slot of the window whose latency lies in one bucket. */
export interface LatencyCount {
  operation: string;
  model: string;
  /** Answered from the cache: a part of its own, since a hit is no measure for a computation. */
  cacheHit: boolean;
  /** Position in `sizeClassTokensMax`; null for requests whose tokens were not counted. */
  sizeClass: number | null;
  /** floor(ln(max(ms, 0.05)) x 100): one per cent wide. Null for the requests that ended in an error. */
  bucket: number | null;
  /** Slots counted back from the end of the window, 0 = the last one. */
  slot: number;
  count: number;
  /** Errors and time-outs among them. */
  failed: number;
}

/** Which requests are meant; any number of picks is read in one pass. */
export interface RequestPick {
  operation: string;
  model: string;
  /** Null for hits and misses alike. */
  cacheHit: boolean | null;
  /** As of `LatencyCount`; those without tokens for null. */
  sizeClass: number | null;
  from: Date;
  to: Date;
  /** Only what took longer; below 0 for all. */
  aboveMs: number;
  /** True for errors and time-outs alone, false for everything that has a duration to speak of. */
  failed: boolean;
}

export interface SlowRequests {
  /** All requests of the pick. */
  count: number;
  /** The slowest of them, slowest first. */
  ids: string[];
}

export interface SampledRequest {
  id: string;
  startedAt: Date;
  durationMs: number;
  tokens: number;
  status: RequestStatus;
}

/** A request whose trace can be continued. */
export interface TracedRequest {
  id: string;
  traceId: string;
  spanId: string;
  durationMs: number;
}

export interface RatedStratum {
  operation: string;
  model: string;
  count: number;
  meanRating: number;
  /** Requests with the lowest ratings. */
  requestIds: string[];
}

/** A session that ended in the window with a declared outcome. */
export interface EndedSession {
  id: string;
  outcome: string;
  steps: number;
  x: number;
  y: number;
}

export interface SessionPath {
  id: string;
  /** x, y, x, y... on the map. */
  points: number[];
}

/** An answer that a kept action put into the cache, and that still serves. */
export interface KeptAnswer {
  actionId: string;
  /** When the action was applied. */
  since: Date;
  modelId: string;
  inputHash: string;
  hits: number;
  computeMs: number;
  sizeBytes: number;
}

export interface KeptAnswers {
  /** Of the newest actions; what was used least first within each. */
  answers: KeptAnswer[];
  /** All answers that serve at this corpus version, whoever put them there. */
  count: number;
  sizeBytes: number;
}

export interface MetricRow {
  cycleId: string;
  name: string;
  label: string;
  value: number;
  low: number | null;
  high: number | null;
}

/** Set-based reads that Analyze orients by: counts are over all rows, samples say that they are samples. */
export interface AnalysisRepository {
  /** Everything that percentiles, medians and series are made of, in one pass over the window; at most 500 slots. */
  latencyCounts(from: Date, to: Date, slotMs: number): Promise<LatencyCount[]>;
  /** Pick by pick: all of its requests counted, at most `idsMax` named. */
  slowRequests(picks: RequestPick[], idsMax: number): Promise<SlowRequests[]>;
  /** Pick by pick: its newest requests. */
  newestRequests(picks: RequestPick[], limit: number): Promise<SampledRequest[][]>;
  /** The slowest of these requests that has a trace. */
  traced(ids: string[]): Promise<TracedRequest | null>;
  ratings(from: Date, to: Date, idsMax: number): Promise<RatedStratum[]>;
  endedSessions(from: Date, to: Date, limit: number): Promise<EndedSession[]>;
  /** What the cache holds for this corpus version; at most `limit` of its answers are read. */
  keptAnswers(corpusVersion: number, limit: number): Promise<KeptAnswers>;
  /** Which of these keys have an answer that serves at this corpus version. */
  cachedKeys(modelId: string, corpusVersion: number, inputHashes: string[]): Promise<string[]>;
  /** The requests behind these ids, as sent. */
  inputs(ids: string[]): Promise<{ id: string; input: SearchRequest }[]>;
  /** Where these sessions went, point by point, oldest first; at most `pointsMax` of each. */
  sessionPaths(ids: string[], pointsMax: number): Promise<SessionPath[]>;
  addMetrics(rows: MetricRow[]): Promise<void>;
  /** Newest first. */
  metrics(name: string, limit: number): Promise<(MetricRow & { at: Date })[]>;
}
