/** A = Q R for a tall matrix: `qt` holds Q^T (cols x rows, orthonormal rows), `r` is cols x cols upper triangular. */
export interface ThinQr {
  qt: Float64Array;
  r: Float64Array;
}

/** row <- row - factor * v over [from, n). */
function subtract(
  target: Float64Array,
  at: number,
  v: Float64Array,
  vAt: number,
  from: number,
  n: number,
): void {
  let dot0 = 0;
  let dot1 = 0;
  let i = from;
  for (; i + 1 < n; i += 2) {
    dot0 += target[at + i] * v[vAt + i];
    dot1 += target[at + i + 1] * v[vAt + i + 1];
  }
  if (i < n) dot0 += target[at + i] * v[vAt + i];
  const factor = dot0 + dot1;
  for (i = from; i < n; i++) target[at + i] -= factor * v[vAt + i];
}

/**
 * Householder QR of a matrix given by its transpose `at` (cols x rows, rows >= cols; destroyed). Q has orthonormal
 * columns even for a rank-deficient matrix. O(rows cols^2). (Golub & Van Loan 5.2.)
 */
export function thinQrOfTranspose(at: Float64Array, rows: number, cols: number): ThinQr {
  const r = new Float64Array(cols * cols);
  const reflectors = new Float64Array(cols * rows);
  for (let k = 0; k < cols; k++) {
    const base = k * rows;
    let largest = 0;
    for (let i = k; i < rows; i++) largest = Math.max(largest, Math.abs(at[base + i]));
    let norm2 = 0;
    if (largest > 0) for (let i = k; i < rows; i++) norm2 += (at[base + i] / largest) ** 2;
    const norm = largest * Math.sqrt(norm2);
    for (let j = 0; j < k; j++) r[j * cols + k] = at[base + j];
    if (norm === 0) continue;
    const head = at[base + k];
    const alpha = head > 0 ? -norm : norm;
    r[k * cols + k] = alpha;
    const scale = Math.sqrt(2) / Math.sqrt(2 * (1 + Math.abs(head) / norm)) / norm;
    for (let i = k; i < rows; i++) reflectors[base + i] = at[base + i] * scale;
    reflectors[base + k] -= alpha * scale;
    for (let j = k + 1; j < cols; j++) subtract(at, j * rows, reflectors, base, k, rows);
  }
  const qt = new Float64Array(cols * rows);
  for (let j = 0; j < cols; j++) {
    qt[j * rows + j] = 1;
    for (let k = j; k >= 0; k--) subtract(qt, j * rows, reflectors, k * rows, k, rows);
  }
  return { qt, r };
}

/** Transpose of a row-major rows x cols matrix. */
export function transpose(matrix: ArrayLike<number>, rows: number, cols: number): Float64Array {
  const out = new Float64Array(rows * cols);
  const block = 32;
  for (let i0 = 0; i0 < rows; i0 += block) {
    for (let j0 = 0; j0 < cols; j0 += block) {
      const iEnd = Math.min(rows, i0 + block);
      const jEnd = Math.min(cols, j0 + block);
      for (let i = i0; i < iEnd; i++)
        for (let j = j0; j < jEnd; j++) out[j * rows + i] = matrix[i * cols + j];
    }
  }
  return out;
}
