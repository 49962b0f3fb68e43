import {
  requireFinite,
  requireInteger,
  requireNonEmpty,
  requireSameLength,
  rowCount,
} from './preconditions.js';
import { svd, type Svd } from './svd.js';

/** What a Procrustes fit may do beside rotating. */
export interface ProcrustesOptions {
  /** Also fit one scale. Default false. */
  scaling?: boolean;
  /** Allow mirror images (determinant -1). Default true, as the orthogonal problem is usually posed. */
  reflection?: boolean;
}

/** y = scale (x - sourceMean) R + targetMean for row vectors; `rotation` is dim x dim, row-major. */
export interface Procrustes {
  readonly dim: number;
  readonly rotation: Float64Array;
  readonly scale: number;
  readonly sourceMean: Float64Array;
  readonly targetMean: Float64Array;
  /** Root mean squared distance between the moved source and the target. */
  readonly rmse: number;
}

function centre(points: ArrayLike<number>, dim: number): { centred: Float64Array; mean: Float64Array } {
  const n = points.length / dim;
  const mean = new Float64Array(dim);
  for (let i = 0; i < n; i++) for (let t = 0; t < dim; t++) mean[t] += points[i * dim + t] / n;
  return { centred: Float64Array.from(points, (value, at) => value - mean[at % dim]), mean };
}

/** x^T y for x (n x p), y (n x q). */
function crossProduct(x: Float64Array, p: number, y: Float64Array, q: number): Float64Array {
  const n = x.length / p;
  const out = new Float64Array(p * q);
  for (let i = 0; i < n; i++) {
    for (let s = 0; s < p; s++) {
      const a = x[i * p + s];
      for (let t = 0; t < q; t++) out[s * q + t] += a * y[i * q + t];
    }
  }
  return out;
}

/** U diag(signs) V^T of square parts. */
function joinFactors(parts: Svd, dim: number, lastSign: number): Float64Array {
  const rotation = new Float64Array(dim * dim);
  for (let f = 0; f < dim; f++) {
    const sign = f === dim - 1 ? lastSign : 1;
    for (let s = 0; s < dim; s++) {
      for (let t = 0; t < dim; t++)
        rotation[s * dim + t] += sign * parts.ut[f * dim + s] * parts.vt[f * dim + t];
    }
  }
  return rotation;
}

