import { cholesky, solveLower } from './cholesky.js';
import { requireFinite, requireInRange, requireNonEmpty, rowCount } from './preconditions.js';

/** A fitted ellipsoid. */
export interface MahalanobisModel {
  readonly dim: number;
  readonly mean: Float64Array;
  /** Shrunk covariance, dim x dim. */
  readonly covariance: Float64Array;
  /** Its lower Cholesky factor; null when the data do not vary at all. */
  readonly factor: Float64Array | null;
  /** Weight of the scaled identity in [0, 1]. */
  readonly shrinkage: number;
}

/** Keeps an exactly singular covariance (a constant feature, more features than points) invertible. */
const RELATIVE_RIDGE = 1e-12;

function centredCovariance(
  points: ArrayLike<number>,
  n: number,
  dim: number,
  mean: Float64Array,
): Float64Array {
  const covariance = new Float64Array(dim * dim);
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < dim; s++) {
      const x = points[i * dim + s] - mean[s];
      for (let t = 0; t <= s; t++) covariance[s * dim + t] += (x * (points[i * dim + t] - mean[t])) / n;
    }
  }
  for (let s = 0; s < dim; s++)
    for (let t = s + 1; t < dim; t++) covariance[s * dim + t] = covariance[t * dim + s];
  return covariance;
}

/** Ledoit & Wolf (2004) intensity toward mu I: estimated error of the covariance over its distance to mu I. */
function ledoitWolf(
  points: ArrayLike<number>,
  n: number,
  dim: number,
  mean: Float64Array,
  covariance: Float64Array,
  mu: number,
): number {
  let distance = 0;
  let squares = 0;
  for (let s = 0; s < dim; s++) {
    for (let t = 0; t < dim; t++) {
      const c = covariance[s * dim + t];
      distance += (c - (s === t ? mu : 0)) ** 2;
      squares += c * c;
    }
  }
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    let norm2 = 0;
    for (let t = 0; t < dim; t++) norm2 += (points[i * dim + t] - mean[t]) ** 2;
    fourth += (norm2 * norm2) / n;
  }
  const error = (fourth - squares) / n;
  return distance <= 0 ? 0 : Math.max(0, Math.min(1, error / distance));
}

/**
 * Mean and shrunk covariance (1 - s) S + s (tr S / dim) I of row-major points (n x dim), divisor n; s by Ledoit &
 * Wolf when `shrinkage` is not given. O(n dim^2 + dim^3). Throws `MAHALANOBIS_EMPTY`, `MAHALANOBIS_NOT_FINITE`,
 * `MAHALANOBIS_INVALID`, `MAHALANOBIS_SHAPE`.
 */
export function fitMahalanobis(points: ArrayLike<number>, dim: number, shrinkage?: number): MahalanobisModel {
  const n = rowCount('MAHALANOBIS', points, dim);
  requireNonEmpty('MAHALANOBIS', points);
  requireFinite('MAHALANOBIS', points);
  if (shrinkage !== undefined) requireInRange('MAHALANOBIS', 'shrinkage', shrinkage, 0, 1);
  const mean = new Float64Array(dim);
  for (let i = 0; i < n; i++) for (let t = 0; t < dim; t++) mean[t] += points[i * dim + t] / n;
  const covariance = centredCovariance(points, n, dim, mean);
  let mu = 0;
  for (let t = 0; t < dim; t++) mu += covariance[t * dim + t] / dim;
  const weight = shrinkage ?? ledoitWolf(points, n, dim, mean, covariance, mu);
  for (let at = 0; at < covariance.length; at++) covariance[at] *= 1 - weight;
  for (let t = 0; t < dim; t++) covariance[t * dim + t] += (weight + RELATIVE_RIDGE) * mu;
  const varies = mu > 0 && covariance.every((value, at) => at % (dim + 1) !== 0 || value > 0);
  return { dim, mean, covariance, factor: varies ? cholesky(covariance, dim) : null, shrinkage: weight };
}

/**
 * Mahalanobis distances (not squared) of each row of `points`. For data that did not vary: 0 at their place,
 * Infinity elsewhere. O(m dim^2).
 */
export function mahalanobisDistances(model: MahalanobisModel, points: ArrayLike<number>): Float64Array {
  const { dim, mean, factor } = model;
  const m = rowCount('MAHALANOBIS', points, dim);
  requireFinite('MAHALANOBIS', points);
  const delta = new Float64Array(dim);
  return Float64Array.from({ length: m }, (_, i) => {
    for (let t = 0; t < dim; t++) delta[t] = points[i * dim + t] - mean[t];
    if (!factor) return delta.every((value) => value === 0) ? 0 : Infinity;
    solveLower(factor, dim, delta);
    return Math.sqrt(delta.reduce((sum, value) => sum + value * value, 0));
  });
}
