import { NumericsError } from './errors.js';
import { cholesky } from './cholesky.js';
import { multiplyF32, multiplyF64 } from './matrix-product.js';
import { requireInteger, requireInRange } from './preconditions.js';
import { thinQrOfTranspose, transpose } from './qr.js';
import { fillNormal, type Rng } from './random.js';
import { explainedShares, jacobiSvd, requireMatrix, svd, type Svd } from './svd.js';
import { orientRows } from './symmetric-eigen.js';
import type { Engine } from './wasm/kernels.js';

/** Options of {@link truncatedSvd}. */
export interface TruncatedSvdOptions {
  rng: Rng;
  /** Extra directions sampled; default 10. */
  oversample?: number;
  /** Passes of A^T A on the sample; more for slowly falling spectra. Default 2. */
  powerIterations?: number;
  /** Precision of the large products; default 'f64'. */
  precision?: 'f32' | 'f64';
  engine?: Engine;
}

/** Below this diagonal ratio Cholesky QR is not trusted and Householder takes over. */
const CHOLESKY_QR_RATIO_MIN = 1e-6;

type Product = (
  a: Float64Array,
  b: Float64Array,
  m: number,
  k: number,
  n: number,
  transposed?: 'a' | 'b',
  structure?: 'symmetric' | 'upper b',
) => Float64Array;

/** One pass of Cholesky QR: y (rows x l) -> y R^-1 and R (l x l). Null when y is too ill-conditioned. */
function choleskyQr(
  y: Float64Array,
  rows: number,
  l: number,
  product: Product,
): { q: Float64Array; r: Float64Array } | null {
  const gram = product(y, y, l, rows, l, 'a', 'symmetric');
  let factor: Float64Array;
  try {
    factor = cholesky(gram, l);
  } catch (error) {
    if (error instanceof NumericsError) return null;
    throw error;
  }
  let least = Infinity;
  let most = 0;
  for (let i = 0; i < l; i++) {
    least = Math.min(least, factor[i * l + i]);
    most = Math.max(most, factor[i * l + i]);
  }
  if (!(least > CHOLESKY_QR_RATIO_MIN * most)) return null;
  const q = product(y, invertLower(factor, l), rows, l, l, 'b', 'upper b');
  return { q, r: transpose(factor, l, l) };
}

/** Inverse of a lower triangular matrix. */
function invertLower(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let t = 0; t < i; t++) {
      const c = factor[row + t];
      for (let j = 0; j <= t; j++) inverse[row + j] -= c * inverse[t * n + j];
    }
    for (let j = 0; j < i; j++) inverse[row + j] /= factor[row + i];
    inverse[row + i] = 1 / factor[row + i];
  }
  return inverse;
}

/** Basis of the columns of y (rows x l) near enough to orthonormal for another power iteration: one Cholesky QR. */
function wellConditioned(y: Float64Array, rows: number, l: number, product: Product): Float64Array {
  return (choleskyQr(y, rows, l, product) ?? orthonormal(y, rows, l, product)).q;
}

/** Orthonormal basis of the columns of y (rows x l) and R: Cholesky QR twice, or Householder when that is unsafe. */
function orthonormal(
  y: Float64Array,
  rows: number,
  l: number,
  product: Product,
): { q: Float64Array; r: Float64Array } {
  const first = choleskyQr(y, rows, l, product);
  const second = first && choleskyQr(first.q, rows, l, product);
  if (first && second) return { q: second.q, r: product(second.r, first.r, l, l, l) };
  const { qt, r } = thinQrOfTranspose(transpose(y, rows, l), rows, l);
  return { q: transpose(qt, l, rows), r };
}

/** The large products with A, in the chosen precision. */
function matrixProducts(
  matrix: ArrayLike<number>,
  rows: number,
  cols: number,
  options: TruncatedSvdOptions,
): {
  forward(x: Float64Array, l: number): Float64Array;
  backward(y: Float64Array, l: number): Float64Array;
} {
  const { engine } = options;
  if (options.precision === 'f32') {
    const a = matrix instanceof Float32Array ? matrix : Float32Array.from(matrix);
    return {
      forward: (x, l) => new Float64Array(multiplyF32(a, new Float32Array(x), rows, cols, l, { engine })),
      backward: (y, l) =>
        new Float64Array(multiplyF32(a, new Float32Array(y), cols, rows, l, { transposeA: true, engine })),
    };
  }
  const a = matrix instanceof Float64Array ? matrix : Float64Array.from(matrix);
  return {
    forward: (x, l) => multiplyF64(a, x, rows, cols, l, { engine }),
    backward: (y, l) => multiplyF64(a, y, cols, rows, l, { transposeA: true, engine }),
  };
}

/**
 * The `rank` largest singular triplets of a row-major rows x cols matrix by a randomised range finder with power
 * iteration (Halko, Martinsson & Tropp 2011); the small problem goes through QR and Jacobi, never a Gram matrix.
 * `explained` refers to the whole matrix. When rank + oversample reaches min(rows, cols) / 2 on a small matrix the
 * exact method is used. Deterministic for a seed and engine. O(rows cols (rank + oversample) (powerIterations + 1)).
 * Throws `SVD_SHAPE`, `SVD_NOT_FINITE`, `SVD_INVALID`.
 */
export function truncatedSvd(
  matrix: ArrayLike<number>,
  rows: number,
  cols: number,
  rank: number,
  options: TruncatedSvdOptions,
): Svd {
  const { oversample = 10, powerIterations = 2, engine } = options;
  const size = requireMatrix(matrix, rows, cols);
  const small = Math.min(rows, cols);
  requireInteger('SVD', 'rank', rank, 0, small);
  requireInteger('SVD', 'oversample', oversample, 0);
  requireInRange('SVD', 'powerIterations', powerIterations, 0, 100);
  const l = Math.min(small, rank + oversample);
  if (rank === 0 || (small <= 200 && 2 * l > small)) return cut(svd(matrix, rows, cols), rank, rows, cols);
  const product: Product = (a, b, m, k, n, transposed, structure) => {
    const [transposeA, transposeB] = [transposed === 'a', transposed === 'b'];
    return multiplyF64(a, b, m, k, n, { transposeA, transposeB, structure, engine });
  };
  const large = matrixProducts(matrix, rows, cols, options);
  const sample = fillNormal(options.rng, new Float64Array(cols * l)) as Float64Array;
  let image = large.forward(sample, l);
  for (let pass = 0; pass < powerIterations; pass++) {
    const basis = wellConditioned(image, rows, l, product);
    image = large.forward(wellConditioned(large.backward(basis, l), cols, l, product), l);
  }
  const basis = orthonormal(image, rows, l, product).q;
  const bt = orthonormal(large.backward(basis, l), cols, l, product);
  const core = jacobiSvd(bt.r, l, engine);
  const ut = product(core.vt.slice(0, rank * l), basis, rank, l, rows, 'b');
  const vt = product(core.jt.slice(0, rank * l), bt.q, rank, l, cols, 'b');
  orientRows(vt, cols, ut, rows);
  const values = core.values.slice(0, rank);
  return { ut, values, vt, explained: explainedShares(values, size) };
}

function cut(full: Svd, rank: number, rows: number, cols: number): Svd {
  return {
    ut: full.ut.slice(0, rank * rows),
    values: full.values.slice(0, rank),
    vt: full.vt.slice(0, rank * cols),
    explained: full.explained.slice(0, rank),
  };
}