function determinantSign(matrix: Float64Array, n: number): number {
  const a = matrix.slice();
  let sign = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (pivot !== k) {
      sign = -sign;
      for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
    }
    if (a[k * n + k] < 0) sign = -sign;
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      for (let j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
  return sign;
}

/**
 * Rotation, translation and optional scale that bring paired `source` rows nearest to `target` rows in least squares
 * (Schonemann 1966; without reflection Kabsch 1976). O(n dim^2 + dim^3). All-equal sources keep scale 1.
 * Throws `PROCRUSTES_EMPTY`, `PROCRUSTES_SHAPE`, `PROCRUSTES_NOT_FINITE`.
 */
export function fitProcrustes(
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  dim: number,
  options: ProcrustesOptions = {},
): Procrustes {
  const n = rowCount('PROCRUSTES', source, dim);
  requireSameLength('PROCRUSTES', source, target);
  requireNonEmpty('PROCRUSTES', source);
  requireFinite('PROCRUSTES', source);
  requireFinite('PROCRUSTES', target);
  const from = centre(source, dim);
  const to = centre(target, dim);
  const parts = svd(crossProduct(from.centred, dim, to.centred, dim), dim, dim);
  let rotation = joinFactors(parts, dim, 1);
  let lastSign = 1;
  if (options.reflection === false && determinantSign(rotation, dim) < 0) {
    lastSign = -1;
    rotation = joinFactors(parts, dim, -1);
  }
  let trace = 0;
  parts.values.forEach((value, f) => (trace += f === dim - 1 ? lastSign * value : value));
  const size = from.centred.reduce((sum, value) => sum + value * value, 0);
  const scale = options.scaling && size > 0 ? trace / size : 1;
  const fit = { dim, rotation, scale, sourceMean: from.mean, targetMean: to.mean };
  const moved = applyProcrustes({ ...fit, rmse: 0 }, source);
  let squares = 0;
  for (let i = 0; i < moved.length; i++) squares += (moved[i] - target[i]) ** 2;
  return { ...fit, rmse: Math.sqrt(squares / n) };
}

/** Moves points (m x dim) by a fitted map. O(m dim^2). */
export function applyProcrustes(fit: Procrustes, points: ArrayLike<number>): Float64Array {
  const { dim, rotation, scale, sourceMean, targetMean } = fit;
  const m = rowCount('PROCRUSTES', points, dim);
  const out = new Float64Array(m * dim);
  for (let i = 0; i < m; i++) {
    for (let t = 0; t < dim; t++) {
      let sum = 0;
      for (let s = 0; s < dim; s++) sum += (points[i * dim + s] - sourceMean[s]) * rotation[s * dim + t];
      out[i * dim + t] = scale * sum + targetMean[t];
    }
  }
  return out;
}

/** Canonical pairs: variate c of x is (x - xMean) . xWeights[c], of unit variance (divisor n - 1), same for y. */
export interface Cca {
  readonly correlations: Float64Array;
  readonly xMean: Float64Array;
  readonly yMean: Float64Array;
  /** components x p. */
  readonly xWeights: Float64Array;
  /** components x q. */
  readonly yWeights: Float64Array;
}

/** Singular values below this share of the largest are taken as zero: directions without variance. */
const RANK_TOLERANCE = 1e-10;

interface Whitened {
  /** rank x n, orthonormal rows. */
  scores: Float64Array;
  rank: number;
  parts: Svd;
  mean: Float64Array;
}

function whiten(points: ArrayLike<number>, dim: number): Whitened {
  const n = points.length / dim;
  const { centred, mean } = centre(points, dim);
  const parts = svd(centred, n, dim);
  const least = RANK_TOLERANCE * (parts.values[0] ?? 0);
  const rank = parts.values.filter((value) => value > least).length;
  return { scores: parts.ut.subarray(0, rank * n), rank, parts, mean };
}

/** Weights that map centred points to the variates: V S^-1 a sqrt(n - 1). */
function variateWeights(
  side: Whitened,
  dim: number,
  directions: Float64Array,
  count: number,
  n: number,
): Float64Array {
  const weights = new Float64Array(count * dim);
  for (let c = 0; c < count; c++) {
    for (let r = 0; r < side.rank; r++) {
      const factor = (directions[c * side.rank + r] / side.parts.values[r]) * Math.sqrt(n - 1);
      for (let t = 0; t < dim; t++) weights[c * dim + t] += factor * side.parts.vt[r * dim + t];
    }
  }
  return weights;
}

/**
 * Canonical correlation analysis of paired rows x (n x p) and y (n x q) (Hotelling 1936) by SVD whitening (Bjorck &
 * Golub 1973): no covariance matrix, rank-deficient sides allowed. Returns min(rank x, rank y) components,
 * correlations descending in [0, 1]; none for constant data. O(n (p^2 + q^2)). Throws `CCA_SHAPE`,
 * `CCA_NOT_FINITE`, `CCA_INVALID` (fewer than two rows).
 */
export function canonicalCorrelation(x: ArrayLike<number>, p: number, y: ArrayLike<number>, q: number): Cca {
  const n = rowCount('CCA', x, p);
  requireSameLength('CCA', { length: n }, { length: rowCount('CCA', y, q) });
  requireInteger('CCA', 'rows', n, 2);
  requireFinite('CCA', x);
  requireFinite('CCA', y);
  const left = whiten(x, p);
  const right = whiten(y, q);
  const cross = new Float64Array(left.rank * right.rank);
  for (let r = 0; r < left.rank; r++) {
    for (let s = 0; s < right.rank; s++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += left.scores[r * n + i] * right.scores[s * n + i];
      cross[r * right.rank + s] = sum;
    }
  }
  const parts = svd(cross, left.rank, right.rank);
  const count = parts.values.length;
  return {
    correlations: parts.values.map((value) => Math.min(1, value)),
    xMean: left.mean,
    yMean: right.mean,
    xWeights: variateWeights(left, p, parts.ut, count, n),
    yWeights: variateWeights(right, q, parts.vt, count, n),
  };
}
