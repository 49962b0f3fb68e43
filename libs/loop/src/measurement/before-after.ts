import { HartoError } from '@hartonomous/contracts';
import { hodgesLehmann } from '@hartonomous/numerics';
import { effectOf, gainBand, type Metric } from './metrics.js';
import { blockStatistic } from './block-statistic.js';

/** Values of one stretch before and one after a moment. */
export interface Window {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface BeforeAfterResult {
  readonly label: 'observational';
  /** An observational verdict never counts for autonomy. */
  readonly earnsTrust: false;
  readonly decision: 'continue' | 'harm' | 'keep' | 'inconclusive';
  readonly estimate: number | null;
  /** Central 95 % of the placebo changes around the estimate, as effect; null without enough placebos. */
  readonly low: number | null;
  readonly high: number | null;
  /** Share of placebo moments (this one counted) that changed at least as far the same way. */
  readonly rank: number | null;
  readonly placebos: number;
  readonly reason: string;
}

/** 39 placebos and the change itself make 40 ranks: the least share is 1/40 a side, 5 % two-sided. */
export const placebosMin = 39;
const valuesMin = 20;

/**
 * Before/after against moments at which nothing was done. Not a randomised comparison: whatever else happened at
 * the same moment is in it, so the result says so and is used only where no paired design is possible.
 */
export function assessBeforeAfter(
  change: Window,
  placebos: readonly Window[],
  metric: Metric,
): BeforeAfterResult {
  const usable = placebos.filter(isUsable);
  const base = { label: 'observational', earnsTrust: false, placebos: usable.length } as const;
  const none = { ...base, estimate: null, low: null, high: null, rank: null };
  if (!isUsable(change)) {
    return {
      ...none,
      decision: 'continue',
      reason: `observational: fewer than ${valuesMin} requests a side`,
    };
  }
  const d = changeOf(change, metric);
  const estimate = effectOf(metric, d);
  if (usable.length < placebosMin) {
    const reason = `observational: ${usable.length} of ${placebosMin} placebo windows`;
    return { ...none, decision: 'continue', estimate, reason };
  }
  const shifts = usable.map((window) => changeOf(window, metric)).sort((a, b) => a - b);
  const centre = hodgesLehmann(shifts);
  const worseRank = (1 + shifts.filter((shift) => shift >= d).length) / (shifts.length + 1);
  const betterRank = (1 + shifts.filter((shift) => shift <= d).length) / (shifts.length + 1);
  const tail = Math.floor(0.025 * (shifts.length + 1));
  const spread = [shifts[shifts.length - tail] - centre, shifts[tail - 1] - centre];
  const ends = spread.map((shift) => effectOf(metric, d - centre - shift)).sort((a, b) => a - b);
  const band = gainBand(metric, blockStatistic(metric, change.before));
  const decision =
    worseRank <= 0.025 && d > metric.delta
      ? 'harm'
      : betterRank <= 0.025 && -d > band
        ? 'keep'
        : 'inconclusive';
  const rank = Math.min(worseRank, betterRank);
  const reason = `observational: ${metric.label} ${estimate.toPrecision(3)} x before, further than ${(100 * (1 - rank)).toFixed(1)} % of ${shifts.length} placebo moments`;
  return { ...base, decision, estimate, low: ends[0], high: ends[1], rank, reason };
}

const isUsable = (window: Window): boolean =>
  window.before.length >= valuesMin && window.after.length >= valuesMin;

function changeOf(window: Window, metric: Metric): number {
  if (![...window.before, ...window.after].every(Number.isFinite)) {
    throw new HartoError('INPUT_INVALID', 'a before/after window holds a value that is not a finite number');
  }
  return metric.worse * (blockStatistic(metric, window.after) - blockStatistic(metric, window.before));
}
