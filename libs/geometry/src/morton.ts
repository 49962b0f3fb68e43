/**
 * Morton keys (Morton 1966, Z-order), up to 21 bits per axis. The x bit is the most significant of each group.
 * Cells must be integers in [0, 2^21); higher bits are ignored, the batch functions of curve-cells check.
 */

/** Spreads bits 0..9 of v to positions 0, 3, ... 27. */
function spread3(v: number): number {
  v &= 0x3ff;
  v = (v | (v << 16)) & 0x030000ff;
  v = (v | (v << 8)) & 0x0300f00f;
  v = (v | (v << 4)) & 0x030c30c3;
  return (v | (v << 2)) & 0x09249249;
}

/** Inverse of spread3. */
function gather3(v: number): number {
  v &= 0x09249249;
  v = (v | (v >>> 2)) & 0x030c30c3;
  v = (v | (v >>> 4)) & 0x0300f00f;
  v = (v | (v >>> 8)) & 0x030000ff;
  return (v | (v >>> 16)) & 0x3ff;
}

/** Spreads bits 0..15 of v to the even positions. */
function spread2(v: number): number {
  v &= 0xffff;
  v = (v | (v << 8)) & 0x00ff00ff;
  v = (v | (v << 4)) & 0x0f0f0f0f;
  v = (v | (v << 2)) & 0x33333333;
  return (v | (v << 1)) & 0x55555555;
}

/** Inverse of spread2. */
function gather2(v: number): number {
  v &= 0x55555555;
  v = (v | (v >>> 1)) & 0x33333333;
  v = (v | (v >>> 2)) & 0x0f0f0f0f;
  v = (v | (v >>> 4)) & 0x00ff00ff;
  return (v | (v >>> 8)) & 0xffff;
}

/** Writes the 63-bit key of a 3-D cell to out[at] (hi) and out[at + 1] (lo). O(1). */
export function morton3Encode(x: number, y: number, z: number, out: Uint32Array, at = 0): void {
  const low = (spread3(x) << 2) | (spread3(y) << 1) | spread3(z);
  const middle = (spread3(x >>> 10) << 2) | (spread3(y >>> 10) << 1) | spread3(z >>> 10);
  const top = (((x >>> 20) & 1) << 2) | (((y >>> 20) & 1) << 1) | ((z >>> 20) & 1);
  out[at] = (top << 28) | (middle >>> 2);
  out[at + 1] = (middle << 30) | low;
}

/** Writes x, y, z of a 63-bit key to out[at..at + 2]. O(1). */
export function morton3Decode(hi: number, lo: number, out: Uint32Array, at = 0): void {
  const middle = ((hi << 2) | (lo >>> 30)) & 0x3fffffff;
  out[at] = gather3(lo >>> 2) | (gather3(middle >>> 2) << 10) | (((hi >>> 30) & 1) << 20);
  out[at + 1] = gather3(lo >>> 1) | (gather3(middle >>> 1) << 10) | (((hi >>> 29) & 1) << 20);
  out[at + 2] = gather3(lo) | (gather3(middle) << 10) | (((hi >>> 28) & 1) << 20);
}

/** Writes the 42-bit key of a 2-D cell to out[at] (hi) and out[at + 1] (lo). O(1). */
export function morton2Encode(x: number, y: number, out: Uint32Array, at = 0): void {
  out[at] = (spread2((x >>> 16) & 31) << 1) | spread2((y >>> 16) & 31);
  out[at + 1] = (spread2(x) << 1) | spread2(y);
}

/** Writes x, y of a 42-bit key to out[at], out[at + 1]. O(1). */
export function morton2Decode(hi: number, lo: number, out: Uint32Array, at = 0): void {
  out[at] = gather2(lo >>> 1) | ((gather2(hi >>> 1) & 31) << 16);
  out[at + 1] = gather2(lo) | ((gather2(hi) & 31) << 16);
}
