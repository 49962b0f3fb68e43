import { NumericsError } from './errors.js';
import { requireFinite, requireInteger, requireSameLength } from './preconditions.js';

/** Eigenpairs of a symmetric matrix, eigenvalues descending; row i of `vectors` (n values) belongs to values[i]. */
export interface SymmetricEigen {
  values: Float64Array;
  vectors: Float64Array;
}

const QL_ITERATIONS_MAX = 60;

interface Tridiagonal {
  diagonal: Float64Array;
  offDiagonal: Float64Array;
  /** Rows of Q^T, where A = Q T Q^T. */
  basis: Float64Array;
}

/** Householder reduction to tridiagonal form on a full row-major copy `a` (destroyed). */
function tridiagonalise(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  const reflectors = new Float64Array(n * n);
  const betas = new Float64Array(n);
  const p = new Float64Array(n);
  for (let k = 0; k < n - 1; k++) {
    diagonal[k] = a[k * n + k];
    const v = reflectors.subarray(k * n, k * n + n);
    let scale = 0;
    for (let i = k + 1; i < n; i++) scale = Math.max(scale, Math.abs(a[i * n + k]));
    let below = 0;
    for (let i = k + 2; i < n; i++) below = Math.max(below, Math.abs(a[i * n + k]));
    if (below === 0) {
      offDiagonal[k] = a[(k + 1) * n + k];
      continue;
    }
    let norm2 = 0;
    for (let i = k + 1; i < n; i++) {
      v[i] = a[i * n + k] / scale;
      norm2 += v[i] * v[i];
    }
    const alpha = v[k + 1] > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2);
    const beta = 1 / (norm2 - alpha * v[k + 1]);
    v[k + 1] -= alpha;
    betas[k] = beta;
    offDiagonal[k] = alpha * scale;
    let pv = 0;
    for (let i = k + 1; i < n; i++) {
      let sum = 0;
      const row = i * n;
      for (let j = k + 1; j < n; j++) sum += a[row + j] * v[j];
      p[i] = beta * sum;
      pv += p[i] * v[i];
    }
    const half = (beta * pv) / 2;
    for (let i = k + 1; i < n; i++) p[i] -= half * v[i];
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      const vi = v[i];
      const pi = p[i];
      for (let j = k + 1; j < n; j++) a[row + j] -= vi * p[j] + pi * v[j];
    }
  }
  diagonal[n - 1] = a[n * n - 1];
  return { diagonal, offDiagonal, basis: accumulateReflectors(reflectors, betas, n) };
}

/** Q^T = H_{n-2} ... H_0 as rows, applied backward to the identity. */
function accumulateReflectors(reflectors: Float64Array, betas: Float64Array, n: number): Float64Array {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  for (let k = n - 2; k >= 0; k--) {
    const beta = betas[k];
    if (beta === 0) continue;
    const v = reflectors.subarray(k * n, k * n + n);
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      let sum = 0;
      for (let j = k + 1; j < n; j++) sum += q[row + j] * v[j];
      sum *= beta;
      for (let j = k + 1; j < n; j++) q[row + j] -= sum * v[j];
    }
  }
  return q;
}

/** Implicit QL with Wilkinson's shift; rotates the rows of `basis` along. */
function diagonalise(t: Tridiagonal, n: number): void {
  const { diagonal: d, offDiagonal: e, basis } = t;
  for (let start = 0; start < n; start++) {
    for (let iteration = 0; ; iteration++) {
      let end = start;
      while (end < n - 1 && Math.abs(e[end]) > Number.EPSILON * (Math.abs(d[end]) + Math.abs(d[end + 1])))
        end++;
      if (end === start) break;
      if (iteration === QL_ITERATIONS_MAX) {
        throw new NumericsError('EIGEN_NOT_CONVERGED', `no convergence after ${iteration} sweeps`, { start });
      }
      let g = (d[start + 1] - d[start]) / (2 * e[start]);
      const r0 = Math.sqrt(g * g + 1);
      g = d[end] - d[start] + e[start] / (g + (g < 0 ? -r0 : r0));
      chase(d, e, basis, n, start, end, g);
    }
  }
}

function chase(
  d: Float64Array,
  e: Float64Array,
  basis: Float64Array,
  n: number,
  start: number,
  end: number,
  shift: number,
): void {
  let g = shift;
  let sine = 1;
  let cosine = 1;
  let moved = 0;
  for (let i = end - 1; i >= start; i--) {
    const f = sine * e[i];
    const b = cosine * e[i];
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= moved;
      e[end] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1] - moved;
    const t = (d[i] - g) * sine + 2 * cosine * b;
    moved = sine * t;
    d[i + 1] = g + moved;
    g = cosine * t - b;
    const low = i * n;
    const high = low + n;
    for (let k = 0; k < n; k++) {
      const x = basis[low + k];
      const y = basis[high + k];
      basis[high + k] = sine * x + cosine * y;
      basis[low + k] = cosine * x - sine * y;
    }
  }
  d[start] -= moved;
  e[start] = g;
  e[end] = 0;
}

/**
 * Flips each row (an eigenvector, `width` values) so that its component of largest magnitude is positive; among
 * components within 1e-9 of the largest the first decides, so rounding does not flip the sign.
 */
export function orientRows(rows: Float64Array, width: number, also?: Float64Array, alsoWidth = 0): void {
  for (let row = 0; (row + 1) * width <= rows.length; row++) {
    const values = rows.subarray(row * width, (row + 1) * width);
    let largest = 0;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
    let at = 0;
    while (at < width && Math.abs(values[at]) < largest * (1 - 1e-9)) at++;
    if (largest === 0 || values[at] > 0) continue;
    for (let i = 0; i < width; i++) values[i] = -values[i];
    if (also) for (let i = row * alsoWidth; i < (row + 1) * alsoWidth; i++) also[i] = -also[i];
  }
}

/**
 * All eigenpairs of a symmetric matrix (row-major n x n; only its symmetric part is used): Householder
 * tridiagonalisation and implicit QL (Golub & Van Loan, 8.3). O(n^3) time, 3 n^2 doubles. Signs by
 * {@link orientRows}. n = 0 gives empty arrays. Throws `EIGEN_SHAPE`, `EIGEN_NOT_FINITE`, `EIGEN_NOT_CONVERGED`.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): SymmetricEigen {
  requireInteger('EIGEN', 'n', n, 0, 20_000);
  requireSameLength('EIGEN', matrix, { length: n * n });
  requireFinite('EIGEN', matrix);
  if (n === 0) return { values: new Float64Array(0), vectors: new Float64Array(0) };
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) a[i * n + j] = matrix[i * n + j] / 2 + matrix[j * n + i] / 2;
  }
  const t = tridiagonalise(a, n);
  diagonalise(t, n);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => t.diagonal[j] - t.diagonal[i] || i - j);
  const values = Float64Array.from(order, (i) => t.diagonal[i]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(t.basis.subarray(from * n, from * n + n), to * n));
  orientRows(vectors, n);
  return { values, vectors };
}
