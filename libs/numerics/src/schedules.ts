import { requireInRange, requireInside, requireInteger } from './preconditions.js';

/** Learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

function requireRate(rate: number): void {
  requireInRange('SCHEDULE', 'rate', rate, 0, Number.MAX_VALUE);
}

/** The same rate at every step. */
export function constantSchedule(rate: number): Schedule {
  requireRate(rate);
  return () => rate;
}

/** Rises linearly over `steps` steps ((step + 1) / steps of the inner rate), then follows `inner` from its step 0. */
export function warmUpSchedule(steps: number, inner: Schedule): Schedule {
  requireInteger('SCHEDULE', 'steps', steps, 0);
  return (step) => (step < steps ? (inner(0) * (step + 1)) / steps : inner(step - steps));
}

/** Half a cosine from `rate` at step 0 to `floor` at `steps` and after (Loshchilov & Hutter 2017, no restarts). */
export function cosineSchedule(rate: number, steps: number, floor = 0): Schedule {
  requireRate(rate);
  requireInteger('SCHEDULE', 'steps', steps, 1);
  requireInRange('SCHEDULE', 'floor', floor, 0, rate);
  return (step) => {
    const share = Math.min(1, Math.max(0, step / steps));
    return floor + ((rate - floor) * (1 + Math.cos(Math.PI * share))) / 2;
  };
}

/** Multiplies the rate by `factor` after every `every` steps. */
export function stepSchedule(rate: number, every: number, factor: number): Schedule {
  requireRate(rate);
  requireInteger('SCHEDULE', 'every', every, 1);
  requireInside('SCHEDULE', 'factor', factor, 0, Infinity);
  return (step) => rate * factor ** Math.floor(Math.max(0, step) / every);
}

/** Falls linearly from `rate` at step 0 to `floor` at `steps` and after. */
export function linearSchedule(rate: number, steps: number, floor = 0): Schedule {
  requireRate(rate);
  requireInteger('SCHEDULE', 'steps', steps, 1);
  requireInRange('SCHEDULE', 'floor', floor, 0, rate);
  return (step) => floor + (rate - floor) * (1 - Math.min(1, Math.max(0, step / steps)));
}

/** State of patience-based early stopping; plain data. */
export interface EarlyStopping {
  best: number;
  bestStep: number;
  step: number;
  /** Evaluations without improvement so far. */
  stale: number;
}

/** State before the first loss. */
export function createEarlyStopping(): EarlyStopping {
  return { best: Infinity, bestStep: -1, step: 0, stale: 0 };
}

/**
 * Records a loss (lower is better); true when training should stop: `patience` evaluations in a row without an
 * improvement by more than `minDelta`. A NaN loss counts as no improvement. O(1). Throws `EARLY_STOPPING_INVALID`.
 */
export function shouldStop(state: EarlyStopping, loss: number, patience: number, minDelta = 0): boolean {
  requireInteger('EARLY_STOPPING', 'patience', patience, 1);
  requireInRange('EARLY_STOPPING', 'minDelta', minDelta, 0, Number.MAX_VALUE);
  if (loss < state.best - minDelta || (state.best === Infinity && loss < Infinity)) {
    state.best = loss;
    state.bestStep = state.step;
    state.stale = 0;
  } else state.stale++;
  state.step++;
  return state.stale >= patience;
}

/** True when the last `window` losses lie within `tolerance` of each other, relative to the largest magnitude. */
export function hasPlateaued(losses: ArrayLike<number>, window = 3, tolerance = 0.01): boolean {
  requireInteger('EARLY_STOPPING', 'window', window, 2);
  if (losses.length < window) return false;
  const last = Array.from({ length: window }, (_, i) => losses[losses.length - window + i]);
  const low = Math.min(...last);
  const high = Math.max(...last);
  return high - low <= tolerance * Math.max(Math.abs(low), Math.abs(high));
}
