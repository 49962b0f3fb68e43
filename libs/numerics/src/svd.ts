import { NumericsError } from './errors.js';
import { thinQrOfTranspose, transpose } from './qr.js';
import { requireFinite, requireInteger, requireSameLength } from './preconditions.js';
import { orientRows } from './symmetric-eigen.js';
import { scratchKernels, type Engine } from './wasm/kernels.js';

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

/** Rotates every pair of rows of w whose cosine exceeds `tolerance`; the number of rotations. Twin of `jacobiSweep`. */
function sweep(
  w: Float64Array,
  n: number,
  width: number,
  also: Float64Array,
  alsoWidth: number,
  norms: Float64Array,
  tolerance: number,
): number {
  let rotations = 0;
  for (let p = 0; p < n; p++) norms[p] = rowDot(w, p * width, p * width, width);
  for (let p = 0; p < n - 1; p++) {
    for (let q = p + 1; q < n; q++) {
      const a = p * width;
      const b = q * width;
      const dot = rowDot(w, a, b, width);
      if (Math.abs(dot) <= tolerance * Math.sqrt(norms[p]) * Math.sqrt(norms[q])) continue;
      rotations++;
      const zeta = (norms[q] - norms[p]) / (2 * dot);
      const size = Math.abs(zeta);
      const t = (zeta < 0 ? -1 : 1) / (size + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      rotate(w, a, b, width, c, c * t);
      rotate(also, p * alsoWidth, q * alsoWidth, alsoWidth, c, c * t);
      norms[p] = rowDot(w, a, a, width);
      norms[q] = rowDot(w, b, b, width);
    }
  }
  return rotations;
}

/** `sweep` by the kernels where they run; the rotated rows stand in w and `also` after `finish`. */
function sweeper(
  w: Float64Array,
  n: number,
  width: number,
  also: Float64Array,
  alsoWidth: number,
  engine: Engine,
) {
  const tolerance = Number.EPSILON * Math.sqrt(width);
  const kernels = scratchKernels(engine);
  if (!kernels) {
    const norms = new Float64Array(n);
    return { run: () => sweep(w, n, width, also, alsoWidth, norms, tolerance), finish: () => undefined };
  }
  const [wAt, alsoAt, normsAt] = [w.length, also.length, n].map((length) => kernels.reserve(8 * length));
  kernels.f64(wAt, w.length).set(w);
  kernels.f64(alsoAt, also.length).set(also);
  return {
    run: () => kernels.run.jacobiSweep(wAt, n, width, alsoAt, alsoWidth, normsAt, tolerance),
    finish: () => {
      w.set(kernels.f64(wAt, w.length));
      also.set(kernels.f64(alsoAt, also.length));
    },
  };
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
  engine: Engine = 'auto',
): void {
  const { run, finish } = sweeper(w, n, width, also, alsoWidth, engine);
  for (let at = 0; at < SWEEPS_MAX; at++) {
    if (run() > 0) continue;
    finish();
    return;
  }
  throw new NumericsError('SVD_NOT_CONVERGED', `no convergence after ${SWEEPS_MAX} sweeps`, { n });
}

/** Product of the rows that start at a and b, even and odd columns apart. */
function rowDot(w: Float64Array, a: number, b: number, width: number): number {
  let even = 0;
  let odd = 0;
  let i = 0;
  for (; i + 1 < width; i += 2) {
    even += w[a + i] * w[b + i];
    odd += w[a + i + 1] * w[b + i + 1];
  }
  if (i < width) even += w[a + i] * w[b + i];
  return even + odd;
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
    const norm = Math.sqrt(rowDot(target, 0, 0, width));
    if (norm < 0.5 / Math.sqrt(width)) continue;
    for (let i = 0; i < width; i++) target[i] /= norm;
    return;
  }
}

