import { GeometryError } from './geometry-error.js';

/**
 * A curve key is up to 63 bits in two unsigned 32-bit halves. Flat key arrays are `Uint32Array` with hi, lo, hi,
 * lo ... and compare like the numbers hi * 2^32 + lo. No BigInt inside the library; these helpers serve the border
 * (a store's bigint column, which the 63 bits fit without a sign).
 */
export interface CurveKey {
  readonly hi: number;
  readonly lo: number;
}

/** hi * 2^32 + lo as a bigint. O(1). */
export function keyToBigint(hi: number, lo: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** The halves of a key that came from a bigint column. O(1). @throws GeometryError KEY_OUT_OF_RANGE */
export function bigintToKey(key: bigint): CurveKey {
  if (key < 0n || key >> 63n !== 0n) {
    throw new GeometryError('KEY_OUT_OF_RANGE', 'a key has 63 bits and no sign', { key: String(key) });
  }
  return { hi: Number(key >> 32n), lo: Number(key & 0xffffffffn) };
}

/** Negative, zero or positive like a - b. O(1). */
export function compareKeys(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return aHi === bHi ? aLo - bLo : aHi - bHi;
}

/**
 * The permutation that sorts n keys ascending; equal keys keep their order. Radix sort with 11-bit digits, digits
 * that are equal everywhere are skipped. O(6 n).
 * @param keys flat hi, lo pairs, length 2n
 * @throws GeometryError KEY_BAD_SHAPE for an odd length
 */
export function orderByKey(keys: Uint32Array): Uint32Array {
  if (keys.length % 2 !== 0) throw new GeometryError('KEY_BAD_SHAPE', 'keys are hi, lo pairs');
  const n = keys.length / 2;
  let from = Uint32Array.from({ length: n }, (_, i) => i);
  let to = new Uint32Array(n);
  for (const [half, shift, bits] of RADIX_PASSES) {
    const counts = new Uint32Array((1 << bits) + 1);
    const mask = (1 << bits) - 1;
    for (let i = 0; i < n; i++) counts[((keys[2 * i + half] >>> shift) & mask) + 1]++;
    if (counts.includes(n, 1)) continue;
    for (let b = 0; b < mask; b++) counts[b + 1] += counts[b];
    for (let i = 0; i < n; i++) {
      const item = from[i];
      to[counts[(keys[2 * item + half] >>> shift) & mask]++] = item;
    }
    [from, to] = [to, from];
  }
  return from;
}

/** [half: 1 = lo, 0 = hi; shift; width], least significant first. */
const RADIX_PASSES = [
  [1, 0, 11],
  [1, 11, 11],
  [1, 22, 10],
  [0, 0, 11],
  [0, 11, 11],
  [0, 22, 10],
] as const;
