import { hilbertTable, stepTable } from './curve-tables.js';

/**
 * Hilbert keys by a state table, three levels per look-up in 3-D and four in 2-D; the order is that of Skilling
 * (2004), so keys equal his transform's bit for bit. `bits` is 1..21 per axis; cells are integers in [0, 2^bits),
 * higher bits are ignored (the batch functions of curve-cells check). A key has dims * bits bits.
 */
export const HILBERT_2 = hilbertTable(2);
export const HILBERT_3 = hilbertTable(3);

const ONE_2 = stepTable(HILBERT_2, 1);
const FOUR_2 = stepTable(HILBERT_2, 4);
const ONE_3 = stepTable(HILBERT_3, 1);
const THREE_3 = stepTable(HILBERT_3, 3);

const encode2x1 = ONE_2.encode;
const decode2x1 = ONE_2.decode;
const encode2x4 = FOUR_2.encode;
const decode2x4 = FOUR_2.decode;
const encode3x1 = ONE_3.encode;
const decode3x1 = ONE_3.decode;
const encode3x3 = THREE_3.encode;
const decode3x3 = THREE_3.decode;

/** Writes the 3 * bits key of a cell to out[at] (hi) and out[at + 1] (lo). O(bits / 3). */
export function hilbert3Encode(
  x: number,
  y: number,
  z: number,
  bits: number,
  out: Uint32Array,
  at = 0,
): void {
  let state = 0;
  let hi = 0;
  let lo = 0;
  let level = bits;
  while (level % 3 !== 0) {
    level--;
    const cell = (((x >>> level) & 1) << 2) | (((y >>> level) & 1) << 1) | ((z >>> level) & 1);
    const step = encode3x1[(state << 3) | cell];
    state = step >>> 3;
    lo = (lo << 3) | (step & 7);
  }
  while (level > 0) {
    level -= 3;
    const cell = (((x >>> level) & 7) << 6) | (((y >>> level) & 7) << 3) | ((z >>> level) & 7);
    const step = encode3x3[(state << 9) | cell];
    state = step >>> 9;
    hi = (hi << 9) | (lo >>> 23);
    lo = (lo << 9) | (step & 511);
  }
  out[at] = hi;
  out[at + 1] = lo;
}

/** Writes x, y, z of a key of 3 * bits bits to out[at..at + 2]. O(bits / 3). */
export function hilbert3Decode(hi: number, lo: number, bits: number, out: Uint32Array, at = 0): void {
  let state = 0;
  let x = 0;
  let y = 0;
  let z = 0;
  let level = bits;
  while (level % 3 !== 0) {
    level--;
    const step = decode3x1[(state << 3) | (window64(hi, lo, 3 * level) & 7)];
    state = step >>> 3;
    x = (x << 1) | ((step >>> 2) & 1);
    y = (y << 1) | ((step >>> 1) & 1);
    z = (z << 1) | (step & 1);
  }
  while (level > 0) {
    level -= 3;
    const step = decode3x3[(state << 9) | (window64(hi, lo, 3 * level) & 511)];
    state = step >>> 9;
    x = (x << 3) | ((step >>> 6) & 7);
    y = (y << 3) | ((step >>> 3) & 7);
    z = (z << 3) | (step & 7);
  }
  out[at] = x;
  out[at + 1] = y;
  out[at + 2] = z;
}

/** Writes the 2 * bits key of a cell to out[at] (hi) and out[at + 1] (lo). O(bits / 4). */
export function hilbert2Encode(x: number, y: number, bits: number, out: Uint32Array, at = 0): void {
  let state = 0;
  let hi = 0;
  let lo = 0;
  let level = bits;
  while ((level & 3) !== 0) {
    level--;
    const step = encode2x1[(state << 2) | (((x >>> level) & 1) << 1) | ((y >>> level) & 1)];
    state = step >>> 2;
    lo = (lo << 2) | (step & 3);
  }
  while (level > 0) {
    level -= 4;
    const step = encode2x4[(state << 8) | (((x >>> level) & 15) << 4) | ((y >>> level) & 15)];
    state = step >>> 8;
    hi = (hi << 8) | (lo >>> 24);
    lo = (lo << 8) | (step & 255);
  }
  out[at] = hi;
  out[at + 1] = lo;
}

/** Writes x, y of a key of 2 * bits bits to out[at], out[at + 1]. O(bits / 4). */
export function hilbert2Decode(hi: number, lo: number, bits: number, out: Uint32Array, at = 0): void {
  let state = 0;
  let x = 0;
  let y = 0;
  let level = bits;
  while ((level & 3) !== 0) {
    level--;
    const step = decode2x1[(state << 2) | (window64(hi, lo, 2 * level) & 3)];
    state = step >>> 2;
    x = (x << 1) | ((step >>> 1) & 1);
    y = (y << 1) | (step & 1);
  }
  while (level > 0) {
    level -= 4;
    const step = decode2x4[(state << 8) | (window64(hi, lo, 2 * level) & 255)];
    state = step >>> 8;
    x = (x << 4) | ((step >>> 4) & 15);
    y = (y << 4) | (step & 15);
  }
  out[at] = x;
  out[at + 1] = y;
}

/**
 * Keys of n 3-D cells at 21 bits, the hot path of sorting: seven dependent look-ups per cell, unrolled.
 * @param cells flat xyz, 3n
 * @param keys flat hi, lo, 2n
 */
export function hilbert3EncodeAll21(cells: Uint32Array, keys: Uint32Array): void {
  const table = encode3x3;
  for (let i = 0, k = 0; k < keys.length; i += 3, k += 2) {
    const x = cells[i];
    const y = cells[i + 1];
    const z = cells[i + 2];
    const a = table[((x >>> 12) & 0x1c0) | ((y >>> 15) & 0x38) | ((z >>> 18) & 7)];
    const b = table[(a & 0xfe00) | ((x >>> 9) & 0x1c0) | ((y >>> 12) & 0x38) | ((z >>> 15) & 7)];
    const c = table[(b & 0xfe00) | ((x >>> 6) & 0x1c0) | ((y >>> 9) & 0x38) | ((z >>> 12) & 7)];
    const d = table[(c & 0xfe00) | ((x >>> 3) & 0x1c0) | ((y >>> 6) & 0x38) | ((z >>> 9) & 7)];
    const e = table[(d & 0xfe00) | (x & 0x1c0) | ((y >>> 3) & 0x38) | ((z >>> 6) & 7)];
    const f = table[(e & 0xfe00) | ((x << 3) & 0x1c0) | (y & 0x38) | ((z >>> 3) & 7)];
    const g = table[(f & 0xfe00) | ((x << 6) & 0x1c0) | ((y << 3) & 0x38) | (z & 7)];
    keys[k] = ((a & 511) << 22) | ((b & 511) << 13) | ((c & 511) << 4) | ((d & 511) >>> 5);
    keys[k + 1] = (d << 27) | ((e & 511) << 18) | ((f & 511) << 9) | (g & 511);
  }
}

/** The low bits of (hi, lo) shifted right by `shift` (0..62); at least 20 of them are valid. */
function window64(hi: number, lo: number, shift: number): number {
  if (shift === 0) return lo;
  if (shift < 32) return (lo >>> shift) | (hi << (32 - shift));
  return hi >>> (shift - 32);
}
