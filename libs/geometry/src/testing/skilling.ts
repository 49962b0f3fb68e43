/**
 * Oracle for the Hilbert state tables, and the benchmark's peer: the transform of J. Skilling ("Programming the
 * Hilbert curve", 2004) written straight from the paper's description, with Numbers.
 * @param x coordinates, overwritten by the transposed key
 */
export function skillingTranspose(x: Uint32Array, bits: number): void {
  const n = x.length;
  const top = 1 << (bits - 1);
  for (let q = top; q > 1; q >>= 1) {
    const below = q - 1;
    for (let i = 0; i < n; i++) {
      if (x[i] & q) {
        x[0] ^= below;
      } else {
        const swap = (x[0] ^ x[i]) & below;
        x[0] ^= swap;
        x[i] ^= swap;
      }
    }
  }
  for (let i = 1; i < n; i++) x[i] ^= x[i - 1];
  let parity = 0;
  for (let q = top; q > 1; q >>= 1) if (x[n - 1] & q) parity ^= q - 1;
  for (let i = 0; i < n; i++) x[i] ^= parity;
}

/** Packs a transposed key into halves, most significant bit first. */
export function packTransposed(x: Uint32Array, bits: number, out: Uint32Array, at: number): void {
  let hi = 0;
  let lo = 0;
  for (let level = bits - 1; level >= 0; level--) {
    for (let i = 0; i < x.length; i++) {
      hi = (hi << 1) | (lo >>> 31);
      lo = (lo << 1) | ((x[i] >>> level) & 1);
    }
  }
  out[at] = hi;
  out[at + 1] = lo;
}
