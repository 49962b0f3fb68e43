import type { Stratum } from '@hartonomous/contracts';
import { sizeClassTokensMax, type LatencyCount } from '@hartonomous/store';

/** Latency of one stratum over the window: counts by bucket and by slot, from every row. */
export interface StratumTable {
  operation: string;
  model: string;
  /** Hits or misses alone; null for both. */
  cacheHit: boolean | null;
  /** Class of the requests by their tokens; null where these were not counted. */
  sizeClass: number | null;
  /** All requests, and those that failed or timed out. */
  count: number;
  failed: number;
  cacheHits: number;
  /** Bucket (1/100 of ln ms) -> requests that did not end in an error. */
  buckets: Map<number, number>;
  /** Slot (counted back from the end of the window) -> the same. */
  slots: Map<number, Map<number, number>>;
}

export interface StratumOf {
  operation: string;
  model: string;
  sizeClass?: number | null;
}

/** `1 to 4 tokens`, `257 tokens and more`; null for requests whose tokens were not counted. */
export function sizeName(sizeClass: number | null | undefined): string | null {
  if (sizeClass === null || sizeClass === undefined) return null;
  const least = sizeClass === 0 ? 1 : sizeClassTokensMax[sizeClass - 1]! + 1;
  const most = sizeClassTokensMax[sizeClass]!;
  return Number.isFinite(most) ? `${least} to ${most} tokens` : `${least} tokens and more`;
}

export function stratumKey({ operation, model, sizeClass }: StratumOf): string {
  const size = sizeName(sizeClass);
  return size === null ? `${operation}|${model}` : `${operation}|${model}|${size}`;
}

/** The requests of a stratum in words: `search`, `search of 1 to 4 tokens`. */
export function nameOf({ operation, sizeClass }: StratumOf): string {
  const size = sizeName(sizeClass);
  return size === null ? operation : `${operation} of ${size}`;
}

/** Middle of a bucket, in ln ms. */
const lnOf = (bucket: number): number => (bucket + 0.5) / 100;

/** Tables of all strata, busiest first; of their cache hits or misses alone where `cacheHit` says so. */
export function latencyTables(
  counts: readonly LatencyCount[],
  slotsMax: number,
  cacheHit: boolean | null = null,
): StratumTable[] {
  const tables = new Map<string, StratumTable>();
  for (const row of counts) {
    if (cacheHit !== null && row.cacheHit !== cacheHit) continue;
    const { operation, model, sizeClass } = row;
    // Hundreds of thousands of rows: the key in words is made for strata alone.
    const key = `${operation}|${model}|${sizeClass}`;
    const table = tables.get(key) ?? {
      operation,
      model,
      cacheHit,
      sizeClass,
      count: 0,
      failed: 0,
      cacheHits: 0,
      buckets: new Map(),
      slots: new Map(),
    };
    tables.set(key, table);
    table.count += row.count;
    table.failed += row.failed;
    if (row.cacheHit) table.cacheHits += row.count;
    if (row.bucket === null) continue;
    add(table.buckets, row.bucket, row.count);
    // The first instant of the window is a whole number of slots back.
    const slot = Math.min(slotsMax - 1, row.slot);
    const buckets = table.slots.get(slot) ?? new Map<number, number>();
    table.slots.set(slot, buckets);
    add(buckets, row.bucket, row.count);
  }
  return [...tables.values()].sort((a, b) => b.count - a.count);
}

function add(buckets: Map<number, number>, bucket: number, count: number): void {
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + count);
}

export const total = (buckets: ReadonlyMap<number, number>): number =>
  [...buckets.values()].reduce((a, b) => a + b, 0);

/** Quantile of ln ms by nearest rank, exact to the bucket of 1 %; NaN for none. */
export function lnQuantile(buckets: ReadonlyMap<number, number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * total(buckets)));
  let seen = 0;
  for (const [bucket, count] of [...buckets].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return lnOf(bucket);
  }
  return NaN;
}

/** A percentile is told only where enough rows carry it. */
const percentiles = [
  { name: 'p50Ms', share: 0.5, rowsMin: 5 },
  { name: 'p90Ms', share: 0.9, rowsMin: 29 },
  { name: 'p95Ms', share: 0.95, rowsMin: 59 },
  { name: 'p99Ms', share: 0.99, rowsMin: 299 },
] as const;

/** The stratum as it is shown; percentiles are exact to 1 %. */
export function stratumOf(table: StratumTable, meanRating: number | null): Stratum {
  const timed = total(table.buckets);
  const told = Object.fromEntries(
    percentiles.map((p) => [
      p.name,
      timed >= p.rowsMin ? Math.exp(lnQuantile(table.buckets, p.share)) : null,
    ]),
  ) as Pick<Stratum, 'p50Ms' | 'p90Ms' | 'p95Ms' | 'p99Ms'>;
  return {
    operation: table.operation,
    model: table.model,
    sizeClass: sizeName(table.sizeClass),
    count: table.count,
    errors: table.failed,
    ...told,
    cacheHitRate: table.count > 0 ? table.cacheHits / table.count : null,
    meanRating,
  };
}

/** How many slots back one must look for so many of a stratum's newest requests; Infinity when there are fewer. */
export function slotsBackFor(table: StratumTable, requests: number): number {
  let seen = 0;
  for (const [slot, buckets] of [...table.slots].sort(([a], [b]) => a - b)) {
    seen += total(buckets);
    if (seen >= requests) return slot + 1;
  }
  return Infinity;
}

/** Rows that share a bucket are told apart by ranking them all: this many times what is asked for, at most. */
const alikeMax = 50;

/**
 * A limit that about so many requests of the last `slotsBack` slots exceed, ms; -1 when there are fewer. It stays above
 * a bucket that holds far more; null when already the slowest bucket does.
 */
export function limitAbove(table: StratumTable, slotsBack: number, requests: number): number | null {
  const buckets = new Map<number, number>();
  for (const [slot, own] of table.slots) {
    if (slot >= slotsBack) continue;
    for (const [bucket, count] of own) add(buckets, bucket, count);
  }
  let seen = 0;
  let limit: number | null = null;
  for (const [bucket, count] of [...buckets].sort(([a], [b]) => b - a)) {
    if (count > alikeMax * requests) return limit;
    seen += count;
    // A hair below the bucket's own end: what lies on it belongs to it.
    limit = Math.exp(bucket / 100) * (1 - 1e-9);
    if (seen >= requests) return limit;
  }
  return -1;
}

/** Median absolute deviation of ln ms from `centre`. */
export function lnDeviation(buckets: ReadonlyMap<number, number>, centre: number): number {
  const deviations = new Map<number, number>();
  for (const [bucket, count] of buckets) {
    add(deviations, Math.round(Math.abs(lnOf(bucket) - centre) * 100), count);
  }
  const rank = Math.max(1, Math.ceil(total(deviations) / 2));
  let seen = 0;
  for (const [deviation, count] of [...deviations].sort(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return deviation / 100;
  }
  return NaN;
}

/** Sum of ms of a stratum, from its buckets. */
export const sumMs = (buckets: ReadonlyMap<number, number>): number =>
  [...buckets].reduce((sum, [bucket, count]) => sum + count * Math.exp(lnOf(bucket)), 0);
