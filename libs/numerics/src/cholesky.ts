import { NumericsError } from './errors.js';

/**
 * Lower Cholesky factor (row-major n x n) of a symmetric positive definite matrix; only its lower triangle is
 * read. O(n^3 / 3). Throws `CHOLESKY_NOT_POSITIVE` with the failing pivot.
 */
export function cholesky(matrix: ArrayLike<number>, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let t = 0; t < j; t++) sum -= factor[i * n + t] * factor[j * n + t];
      if (i !== j) {
        factor[i * n + j] = sum / factor[j * n + j];
        continue;
      }
      if (!(sum > 0)) {
        throw new NumericsError('CHOLESKY_NOT_POSITIVE', `pivot ${i} is ${sum}`, { pivot: i });
      }
      factor[i * n + i] = Math.sqrt(sum);
    }
  }
  return factor;
}

/** Solves L y = b in place for a lower factor. O(n^2). */
export function solveLower(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    let sum = b[i];
    for (let t = 0; t < i; t++) sum -= factor[i * n + t] * b[t];
    b[i] = sum / factor[i * n + i];
  }
  return b;
}
