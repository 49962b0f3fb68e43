import { requireFinite, requireInteger, requireNonEmpty, rowCount } from './preconditions.js';
import type { Rng } from './random.js';
import { svd, type Svd } from './svd.js';
import { truncatedSvd } from './truncated-svd.js';

/** A fitted projection; plain data. */
export interface Pca {
  readonly dim: number;
  readonly mean: Float64Array;
  /** components x dim, orthonormal rows, largest component of each positive. */
  readonly components: Float64Array;
  /** Variance along each component, divisor n - 1. */
  readonly variances: Float64Array;
  /** Share of the *total* variance (all dimensions, not only the kept ones). */
  readonly explained: Float64Array;
}

/**
 * Principal components of row-major points (n x dim) by the SVD of the centred matrix: exact, or randomised when an
 * `rng` is given (for large dim). At most min(n, dim) components. Throws `PCA_EMPTY`, `PCA_NOT_FINITE`, `PCA_SHAPE`,
 * `PCA_INVALID`. Complexity as `svd` / `truncatedSvd`.
 */
export function fitPca(points: ArrayLike<number>, dim: number, components: number, rng?: Rng): Pca {
  const n = rowCount('PCA', points, dim);
  requireNonEmpty('PCA', points);
  requireFinite('PCA', points);
  requireInteger('PCA', 'components', components, 1, Math.min(n, dim));
  const mean = new Float64Array(dim);
  for (let i = 0; i < n; i++) for (let t = 0; t < dim; t++) mean[t] += points[i * dim + t] / n;
  const centred = new Float64Array(n * dim);
  for (let i = 0; i < n; i++)
    for (let t = 0; t < dim; t++) centred[i * dim + t] = points[i * dim + t] - mean[t];
  const parts: Svd = rng ? truncatedSvd(centred, n, dim, components, { rng }) : svd(centred, n, dim);
  return {
    dim,
    mean,
    components: parts.vt.slice(0, components * dim),
    variances: parts.values.slice(0, components).map((value) => value ** 2 / Math.max(1, n - 1)),
    explained: parts.explained.slice(0, components),
  };
}

/** Scores (m x components) of points (m x dim). O(m dim components). */
export function projectPca(pca: Pca, points: ArrayLike<number>): Float64Array {
  const { dim, mean, components } = pca;
  const m = rowCount('PCA', points, dim);
  const k = components.length / dim;
  const out = new Float64Array(m * k);
  for (let i = 0; i < m; i++) {
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let t = 0; t < dim; t++) sum += (points[i * dim + t] - mean[t]) * components[c * dim + t];
      out[i * k + c] = sum;
    }
  }
  return out;
}
