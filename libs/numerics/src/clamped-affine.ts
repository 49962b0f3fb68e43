import { NumericsError } from './errors.js';
import { requireFinite, requireSameLength, rowCount } from './preconditions.js';

/** Atoms moved by every sample before the next ones: they stay in the first-level cache. */
const BLOCK = 2048;

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

/**
 * Samples for a block of coordinates: `slopes[s]` and `offsets[s * dim + t]` move coordinate t of every atom by
 * x -> clamp(slope x + offset). For a pull toward target t at rate r: slope 1 - r, offset r t.
 */
export interface ClampedSamples {
  dim: number;
  slopes: Float64Array;
  /** samples x dim. */
  offsets: Float64Array;
  /** dim lower limits. */
  lo: Float64Array;
  /** dim upper limits. */
  hi: Float64Array;
}

/** Checks shapes and limits; returns the number of samples. Throws `CLAMPED_SHAPE`, `CLAMPED_INVALID`. */
export function checkClampedSamples(samples: ClampedSamples): number {
  const count = rowCount('CLAMPED', samples.offsets, samples.dim);
  requireSameLength('CLAMPED', samples.slopes, { length: count });
  requireSameLength('CLAMPED', samples.lo, { length: samples.dim });
  requireSameLength('CLAMPED', samples.hi, { length: samples.dim });
  requireFinite('CLAMPED', samples.slopes);
  requireFinite('CLAMPED', samples.offsets);
  for (let t = 0; t < samples.dim; t++) {
    for (let s = 0; s < Math.max(1, count); s++) {
      const a = count === 0 ? 1 : samples.slopes[s];
      requireClampedAffine({ a, b: 0, lo: samples.lo[t], hi: samples.hi[t] });
    }
  }
  return count;
}

/**
 * Applies every sample in order to every coordinate, in place, in double precision. Coordinates are stored by
 * axis: `axes[t]` holds coordinate t of all atoms. O(atoms x samples x dim); the vector kernels do the same work
 * faster. Throws `CLAMPED_SHAPE`, `CLAMPED_INVALID`.
 */
export function updateClamped(axes: readonly Float64Array[], samples: ClampedSamples): void {
  const count = checkClampedSamples(samples);
  requireSameLength('CLAMPED', axes, { length: samples.dim });
  axes.forEach((axis, t) => {
    const lo = samples.lo[t];
    const hi = samples.hi[t];
    for (let from = 0; from < axis.length; from += BLOCK) {
      const to = Math.min(axis.length, from + BLOCK);
      for (let s = 0; s < count; s++) {
        const a = samples.slopes[s];
        const b = samples.offsets[s * samples.dim + t];
        for (let i = from; i < to; i++) {
          let x = a * axis[i] + b;
          x = x > lo ? x : lo;
          axis[i] = x < hi ? x : hi;
        }
      }
    }
  });
}

/**
 * The same result (to rounding) by composition: the samples fold to one map per axis, then one pass over the
 * atoms. O(samples + atoms) per axis. See {@link updateClamped}.
 */
export function updateClampedComposed(axes: readonly Float64Array[], samples: ClampedSamples): void {
  const count = checkClampedSamples(samples);
  requireSameLength('CLAMPED', axes, { length: samples.dim });
  axes.forEach((axis, t) => {
    const [lo, hi] = [samples.lo[t], samples.hi[t]];
    let map: ClampedAffine = { a: 1, b: 0, lo: -Infinity, hi: Infinity };
    for (let s = 0; s < count; s++) {
      const next = { a: samples.slopes[s], b: samples.offsets[s * samples.dim + t], lo, hi };
      map = composeClampedAffine(map, next);
    }
    applyToAll(axis, map);
  });
}

/** Applies one map to every value in place. */
export function applyToAll(values: Float64Array, map: ClampedAffine): void {
  const { a, b, lo, hi } = map;
  for (let i = 0; i < values.length; i++) {
    let x = a * values[i] + b;
    x = x > lo ? x : lo;
    values[i] = x < hi ? x : hi;
  }
}
