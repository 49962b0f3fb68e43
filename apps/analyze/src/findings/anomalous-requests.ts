import type { Finding } from '@hartonomous/contracts';
import { rngOfText } from '@hartonomous/loop';
import { fitIsolationForest, isolationScores, localOutlierFactor } from '@hartonomous/numerics';
import type { SampledRequest, SlowLimit, SlowRequests } from '@hartonomous/store';
import { lnDeviation, lnQuantile, stratumKey, total, type StratumTable } from './latency-table.js';

const robustZ = 6;
/** Least scale of ln duration: a constant latency has none of its own, and 5 % is no anomaly. */
const scaleMin = 0.05;
/** Fewer requests have no median to deviate from. */
const requestsMin = 20;
const lofFactor = 1.5;
const reachabilityFloor = 1e-3;
const neighboursMin = 20;
/** LOF and forest see at most so many of the newest requests of a stratum; the finding says so. */
export const sampleMax = 1_500;
const forestQuantile = 0.99;
const baselineMin = 100;
const idsMax = 200;

/** Above this a request's ln duration is more than 6 robust deviations over the median of its stratum. */
export function slowLimits(tables: readonly StratumTable[]): SlowLimit[] {
  return tables
    .filter((t) => total(t.buckets) >= requestsMin)
    .map(({ operation, model, buckets }) => {
      const centre = lnQuantile(buckets, 0.5);
      const scale = Math.max(scaleMin, 1.4826 * lnDeviation(buckets, centre));
      return { operation, model, aboveMs: Math.exp(centre + robustZ * scale) };
    });
}

/** Row-major features: ln(duration / median), tokens / 1000, hour / 24, weekday / 7. */
function features(sample: readonly SampledRequest[], lnMedian: number): Float64Array {
  const points = new Float64Array(sample.length * 4);
  sample.forEach((r, i) => {
    const hour = r.startedAt.getUTCHours() + r.startedAt.getUTCMinutes() / 60;
    const ln = Math.log(Math.max(r.durationMs, 0.05)) - lnMedian;
    points.set([ln, r.tokens / 1_000, hour / 24, r.startedAt.getUTCDay() / 7], i * 4);
  });
  return points;
}

/** Ids that LOF flags in the sample; k at least twice the largest burst that the robust z saw in it. */
export function lofOutliers(sample: readonly SampledRequest[], lnMedian: number, burst: number): string[] {
  if (sample.length < requestsMin) return [];
  const k = Math.min(sample.length - 1, Math.max(neighboursMin, 2 * burst));
  const scores = localOutlierFactor(features(sample, lnMedian), 4, { k, reachabilityFloor });
  return sample.filter((_, i) => scores[i]! > lofFactor).map((r) => r.id);
}

/** Ids above the 99th percentile of the forest's own score on the baseline; null without a baseline. */
export function forestOutliers(
  sample: readonly SampledRequest[],
  baseline: readonly SampledRequest[],
  lnMedian: number,
  seed: string,
): string[] | null {
  if (baseline.length < baselineMin || sample.length === 0) return null;
  const known = features(baseline, lnMedian);
  const forest = fitIsolationForest(known, 4, { rng: rngOfText(seed) });
  const limit = isolationScores(forest, known).sort()[Math.ceil(forestQuantile * baseline.length) - 1]!;
  const scores = isolationScores(forest, features(sample, lnMedian));
  return sample.filter((_, i) => scores[i]! > limit).map((r) => r.id);
}

export interface StratumSamples {
  sample: readonly SampledRequest[];
  /** The newest requests before the window: what the forest calls ordinary. */
  baseline: readonly SampledRequest[];
}

/** One finding per stratum with slow requests; counts are of all rows, and what only a sample saw says so. */
export function anomalousRequests(
  table: StratumTable,
  slow: SlowRequests,
  samples: StratumSamples,
  seed: string,
): Finding | null {
  const lnMedian = lnQuantile(table.buckets, 0.5);
  const inSample = samples.sample.filter((r) => r.durationMs > slow.aboveMs).length;
  const lof = lofOutliers(samples.sample, lnMedian, inSample);
  const forest = forestOutliers(samples.sample, samples.baseline, lnMedian, seed);
  // A forest flags its one per cent by construction: only what it flags beyond that, twice over, is told.
  const unusual = forest !== null && forest.length > 0.02 * samples.sample.length + 3 ? forest : [];
  const ids = [...new Set([...slow.ids, ...lof, ...unusual])];
  if (ids.length === 0) return null;
  const rowCount = Math.max(slow.count, ids.length);
  const excessMs = slow.count * (slow.aboveMs - Math.exp(lnMedian));
  return {
    kind: 'anomalous-requests',
    summary:
      `${rowCount} of ${table.count} requests (${table.operation}) are out of line: ` +
      `${slow.count} took more than ${slow.aboveMs.toPrecision(3)} ms, the median is ${Math.exp(lnMedian).toPrecision(3)} ms`,
    severity: Math.min(1, Math.max(excessMs / 60_000, rowCount / Math.max(1, table.count))),
    rowIds: ids.slice(0, idsMax),
    rowCount,
    facts: {
      scope: `stratum:${stratumKey(table)}`,
      requests: table.count,
      methods: {
        robustZ: { rows: 'all', count: slow.count, aboveMs: slow.aboveMs, ids: slow.ids.slice(0, idsMax) },
        lof: { rows: `newest ${samples.sample.length}`, count: lof.length, ids: lof.slice(0, idsMax) },
        isolationForest:
          forest === null
            ? { unavailable: `fewer than ${baselineMin} requests before the window` }
            : { rows: `newest ${samples.sample.length}`, count: forest.length, ids: forest.slice(0, idsMax) },
      },
    },
  };
}