/** SVD of the small square r (n x n): r = J diag(values) vt with Jt = J^T. */
export function jacobiSvd(
  r: Float64Array,
  n: number,
  engine: Engine = 'auto',
): { jt: Float64Array; values: Float64Array; vt: Float64Array } {
  const scale = r.reduce((max, value) => Math.max(max, Math.abs(value)), 0) || 1;
  const w = r.map((value) => value / scale);
  const rotations = new Float64Array(n * n);
  for (let i = 0; i < n; i++) rotations[i * n + i] = 1;
  orthogonaliseRows(w, n, n, rotations, n, engine);
  const norms = Float64Array.from({ length: n }, (_, i) => Math.sqrt(rowDot(w, i * n, i * n, n)));
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

/** A magnitude and the squared Frobenius norm in units of its square. */
export interface MatrixSize {
  scale: number;
  square: number;
}

/** Sums of squares between these neither overflow nor lose what counts to underflow. */
const SAFE_SQUARE_MIN = 1e-200;
const SAFE_SQUARE_MAX = 1e300;

/** Sum of squares in four lanes; NaN or Infinity when a value is, or when it overflows. */
function sumSquares(matrix: ArrayLike<number>): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const whole = matrix.length - (matrix.length % 4);
  for (let i = 0; i < whole; i += 4) {
    s0 += matrix[i] * matrix[i];
    s1 += matrix[i + 1] * matrix[i + 1];
    s2 += matrix[i + 2] * matrix[i + 2];
    s3 += matrix[i + 3] * matrix[i + 3];
  }
  for (let i = whole; i < matrix.length; i++) s0 += matrix[i] * matrix[i];
  return s0 + s1 + (s2 + s3);
}

/** Size of a matrix in one pass, or in two with the largest magnitude as scale where squares leave the range. */
function sizeOf(matrix: ArrayLike<number>): MatrixSize {
  const square = sumSquares(matrix);
  if (square > SAFE_SQUARE_MIN && square < SAFE_SQUARE_MAX) return { scale: 1, square };
  requireFinite('SVD', matrix);
  let largest = 0;
  for (let i = 0; i < matrix.length; i++) largest = Math.max(largest, Math.abs(matrix[i]));
  const scale = largest || 1;
  return { scale, square: sumSquares(Float64Array.from(matrix, (value) => value / scale)) };
}

/** Shares of the squared Frobenius norm explained by each singular value. */
export function explainedShares(values: Float64Array, { scale, square }: MatrixSize): Float64Array {
  return values.map((value) => (square === 0 ? 0 : (value / scale) ** 2 / square));
}

/** Checks a rows x cols matrix and measures it. Throws `SVD_SHAPE`, `SVD_NOT_FINITE`, `SVD_INVALID`. */
export function requireMatrix(matrix: ArrayLike<number>, rows: number, cols: number): MatrixSize {
  requireInteger('SVD', 'rows', rows, 0);
  requireInteger('SVD', 'cols', cols, 0);
  requireSameLength('SVD', matrix, { length: rows * cols });
  return sizeOf(matrix);
}

/**
 * Thin exact SVD of a row-major rows x cols matrix, k = min(rows, cols): Householder QR, then one-sided Jacobi on R
 * (no Gram matrix, so the condition number is not squared). Singular vectors stay orthonormal for rank-deficient
 * input; each right vector is signed so that its largest component is positive. O(rows cols k + sweeps k^3), fit for
 * k up to a few hundred: use `truncatedSvd` above. Throws `SVD_SHAPE`, `SVD_NOT_FINITE`, `SVD_NOT_CONVERGED`.
 */
export function svd(matrix: ArrayLike<number>, rows: number, cols: number): Svd {
  const size = requireMatrix(matrix, rows, cols);
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
  const explained = explainedShares(values, size);
  const result = wide ? { ut: vt, values, vt: left, explained } : { ut: left, values, vt, explained };
  orientRows(result.vt, cols, result.ut, rows);
  return result;
}
