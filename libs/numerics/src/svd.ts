import { NumericsError } from './errors.js';
import { thinQrOfTranspose, transpose } from './qr.js';
import { requireFinite, requireInteger, requireSameLength } from './preconditions.js';
import { orientRows } from './symmetric-eigen.js';

/**
 * A = U S V^T: `ut` (k x rows) and `vt` (k x cols) hold singular vectors as rows, `values` descend.
 * `explained[i]` is values[i]^2 over the squared Frobenius norm of the *whole* matrix, whatever k is.
 */
export interface Svd {
  ut: Float64Array;
  values: Float64Array;
  vt: Float64Array;
  explained: Float64Array;
}

const SWEEPS_MAX = 60;

/** Rotates two rows of `data`: (p, q) <- (c p - s q, s p + c q). */
function rotate(data: Float64Array, p: number, q: number, width: number, c: number, s: number): void {
  for (let i = 0; i < width; i++) {
    const x = data[p + i];
    const y = data[q + i];
    data[p + i] = c * x - s * y;
    data[q + i] = s * x + c * y;
  }
}

/**
 * One-sided Jacobi (Hestenes 1958; Demmel & Veselic 1992: high relative accuracy): makes the rows of w (n x width)
 * orthogonal and applies the same rotations to `also` (n x alsoWidth).
 */
export function orthogonaliseRows(
  w: Float64Array,
  n: number,
  width: number,
  also: Float64Array,
  alsoWidth: number,
): void {
  const tolerance = Number.EPSILON * Math.sqrt(width);
  const norms = new Float64Array(n);
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    let rotations = 0;
    for (let p = 0; p < n; p++) norms[p] = rowSquare(w, p * width, width);
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const a = p * width;
        const b = q * width;
        let dot0 = 0;
        let dot1 = 0;
        let i = 0;
        for (; i + 1 < width; i += 2) {
          dot0 += w[a + i] * w[b + i];
          dot1 += w[a + i + 1] * w[b + i + 1];
        }
        if (i < width) dot0 += w[a + i] * w[b + i];
        const dot = dot0 + dot1;
        if (Math.abs(dot) <= tolerance * Math.sqrt(norms[p]) * Math.sqrt(norms[q])) continue;
        rotations++;
        const zeta = (norms[q] - norms[p]) / (2 * dot);
        const size = Math.abs(zeta);
        const t = (zeta < 0 ? -1 : 1) / (size + Math.sqrt(1 + zeta * zeta));
        const c = 1 / Math.sqrt(1 + t * t);
        rotate(w, a, b, width, c, c * t);
        rotate(also, p * alsoWidth, q * alsoWidth, alsoWidth, c, c * t);
        norms[p] = rowSquare(w, a, width);
        norms[q] = rowSquare(w, b, width);
      }
    }
    if (rotations === 0) return;
  }
  throw new NumericsError('SVD_NOT_CONVERGED', `no convergence after ${SWEEPS_MAX} sweeps`, { n });
}

function rowSquare(w: Float64Array, at: number, width: number): number {
  let s0 = 0;
  let s1 = 0;
  let i = 0;
  for (; i + 1 < width; i += 2) {
    s0 += w[at + i] * w[at + i];
    s1 += w[at + i + 1] * w[at + i + 1];
  }
  if (i < width) s0 += w[at + i] * w[at + i];
  return s0 + s1;
}

/** Replaces row `row` by a unit vector orthogonal to the rows before it (n x width, row < width). */
function completeRow(rows: Float64Array, row: number, width: number): void {
  for (let axis = 0; axis < width; axis++) {
    const target = rows.subarray(row * width, (row + 1) * width).fill(0);
    target[axis] = 1;
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < row; other++) {
        let dot = 0;
        for (let i = 0; i < width; i++) dot += rows[other * width + i] * target[i];
        for (let i = 0; i < width; i++) target[i] -= dot * rows[other * width + i];
      }
    }
    const norm = Math.sqrt(rowSquare(target, 0, width));
    if (norm < 0.5 / Math.sqrt(width)) continue;
    for (let i = 0; i < width; i++) target[i] /= norm;
    return;
  }
}

