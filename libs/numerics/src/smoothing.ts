import { requireFinite, requireInRange, requireInteger, requireSameLength } from './preconditions.js';
import { median } from './quantile.js';

/**
 * Trailing mean of the last `window` values (of all values so far while fewer). Compensated running sum
 * (Neumaier), so a large value that has left the window leaves no error behind. O(n). Empty input, empty result.
 */
export function movingAverage(values: ArrayLike<number>, window: number): Float64Array {
  requireInteger('MOVING_AVERAGE', 'window', window, 1);
  requireFinite('MOVING_AVERAGE', values);
  const out = new Float64Array(values.length);
  let sum = 0;
  let lost = 0;
  const add = (value: number): void => {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  };
  for (let i = 0; i < values.length; i++) {
    add(values[i]);
    if (i >= window) add(-values[i - window]);
    out[i] = (sum + lost) / Math.min(i + 1, window);
  }
  return out;
}

/** Mean over [i - half, i + half] cut to the series. O(n) by {@link movingAverage}'s sums is not needed here: O(n half). */
export function centredMovingAverage(values: ArrayLike<number>, half: number): Float64Array {
  requireInteger('MOVING_AVERAGE', 'half', half, 0);
  requireFinite('MOVING_AVERAGE', values);
  return Float64Array.from({ length: values.length }, (_, i) => {
    const from = Math.max(0, i - half);
    const to = Math.min(values.length - 1, i + half);
    let sum = 0;
    for (let j = from; j <= to; j++) sum += values[j];
    return sum / (to - from + 1);
  });
}

/** Exponential moving average s += alpha (x - s), started at the first value. alpha in (0, 1]. O(n). */
export function exponentialMovingAverage(values: ArrayLike<number>, alpha: number): Float64Array {
  requireInRange('MOVING_AVERAGE', 'alpha', alpha, Number.MIN_VALUE, 1);
  requireFinite('MOVING_AVERAGE', values);
  const out = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++)
    out[i] = i === 0 ? values[0] : out[i - 1] + alpha * (values[i] - out[i - 1]);
  return out;
}

/** Medians by phase of a season. */
export interface SeasonalMedians {
  /** Median of each phase; the overall median where the phase has fewer than `minCount` values. */
  medians: Float64Array;
  counts: Uint32Array;
  overall: number;
}

/**
 * Median of the values of each phase (for example hour of the week: period 168). `phases[i]` is an integer in
 * [0, period). O(n + period). Throws `SEASON_INVALID`, `SEASON_SHAPE`, `SEASON_NOT_FINITE`, `QUANTILE_EMPTY`.
 */
export function seasonalMedians(
  values: ArrayLike<number>,
  phases: ArrayLike<number>,
  period: number,
  minCount = 1,
): SeasonalMedians {
  requireInteger('SEASON', 'period', period, 1);
  requireSameLength('SEASON', values, phases);
  requireFinite('SEASON', values);
  const groups: number[][] = Array.from({ length: period }, () => []);
  for (let i = 0; i < values.length; i++) {
    requireInteger('SEASON', 'phase', phases[i], 0, period - 1);
    groups[phases[i]].push(values[i]);
  }
  const overall = median(values);
  const enough = (group: number[]): boolean => group.length >= Math.max(1, minCount);
  return {
    medians: Float64Array.from(groups, (group) => (enough(group) ? median(group) : overall)),
    counts: Uint32Array.from(groups, (group) => group.length),
    overall,
  };
}

/** Values less their phase's median, plus the overall median: the level stays, the season goes. O(n). */
export function removeSeason(
  values: ArrayLike<number>,
  phases: ArrayLike<number>,
  season: SeasonalMedians,
): Float64Array {
  requireSameLength('SEASON', values, phases);
  return Float64Array.from(values, (value, i) => {
    requireInteger('SEASON', 'phase', phases[i], 0, season.medians.length - 1);
    return value - season.medians[phases[i]] + season.overall;
  });
}
