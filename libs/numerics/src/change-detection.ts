import { requireFinite, requireInRange, requireInside } from './preconditions.js';

/** A detected change of level. */
export interface ChangePoint {
  /** Index of the value that raised the alarm. */
  alarm: number;
  /** First index after the statistic last stood at zero: the estimated start of the change. */
  start: number;
  direction: 'up' | 'down';
}

/** State of a two-sided CUSUM; plain data. */
export interface CusumState {
  up: number;
  down: number;
  upSince: number;
  downSince: number;
  count: number;
}

/** Settings of the CUSUM, all in the unit of the values. */
export interface CusumOptions {
  /** Level in control. */
  target: number;
  /** Slack (allowance): half the shift worth detecting. */
  slack: number;
  /** Decision limit; 4 to 5 standard deviations are usual. */
  threshold: number;
}

/** State before the first value. */
export function createCusum(): CusumState {
  return { up: 0, down: 0, upSince: 0, downSince: 0, count: 0 };
}

/**
 * Two-sided tabular CUSUM (Page 1954): up = max(0, up + x - target - slack), down likewise; an alarm when one
 * exceeds the threshold, after which both restart from zero. O(1). Throws `CUSUM_NOT_FINITE`, `CUSUM_INVALID`.
 */
export function updateCusum(state: CusumState, value: number, options: CusumOptions): ChangePoint | null {
  requireFinite('CUSUM', [value, options.target]);
  requireInRange('CUSUM', 'slack', options.slack, 0, Number.MAX_VALUE);
  requireInside('CUSUM', 'threshold', options.threshold, 0, Infinity);
  const index = state.count++;
  const deviation = value - options.target;
  state.up = Math.max(0, state.up + deviation - options.slack);
  state.down = Math.max(0, state.down - deviation - options.slack);
  if (state.up === 0) state.upSince = index + 1;
  if (state.down === 0) state.downSince = index + 1;
  if (state.up <= options.threshold && state.down <= options.threshold) return null;
  const direction = state.up > state.down ? 'up' : 'down';
  const start = direction === 'up' ? state.upSince : state.downSince;
  state.up = 0;
  state.down = 0;
  state.upSince = state.count;
  state.downSince = state.count;
  return { alarm: index, start, direction };
}

/** All alarms of a series; see {@link updateCusum}. O(n). */
export function cusum(values: ArrayLike<number>, options: CusumOptions): ChangePoint[] {
  const state = createCusum();
  const found: ChangePoint[] = [];
  for (let i = 0; i < values.length; i++) {
    const change = updateCusum(state, values[i], options);
    if (change) found.push(change);
  }
  return found;
}

/** State of the two-sided Page-Hinkley test; plain data. */
export interface PageHinkleyState {
  mean: number;
  seen: number;
  up: number;
  upLeast: number;
  upSince: number;
  down: number;
  downLeast: number;
  downSince: number;
  count: number;
}

/** Settings of the Page-Hinkley test, in the unit of the values. */
export interface PageHinkleyOptions {
  /** Tolerated deviation from the running mean. */
  delta: number;
  /** Alarm limit. */
  threshold: number;
  /** Values before the first alarm is possible; default 30. */
  warmUp?: number;
}

/** State before the first value. */
export function createPageHinkley(): PageHinkleyState {
  return { mean: 0, seen: 0, up: 0, upLeast: 0, upSince: 0, down: 0, downLeast: 0, downSince: 0, count: 0 };
}

/**
 * Page-Hinkley test (Hinkley 1971): cumulated deviation from the running mean, less delta, against its minimum;
 * both directions. After an alarm everything restarts. Unlike CUSUM no target is needed. O(1).
 */
export function updatePageHinkley(
  state: PageHinkleyState,
  value: number,
  options: PageHinkleyOptions,
): ChangePoint | null {
  requireFinite('PAGE_HINKLEY', [value]);
  requireInRange('PAGE_HINKLEY', 'delta', options.delta, 0, Number.MAX_VALUE);
  requireInside('PAGE_HINKLEY', 'threshold', options.threshold, 0, Infinity);
  const index = state.count++;
  state.seen++;
  state.mean += (value - state.mean) / state.seen;
  state.up += value - state.mean - options.delta;
  state.down += state.mean - value - options.delta;
  if (state.up <= state.upLeast) {
    state.upLeast = state.up;
    state.upSince = index + 1;
  }
  if (state.down <= state.downLeast) {
    state.downLeast = state.down;
    state.downSince = index + 1;
  }
  const rise = state.up - state.upLeast;
  const fall = state.down - state.downLeast;
  if (state.seen <= (options.warmUp ?? 30) || Math.max(rise, fall) <= options.threshold) return null;
  const direction = rise > fall ? 'up' : 'down';
  const start = direction === 'up' ? state.upSince : state.downSince;
  const { count } = state;
  Object.assign(state, createPageHinkley(), { count, upSince: count, downSince: count });
  return { alarm: index, start, direction };
}

/** All alarms of a series; see {@link updatePageHinkley}. O(n). */
export function pageHinkley(values: ArrayLike<number>, options: PageHinkleyOptions): ChangePoint[] {
  const state = createPageHinkley();
  const found: ChangePoint[] = [];
  for (let i = 0; i < values.length; i++) {
    const change = updatePageHinkley(state, values[i], options);
    if (change) found.push(change);
  }
  return found;
}
