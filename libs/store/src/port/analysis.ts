import type { RequestStatus } from '@hartonomous/contracts';

/** Requests of one stratum in one slot of the window whose latency lies in one bucket. */
export interface LatencyCount {
  operation: string;
  model: string;
  /** floor(ln(max(ms, 0.05)) x 100): one per cent wide. Null for the requests that ended in an error. */
  bucket: number | null;
  /** Slots counted back from the end of the window, 0 = the last one. */
  slot: number;
  count: number;
  /** Errors and time-outs among them. */
  failed: number;
  /** Answered from the cache. */
  cacheHits: number;
}

export interface SlowLimit {
  operation: string;
  model: string;
  aboveMs: number;
}

export interface SlowRequests extends SlowLimit {
  /** All requests of the window above the limit. */
  count: number;
  /** The slowest of them. */
  ids: string[];
}

export interface SampledRequest {
  id: string;
  startedAt: Date;
  durationMs: number;
  tokens: number;
  status: RequestStatus;
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
  /** Everything that percentiles, medians and series are made of, in one pass over the window. */
  latencyCounts(from: Date, to: Date, slotMs: number): Promise<LatencyCount[]>;
  /** Requests above a limit of their stratum; at most `idsMax` ids a stratum. */
  slowRequests(from: Date, to: Date, limits: SlowLimit[], idsMax: number): Promise<SlowRequests[]>;
  /** The newest requests of a stratum that did not end in an error. */
  newestRequests(
    from: Date,
    to: Date,
    stratum: { operation: string; model: string },
    limit: number,
  ): Promise<SampledRequest[]>;
  ratings(from: Date, to: Date, idsMax: number): Promise<RatedStratum[]>;
  endedSessions(from: Date, to: Date, limit: number): Promise<EndedSession[]>;
  addMetrics(rows: MetricRow[]): Promise<void>;
  /** Newest first. */
  metrics(name: string, limit: number): Promise<(MetricRow & { at: Date })[]>;
}
