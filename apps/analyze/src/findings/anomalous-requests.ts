import type { Finding } from '@hartonomous/contracts';
import { rngOfText } from '@hartonomous/loop';
import { fitIsolationForest, isolationScores, localOutlierFactor } from '@hartonomous/numerics';
import type { SampledRequest, SlowRequests } from '@hartonomous/store';
import { lnDeviation, lnQuantile, sizeName, stratumKey, total, type StratumTable } from './latency-table.js';
import { countOf, durationOf } from './wording.js';

const robustZ = 6;
/** Least scale of ln duration: a constant latency has none of its own, and 5 % is no anomaly. */
const scaleMin = 0.05;
/** Fewer requests have no median to deviate from. */
const requestsMin = 20;
const lofFactor = 1.5;
const reachabilityFloor = 1e-3;
const neighboursMin = 20;
/** LOF and forest see at most so many of the newest requests of a part; the finding says of how many. */
const sampleMax = 1_500;
/** Of all parts together: what LOF and forest cost does not grow with the number of strata. */
const samplesMax = 18_000;
const sampleMin = 300;
export const sampleSize = (parts: number): number =>
  Math.min(sampleMax, Math.max(sampleMin, Math.floor(samplesMax / Math.max(1, parts))));
const treesMax = 100;
/** Of all forests together, and the least of one. */
const treesOfAll = 1_200;
const treesMin = 30;
export const forestTrees = (parts: number): number =>
  Math.min(treesMax, Math.max(treesMin, Math.floor(treesOfAll / Math.max(1, parts))));
const forestQuantile = 0.99;
/** The forest needs so many requests before the window to know what is ordinary. */
export const baselineMin = 100;
const idsMax = 200;

/** One part of a stratum (its cache hits, or its misses) and the limit of its robust z. */
export interface SlowLimit {
  table: StratumTable;
  aboveMs: number;
}

/** Above this a request's ln duration is more than 6 robust deviations over the median of its stratum. */
export function slowLimits(tables: readonly StratumTable[]): SlowLimit[] {
  return tables
    .filter((t) => total(t.buckets) >= requestsMin)
    .map((table) => {
      const centre = lnQuantile(table.buckets, 0.5);
      const scale = Math.max(scaleMin, 1.4826 * lnDeviation(table.buckets, centre));
      return { table, aboveMs: Math.exp(centre + robustZ * scale) };
    });
}

const dayMs = 86_400_000;
const weekMs = 7 * dayMs;

/** Row-major features of the sample: ln(duration / median), tokens / 1000, and where its time stands. */
function features(
  sample: readonly SampledRequest[],
  lnMedian: number,
  when: (timeMs: number) => readonly number[],
): { points: Float64Array; dimensions: number } {
  const rows = sample.map((r) => {
    const ln = Math.log(Math.max(r.durationMs, 0.05)) - lnMedian;
    return [ln, r.tokens / 1_000, ...when(r.startedAt.getTime())];
  });
  return { points: Float64Array.from(rows.flat()), dimensions: rows[0]?.length ?? 0 };
}

/** Hour / 24 and weekday / 7 (UTC): a forest splits them, and does not mind where they begin again. */
const onLines = (timeMs: number): number[] => [
  (timeMs % dayMs) / dayMs,
  Math.floor((timeMs % weekMs) / dayMs) / 7,
];

/** The same on circles of circumference 1: two requests a minute apart are near each other at midnight too. */
const onCircles = (timeMs: number): number[] =>
  [dayMs, weekMs].flatMap((periodMs) => {
    const turn = (2 * Math.PI * (timeMs % periodMs)) / periodMs;
    return [Math.cos(turn) / (2 * Math.PI), Math.sin(turn) / (2 * Math.PI)];
  });

/** Ids that LOF flags in the sample; k at least twice the largest burst that the robust z saw in it. */
export function lofOutliers(sample: readonly SampledRequest[], lnMedian: number, burst: number): string[] {
  if (sample.length < requestsMin) return [];
  const k = Math.min(sample.length - 1, Math.max(neighboursMin, 2 * burst));
  const { points, dimensions } = features(sample, lnMedian, onCircles);
  const scores = localOutlierFactor(points, dimensions, { k, reachabilityFloor });
  return sample.filter((_, i) => scores[i]! > lofFactor).map((r) => r.id);
}

