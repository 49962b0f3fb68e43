import { NumericsError } from './errors.js';
import { requireFinite, requireInteger, requireSameLength } from './preconditions.js';
import { createRng, drawNormal } from './random.js';
import { orientRows, symmetricEigen, type SymmetricEigen } from './symmetric-eigen.js';

/** Below this size the full decomposition is as quick. */
const FULL_BELOW = 320;
const RESTARTS_MAX = 200;
const BLOCKS_PER_CYCLE = 4;
const TOLERANCE = 1e-12;

/** Result of applying the symmetric operator to each row of a block. */
type Apply = (block: Float64Array, rows: number) => Float64Array;

/** Removes from row `row` of `basis` its parts along the rows before it, twice; returns the norm that is left. */
function orthogonaliseRow(basis: Float64Array, n: number, row: number): number {
  const target = basis.subarray(row * n, row * n + n);
  let norm = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let other = 0; other < row; other++) {
      const base = other * n;
      let dot = 0;
      for (let i = 0; i < n; i++) dot += basis[base + i] * target[i];
      for (let i = 0; i < n; i++) target[i] -= dot * basis[base + i];
    }
    norm = 0;
    for (let i = 0; i < n; i++) norm += target[i] * target[i];
    norm = Math.sqrt(norm);
  }
  return norm;
}

/** Appends the rows of `block` to the orthonormal rows of `basis`, replacing dependent rows by random ones. */
function extend(
  basis: Float64Array,
  n: number,
  at: number,
  block: Float64Array,
  rows: number,
  rng: () => number,
): void {
  for (let r = 0; r < rows; r++) {
    const row = at + r;
    const target = basis.subarray(row * n, row * n + n);
    target.set(block.subarray(r * n, r * n + n));
    let before = Math.sqrt(target.reduce((sum, value) => sum + value * value, 0));
    let norm = orthogonaliseRow(basis, n, row);
    for (let attempt = 0; attempt < 5 && !(norm > 1e-10 * before); attempt++) {
      for (let i = 0; i < n; i++) target[i] = drawNormal(rng);
      before = Math.sqrt(n);
      norm = orthogonaliseRow(basis, n, row);
    }
    for (let i = 0; i < n; i++) target[i] /= norm;
  }
}

/** Rows C (k x m) times rows of basis (m x n). */
function combine(
  coefficients: Float64Array,
  k: number,
  m: number,
  basis: Float64Array,
  n: number,
): Float64Array {
  const out = new Float64Array(k * n);
  for (let i = 0; i < k; i++) {
    for (let j = 0; j < m; j++) {
      const c = coefficients[i * m + j];
      for (let t = 0; t < n; t++) out[i * n + t] += c * basis[j * n + t];
    }
  }
  return out;
}

function project(basis: Float64Array, images: Float64Array, m: number, n: number): Float64Array {
  const projected = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let t = 0; t < n; t++) dot += basis[i * n + t] * images[j * n + t];
      projected[i * m + j] = dot;
      projected[j * m + i] = dot;
    }
  }
  return projected;
}

/** Residual norms |A y - theta y| of the first `count` Ritz pairs, relative to the largest |theta|. */
function worstResidual(
  vectors: Float64Array,
  images: Float64Array,
  values: Float64Array,
  count: number,
  n: number,
): number {
  let scale = Number.MIN_VALUE;
  for (const value of values) scale = Math.max(scale, Math.abs(value));
  let worst = 0;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let t = i * n; t < (i + 1) * n; t++) sum += (images[t] - values[i] * vectors[t]) ** 2;
    worst = Math.max(worst, Math.sqrt(sum) / scale);
  }
  return worst;
}

function blockKrylov(apply: Apply, n: number, k: number): SymmetricEigen {
  const rng = createRng(20_260_101);
  const width = Math.min(n, k + 8);
  const capacity = Math.min(n, width * (BLOCKS_PER_CYCLE + 1));
  const basis = new Float64Array(capacity * n);
  const images = new Float64Array(capacity * n);
  const start = new Float64Array(width * n);
  for (let i = 0; i < start.length; i++) start[i] = drawNormal(rng);
  let kept = 0;
  let next: Float64Array = start;
  let nextRows = width;
  for (let cycle = 0; cycle < RESTARTS_MAX; cycle++) {
    let m = kept;
    while (m < capacity) {
      const rows = Math.min(nextRows, capacity - m);
      extend(basis, n, m, next, rows, rng);
      const image = apply(basis.subarray(m * n, (m + rows) * n), rows);
      images.set(image, m * n);
      m += rows;
      next = image;
      nextRows = rows;
    }
    const ritz = symmetricEigen(project(basis, images, m, n), m);
    const top = ritz.vectors.subarray(0, width * m);
    const vectors = combine(top, width, m, basis, n);
    const mapped = combine(top, width, m, images, n);
    const values = ritz.values.slice(0, width);
    if (m === n || worstResidual(vectors, mapped, values, k, n) < TOLERANCE) {
      return { values: values.slice(0, k), vectors: vectors.slice(0, k * n) };
    }
    basis.set(vectors);
    images.set(mapped);
    kept = width;
    next = residualRows(vectors, mapped, values, width, n);
    nextRows = width;
  }
  throw new NumericsError('EIGEN_NOT_CONVERGED', `no convergence after ${RESTARTS_MAX} restarts`, { n, k });
}

function residualRows(
  v: Float64Array,
  mapped: Float64Array,
  values: Float64Array,
  width: number,
  n: number,
): Float64Array {
  const out = new Float64Array(width * n);
  for (let i = 0; i < width; i++) {
    for (let t = i * n; t < (i + 1) * n; t++) out[t] = mapped[t] - values[i] * v[t];
  }
  return out;
}

/**
 * The k algebraically largest eigenpairs of a symmetric row-major n x n matrix. Small matrices are decomposed in
 * full; larger ones by restarted block Krylov with full reorthogonalisation (block width k + 8, so multiple
 * eigenvalues up to that multiplicity are found), to a residual of 1e-12 of the largest. Deterministic (fixed
 * internal seed), signs by `orientRows`. O(n^2 k) per cycle. Errors as `symmetricEigen`.
 */
export function leadingEigen(matrix: Float64Array, n: number, k: number): SymmetricEigen {
  requireInteger('EIGEN', 'k', k, 0, n);
  if (n < FULL_BELOW || 4 * k > n) {
    const full = symmetricEigen(matrix, n);
    return { values: full.values.slice(0, k), vectors: full.vectors.slice(0, k * n) };
  }
  requireSameLength('EIGEN', matrix, { length: n * n });
  requireFinite('EIGEN', matrix);
  const apply: Apply = (block, rows) => {
    const out = new Float64Array(rows * n);
    for (let i = 0; i < n; i++) {
      const row = matrix.subarray(i * n, i * n + n);
      for (let r = 0; r < rows; r++) {
        const base = r * n;
        let sum = 0;
        for (let j = 0; j < n; j++) sum += row[j] * block[base + j];
        out[base + i] = sum;
      }
    }
    return out;
  };
  const result = blockKrylov(apply, n, k);
  orientRows(result.vectors, n);
  return result;
}
