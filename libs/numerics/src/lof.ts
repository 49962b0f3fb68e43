import { NumericsError } from './errors.js';
import { requireInRange, requireInteger, rowCount } from './preconditions.js';
import { allNearestNeighbours, nearestNeighbours, type Neighbours } from './nearest-neighbours.js';

/** Keeps the density of exact duplicates finite when no floor is asked for. */
const TINY_REACH = 1e-10;

/** Options of the local outlier factor. */
export interface LofOptions {
  /** Neighbours; cut to n - 1. At least twice the largest expected burst, or a burst vouches for itself. Default 20. */
  k?: number;
  /** Lower bound of every reachability distance, in the unit of the features. Default 1e-10. */
  reachabilityFloor?: number;
}

/** Baseline against which new points are scored. */
export interface LofModel {
  readonly dim: number;
  readonly k: number;
  readonly reachabilityFloor: number;
  readonly points: Float64Array;
  /** Distance of each baseline point to its k-th neighbour. */
  readonly kDistance: Float64Array;
  /** Local reachability density of each baseline point. */
  readonly density: Float64Array;
  /** LOF of each baseline point among the others. */
  readonly scores: Float64Array;
}

function densities(
  neighbours: Neighbours,
  kDistance: Float64Array,
  count: number,
  floor: number,
): Float64Array {
  const { k, indices, distances } = neighbours;
  const density = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let s = i * k; s < (i + 1) * k; s++) {
      const reach = distances[s] > kDistance[indices[s]] ? distances[s] : kDistance[indices[s]];
      sum += reach > floor ? reach : floor;
    }
    density[i] = k / sum;
  }
  return density;
}

function ratios(neighbours: Neighbours, density: Float64Array, own: Float64Array): Float64Array {
  const { k, indices } = neighbours;
  return own.map((ownDensity, i) => {
    let sum = 0;
    for (let s = i * k; s < (i + 1) * k; s++) sum += density[indices[s]];
    return sum / (k * ownDensity);
  });
}

/**
 * Local outlier factor (Breunig et al. 2000) of every row of `points` (n x dim), Euclidean: about 1 is ordinary,
 * clearly above 1 an outlier. Exactly k neighbours count (among equal distances a deterministic choice), as in
 * scikit-learn. `reachabilityFloor` keeps constant data from dividing by zero: all equal gives 1 everywhere.
 * One point scores 1. Cost of the neighbour search plus O(n k).
 * Throws `LOF_INVALID`, `LOF_SHAPE`, `NEIGHBOURS_NOT_FINITE`.
 */
export function localOutlierFactor(
  points: ArrayLike<number>,
  dim: number,
  options: LofOptions = {},
): Float64Array {
  return fitLof(points, dim, options).scores;
}

/** Fits a baseline for {@link scoreLof}; the model's `scores` are the baseline's own factors. */
export function fitLof(points: ArrayLike<number>, dim: number, options: LofOptions = {}): LofModel {
  const n = rowCount('LOF', points, dim);
  const wanted = options.k ?? 20;
  requireInteger('LOF', 'k', wanted, 1);
  const floor = options.reachabilityFloor ?? TINY_REACH;
  requireInRange('LOF', 'reachabilityFloor', floor, Number.MIN_VALUE, Number.MAX_VALUE);
  const data = Float64Array.from(points);
  const neighbours = allNearestNeighbours(data, dim, wanted);
  const { k, distances } = neighbours;
  const model = { dim, k, reachabilityFloor: floor, points: data };
  if (k === 0) {
    const ones = new Float64Array(n).fill(1);
    return { ...model, kDistance: new Float64Array(n), density: ones, scores: ones.slice() };
  }
  const kDistance = new Float64Array(n);
  for (let i = 0; i < n; i++) kDistance[i] = distances[i * k + k - 1];
  const density = densities(neighbours, kDistance, n, floor);
  return { ...model, kDistance, density, scores: ratios(neighbours, density, density) };
}

/**
 * Factors of new points (m x dim) against a baseline, each scored alone (new points do not see each other).
 * Throws `LOF_EMPTY` for a baseline of fewer than two points.
 */
export function scoreLof(model: LofModel, points: ArrayLike<number>): Float64Array {
  if (model.k === 0) throw new NumericsError('LOF_EMPTY', 'the baseline needs at least two points');
  const count = rowCount('LOF', points, model.dim);
  const neighbours = nearestNeighbours(model.points, points, model.dim, model.k);
  const own = densities(neighbours, model.kDistance, count, model.reachabilityFloor);
  return ratios(neighbours, model.density, own);
}
