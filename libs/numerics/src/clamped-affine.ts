import { NumericsError } from './errors.js';

/**
 * One coordinate's update x -> min(hi, max(lo, a x + b)) with a >= 0 and lo <= hi. Such maps are closed under
 * composition, so a sequence of samples shared by many atoms folds to four numbers per coordinate.
 */
export interface ClampedAffine {
  a: number;
  b: number;
  lo: number;
  hi: number;
}

/** Throws `CLAMPED_INVALID` unless a >= 0 and lo <= hi, all but the limits finite. */
export function requireClampedAffine(map: ClampedAffine): void {
  const sound = map.a >= 0 && Number.isFinite(map.a) && Number.isFinite(map.b) && map.lo <= map.hi;
  if (!sound)
    throw new NumericsError('CLAMPED_INVALID', 'a >= 0, finite b and lo <= hi are needed', { ...map });
}

/** The map applied to one value. A NaN value gives lo (as the vector kernels do). */
export function applyClampedAffine(map: ClampedAffine, x: number): number {
  const y = map.a * x + map.b;
  const raised = y > map.lo ? y : map.lo;
  return raised < map.hi ? raised : map.hi;
}

/**
 * `second` after `first`: slope a2 a1, offset a2 b1 + b2, and limits the images of the first limits under the
 * second map (monotone, because slopes are not negative). O(1). Throws `CLAMPED_INVALID`.
 */
export function composeClampedAffine(first: ClampedAffine, second: ClampedAffine): ClampedAffine {
  requireClampedAffine(first);
  requireClampedAffine(second);
  return {
    a: second.a * first.a,
    b: second.a * first.b + second.b,
    lo: applyClampedAffine(second, second.a === 0 ? 0 : first.lo),
    hi: applyClampedAffine(second, second.a === 0 ? 0 : first.hi),
  };
}

/** Composition of a sequence, first map first; the identity without limits for an empty one. O(n). */
export function foldClampedAffine(maps: Iterable<ClampedAffine>): ClampedAffine {
  let folded: ClampedAffine = { a: 1, b: 0, lo: -Infinity, hi: Infinity };
  for (const map of maps) folded = composeClampedAffine(folded, map);
  return folded;
}

/** Applies one map to every value in place. */
export function applyToAll(values: Float64Array | Float32Array, map: ClampedAffine): void {
  const { a, b, lo, hi } = map;
  for (let i = 0; i < values.length; i++) {
    const y = a * values[i] + b;
    if (y > lo && y < hi) values[i] = y;
    else values[i] = y >= hi ? hi : lo;
  }
}
