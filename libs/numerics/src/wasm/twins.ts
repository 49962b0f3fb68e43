/** Twin of `dotScanF32`: the same lanes, order and single-precision rounding, so results agree bit for bit. */
export function dotScanTwin(query: Float32Array, rows: Float32Array, dim: number, out: Float32Array): void {
  const whole = dim & ~3;
  const round = Math.fround;
  for (let r = 0; r < out.length; r++) {
    const row = r * dim;
    let s0 = round(0);
    let s1 = round(0);
    let s2 = round(0);
    let s3 = round(0);
    for (let i = 0; i < whole; i += 4) {
      s0 = round(s0 + round(query[i] * rows[row + i]));
      s1 = round(s1 + round(query[i + 1] * rows[row + i + 1]));
      s2 = round(s2 + round(query[i + 2] * rows[row + i + 2]));
      s3 = round(s3 + round(query[i + 3] * rows[row + i + 3]));
    }
    let sum = round(round(s0 + s1) + round(s2 + s3));
    for (let i = whole; i < dim; i++) sum = round(sum + round(query[i] * rows[row + i]));
    out[r] = sum;
  }
}

/** Twin of `dotScanI8`; exact integers. */
export function dotScanI8Twin(query: Int8Array, rows: Int8Array, dim: number, out: Int32Array): void {
  for (let r = 0; r < out.length; r++) {
    const row = r * dim;
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += query[i] * rows[row + i];
    out[r] = sum;
  }
}

const BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Twin of `hammingScan`; exact integers. */
export function hammingScanTwin(query: Uint8Array, rows: Uint8Array, bytes: number, out: Int32Array): void {
  for (let r = 0; r < out.length; r++) {
    const row = r * bytes;
    let sum = 0;
    for (let i = 0; i < bytes; i++) sum += BITS[query[i] ^ rows[row + i]];
    out[r] = sum;
  }
}

/** Twin of `sumSquaresF32`: the same eight partial sums in double precision. */
export function sumSquaresTwin(rows: Float32Array, dim: number, out: Float64Array): void {
  const whole = dim & ~7;
  const s = new Float64Array(8);
  for (let r = 0; r < out.length; r++) {
    const row = r * dim;
    s.fill(0);
    for (let i = 0; i < whole; i += 8)
      for (let lane = 0; lane < 8; lane++) s[lane] += rows[row + i + lane] ** 2;
    let sum = s[0] + s[2] + (s[4] + s[6]) + (s[1] + s[3] + (s[5] + s[7]));
    for (let i = whole; i < dim; i++) sum += rows[row + i] ** 2;
    out[r] = sum;
  }
}

/** Twin of `clampedF32` and `clampedF64`: `round` is Math.fround for single precision, the identity for double. */
export function clampedTwin(
  values: Float32Array | Float64Array,
  samples: Float32Array | Float64Array,
  lo: number,
  hi: number,
): void {
  const round = values instanceof Float32Array ? Math.fround : (x: number): number => x;
  const low = round(lo);
  const high = round(hi);
  for (let s = 0; s < samples.length; s += 2) {
    const a = samples[s];
    const b = samples[s + 1];
    for (let i = 0; i < values.length; i++) {
      const y = round(round(a * values[i]) + b);
      if (y > low && y < high) values[i] = y;
      else values[i] = y >= high ? high : low;
    }
  }
}

/** Twin of the products: c (m x n) = A B with element strides; sums in blocks of 256 as the kernels do. */
export function gemmTwin(
  a: ArrayLike<number>,
  aRow: number,
  aCol: number,
  b: ArrayLike<number>,
  bRow: number,
  bCol: number,
  m: number,
  k: number,
  n: number,
  c: Float32Array | Float64Array,
): void {
  const line = c instanceof Float32Array ? new Float32Array(n) : new Float64Array(n);
  const round = c instanceof Float32Array ? Math.fround : (x: number): number => x;
  for (let i = 0; i < m; i++) {
    line.fill(0);
    for (let t = 0; t < k; t++) {
      const x = a[i * aRow + t * aCol];
      const row = t * bRow;
      for (let j = 0; j < n; j++) line[j] += round(x * b[row + j * bCol]);
    }
    c.set(line, i * n);
  }
}
