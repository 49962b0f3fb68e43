import type { CountedFinding } from '../name-rows.js';
import { lnQuantile, nameOf, stratumKey, sumMs, total, type StratumTable } from './latency-table.js';
import { durationOf, percentOf, plainNumber } from './wording.js';

/** What a stratum was like when its baseline was frozen, and how the last windows compared. Kept as a setting. */
export interface Baseline {
  frozenAt: string;
  count: number;
  lnMedian: number;
  errorShare: number;
  /** Hour of the week (0 = Sunday 0 h UTC) -> median of ln ms, where 30 requests or more carried it. */
  hours: Record<string, number>;
  /** Whether the last windows were worse, newest last, at most four. */
  worse: boolean[];
}

const executionsMin = 30;
const excessSecondsMin = 10;
const pointsMin = 0.02;
/** A shift of the median by less is within the guard band of every measurement here. */
const shiftMin = Math.log(1.1);

export interface WindowOfStratum {
  table: StratumTable;
  /** Slot -> hour of the week it lies in. */
  hourOf: (slot: number) => number;
  at: string;
}

export const freeze = ({ table, hourOf, at }: WindowOfStratum): Baseline | null => {
  if (total(table.buckets) < executionsMin) return null;
  const byHour = new Map<number, Map<number, number>>();
  for (const [slot, buckets] of table.slots) {
    const sum = byHour.get(hourOf(slot)) ?? new Map<number, number>();
    for (const [bucket, count] of buckets) sum.set(bucket, (sum.get(bucket) ?? 0) + count);
    byHour.set(hourOf(slot), sum);
  }
  const hours = [...byHour].filter(([, buckets]) => total(buckets) >= executionsMin);
  return {
    frozenAt: at,
    count: table.count,
    lnMedian: lnQuantile(table.buckets, 0.5),
    errorShare: table.failed / table.count,
    hours: Object.fromEntries(hours.map(([hour, buckets]) => [hour, lnQuantile(buckets, 0.5)])),
    worse: [],
  };
};

/** Shift of ln ms against the same hours of the baseline, weighted by requests. */
function shiftOf(baseline: Baseline, { table, hourOf }: WindowOfStratum): number {
  let weighted = 0;
  let count = 0;
  for (const [slot, buckets] of table.slots) {
    const n = total(buckets);
    const ordinary = baseline.hours[hourOf(slot)] ?? baseline.lnMedian;
    weighted += n * (lnQuantile(buckets, 0.5) - ordinary);
    count += n;
  }
  return count > 0 ? weighted / count : 0;
}

/**
 * One window against the frozen baseline. A stratum has regressed when this window is worse and two of the last three
 * were, and when that matters: more than 10 s in total, or more errors. `siblingSeconds` is what other strata gained:
 * cost that only moved is no regression.
 */
export function foldBaseline(
  baseline: Baseline,
  window: WindowOfStratum,
  siblingSeconds: number,
): { baseline: Baseline; found: CountedFinding | null } {
  const { table } = window;
  if (total(table.buckets) < executionsMin) return { baseline, found: null };
  const shift = shiftOf(baseline, window);
  const seconds = excessSeconds(baseline, window);
  const points = table.failed / table.count - baseline.errorShare;
  const slower = shift > shiftMin && seconds - siblingSeconds > excessSecondsMin;
  const failing = points > pointsMin;
  const worse = [...baseline.worse, slower || failing].slice(-4);
  const next = { ...baseline, worse };
  const recent = worse.slice(-4, -1).filter(Boolean).length;
  if (!worse.at(-1) || recent < 2) return { baseline: next, found: null };
  const what = slower
    ? `${percentOf(Math.exp(shift) - 1)} slower, ${durationOf(seconds * 1_000)} in total,`
    : `failing more often, by ${plainNumber(points * 100)} points,`;
  const finding: CountedFinding['finding'] = {
    kind: 'regression',
    summary: `${nameOf(table)} is ${what} than when its baseline was frozen, in ${recent + 1} of 4 windows`,
    severity: Math.min(1, Math.max(seconds / 600, points * 5)),
    rowIds: [],
    rowCount: table.count,
    facts: {
      scope: `stratum:${stratumKey(table)}`,
      shift,
      excessSeconds: seconds,
      errorPoints: points,
      frozenAt: baseline.frozenAt,
      baselineRequests: baseline.count,
    },
  };
  return { baseline: next, found: { finding, table, slotsBack: Infinity, failed: !slower } };
}

/** Seconds spent beyond what as many requests took by the baseline's hours; negative when it got faster. */
export function excessSeconds(baseline: Baseline, window: WindowOfStratum): number {
  const { buckets } = window.table;
  const shift = shiftOf(baseline, window);
  return (sumMs(buckets) / 1_000) * (1 - Math.exp(-shift));
}