/** Ids above the 99th percentile of the forest's own score on the baseline; null without a baseline. */
export function forestOutliers(
  sample: readonly SampledRequest[],
  baseline: readonly SampledRequest[],
  lnMedian: number,
  seed: string,
  trees = treesMax,
): string[] | null {
  if (baseline.length < baselineMin || sample.length === 0) return null;
  const { points: known, dimensions } = features(baseline, lnMedian, onLines);
  const forest = fitIsolationForest(known, dimensions, { rng: rngOfText(seed), trees });
  const limit = isolationScores(forest, known).sort()[Math.ceil(forestQuantile * baseline.length) - 1]!;
  const scores = isolationScores(forest, features(sample, lnMedian, onLines).points);
  return sample.filter((_, i) => scores[i]! > limit).map((r) => r.id);
}

export interface StratumSamples {
  sample: readonly SampledRequest[];
  /** The newest requests before the window: what the forest calls ordinary. */
  baseline: readonly SampledRequest[];
  /** Trees of the forest. */
  trees?: number;
}

/** One finding per part of a stratum with slow requests; counts are of all rows, and what only a sample saw says so. */
export function anomalousRequests(
  { table, aboveMs }: SlowLimit,
  slow: SlowRequests,
  samples: StratumSamples,
  seed: string,
): Finding | null {
  const lnMedian = lnQuantile(table.buckets, 0.5);
  const inSample = samples.sample.filter((r) => r.durationMs > aboveMs).length;
  const lof = lofOutliers(samples.sample, lnMedian, inSample);
  const forest = forestOutliers(samples.sample, samples.baseline, lnMedian, seed, samples.trees);
  // A forest flags its one per cent by construction: only what it flags beyond that, twice over, is told.
  const unusual = forest !== null && forest.length > 0.02 * samples.sample.length + 3 ? forest : [];
  const flagged = new Set([...slow.ids, ...lof, ...unusual]);
  if (flagged.size === 0) return null;
  const apart = samples.sample.filter((r) => r.durationMs <= aboveMs && flagged.has(r.id));
  const excessMs = slow.count * (aboveMs - Math.exp(lnMedian));
  const rowCount = slow.count + apart.length;
  return {
    kind: 'anomalous-requests',
    summary: summaryOf(table, { count: slow.count, aboveMs }, apart, Math.exp(lnMedian)),
    severity: Math.min(1, Math.max(excessMs / 60_000, rowCount / Math.max(1, table.count))),
    rowIds: [...flagged].slice(0, idsMax),
    rowCount,
    facts: {
      scope: `stratum:${stratumKey(table)}`,
      requests: table.count,
      servedFrom: table.cacheHit ? 'cache' : 'computation',
      methods: {
        robustZ: { rows: 'all', count: slow.count, aboveMs, ids: slow.ids.slice(0, idsMax) },
        lof: { rows: `newest ${samples.sample.length}`, count: lof.length, ids: lof.slice(0, idsMax) },
        isolationForest:
          forest === null
            ? { unavailable: `fewer than ${baselineMin} requests before the window` }
            : { rows: `newest ${samples.sample.length}`, count: forest.length, ids: forest.slice(0, idsMax) },
      },
    },
  };
}

function summaryOf(
  table: StratumTable,
  slow: { count: number; aboveMs: number },
  apart: readonly SampledRequest[],
  medianMs: number,
): string {
  const served = table.cacheHit ? 'answered from the cache' : 'computed';
  const size = sizeName(table.sizeClass);
  const of = `of ${countOf(table.count, `${table.operation} request`)}${size ? ` of ${size}` : ''} ${served}`;
  const median = `the median is ${durationOf(medianMs)}`;
  if (slow.count === 0) {
    const ms = apart.map((r) => r.durationMs);
    const [least, most] = [durationOf(Math.min(...ms)), durationOf(Math.max(...ms))];
    const took = least === most ? most : `${least} to ${most}`;
    return `${apart.length} ${of} stand apart in duration, size or hour: they took ${took}, ${median}`;
  }
  const more = apart.length === 0 ? '' : `; ${apart.length} more stand apart in duration, size or hour`;
  return `${slow.count} ${of} took longer than ${durationOf(slow.aboveMs)}, ${median}${more}`;
}