/** SVD of the small square r (n x n): r = J diag(values) vt with Jt = J^T. */
export function jacobiSvd(
  r: Float64Array,
  n: number,
): { jt: Float64Array; values: Float64Array; vt: Float64Array } {
  const scale = r.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  const w = r.map((value) => value / scale);
  const rotations = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1;
  orthogonaliseRows(w, n, n, rotations, n);
  const norms = Float64Array.from({ length: n }, (_, i) => Math.sqrt(rowSquare(w, i * n, n)));
  const order = Array.from(norms.keys()).sort((i, j) => norms[j] - norms[i] || i - j);
  const values = Float64Array.from(order, (i) => norms[i] * scale);
  const vt = new Float64Array(n * n);
  const jt = new Float64Array(n * n);
  const least = norms[order[0]] * Number.EPSILON * 1e-3;
  order.forEach((from, to) => {
    jt.set(rotations.subarray(from * n, (from + 1) * n), to * n);
    if (norms[from] > least) for (let i = 0; i < n; i++) vt[to * n + i] = w[from * n + i] / norms[from];
    else completeRow(vt, to, n);
  });
  return { jt, values, vt };
}

/** Squared Frobenius norm relative to `scale`^2. */
export function frobeniusSquare(matrix: ArrayLike<number>, scale: number): number {
  let sum = 0;
  for (let i = 0; i < matrix.length; i++) {
    const value = matrix[i] / scale;
    sum += value * value;
  }
  return sum;
}

/** Shares of `total` (= squared Frobenius norm over `scale`^2) explained by each singular value. */
export function explainedShares(values: Float64Array, total: number, scale: number): Float64Array {
  return values.map((value) => (total === 0 ? 0 : (value / scale) ** 2 / total));
}

/** Checks a rows x cols matrix. Throws `SVD_SHAPE`, `SVD_NOT_FINITE`, `SVD_INVALID`. */
export function requireMatrix(matrix: ArrayLike<number>, rows: number, cols: number): void {
  requireInteger('SVD', 'rows', rows, 0);
  requireInteger('SVD', 'cols', cols, 0);
  requireSameLength('SVD', matrix, { length: rows * cols });
  requireFinite('SVD', matrix);
}

/** Largest magnitude of a matrix, 1 for a zero one. */
export function magnitude(matrix: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < matrix.length; i++) largest = Math.max(largest, Math.abs(matrix[i]));
  return largest || 1;
}

/**
 * Thin exact SVD of a row-major rows x cols matrix, k = min(rows, cols): Householder QR, then one-sided Jacobi on R
 * (no Gram matrix, so the condition number is not squared). Singular vectors stay orthonormal for rank-deficient
 * input; each right vector is signed so that its largest component is positive. O(rows cols k + sweeps k^3), fit for
 * k up to a few hundred: use `truncatedSvd` above. Throws `SVD_SHAPE`, `SVD_NOT_FINITE`, `SVD_NOT_CONVERGED`.
 */
export function svd(matrix: ArrayLike<number>, rows: number, cols: number): Svd {
  requireMatrix(matrix, rows, cols);
  const wide = rows < cols;
  const tall = wide ? cols : rows;
  const k = Math.min(rows, cols);
  if (k === 0) {
    const none = new Float64Array(0);
    return { ut: none, values: none, vt: none, explained: none };
  }
  const transposed = wide ? Float64Array.from(matrix) : transpose(matrix, rows, cols);
  const { qt, r } = thinQrOfTranspose(transposed, tall, k);
  const { jt, values, vt } = jacobiSvd(r, k);
  const left = new Float64Array(k * tall);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < k; j++) {
      const c = jt[i * k + j];
      if (c !== 0) for (let t = 0; t < tall; t++) left[i * tall + t] += c * qt[j * tall + t];
    }
  }
  const scale = magnitude(matrix);
  const explained = explainedShares(values, frobeniusSquare(matrix, scale), scale);
  const result = wide ? { ut: vt, values, vt: left, explained } : { ut: left, values, vt, explained };
  orientRows(result.vt, cols, result.ut, rows);
  return result;
}
