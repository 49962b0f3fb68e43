import { normalQuantile } from './normal-distribution.js';
import { requireInRange, requireInside, requireInteger } from './preconditions.js';

/** Lower and upper end of an interval, in the unit of the estimate. */
export interface Interval {
  low: number;
  high: number;
}

/**
 * Wilson score interval of a proportion (Wilson 1927), inside [0, 1]; [0, 1] when `trials` is 0. O(1).
 * Throws `WILSON_INVALID` for successes outside [0, trials] or a confidence outside (0, 1).
 */
export function wilsonInterval(successes: number, trials: number, confidence = 0.95): Interval {
  requireInteger('WILSON', 'trials', trials, 0);
  requireInRange('WILSON', 'successes', successes, 0, trials);
  requireInside('WILSON', 'confidence', confidence, 0, 1);
  if (trials === 0) return { low: 0, high: 1 };
  const z = -normalQuantile((1 - confidence) / 2);
  const p = successes / trials;
  const zz = z * z;
  const center = p + zz / (2 * trials);
  const half = z * Math.sqrt((p * (1 - p)) / trials + zz / (4 * trials * trials));
  const scale = 1 + zz / trials;
  return {
    low: successes === 0 ? 0 : Math.max(0, (center - half) / scale),
    high: successes === trials ? 1 : Math.min(1, (center + half) / scale),
  };
}
