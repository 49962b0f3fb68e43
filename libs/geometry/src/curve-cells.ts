import { GeometryError } from './geometry-error.js';
import {
  hilbert2Decode,
  hilbert2Encode,
  hilbert3Decode,
  hilbert3Encode,
  hilbert3EncodeAll21,
} from './hilbert.js';
import { morton2Decode, morton2Encode, morton3Decode, morton3Encode } from './morton.js';

export type CurveName = 'morton2' | 'morton3' | 'hilbert2' | 'hilbert3';

/** Bits per axis that fit the two halves of a key in three dimensions. */
export const MAX_CURVE_BITS = 21;

/** Dimension of a curve. */
export function curveDims(curve: CurveName): 2 | 3 {
  return curve === 'morton2' || curve === 'hilbert2' ? 2 : 3;
}

/** @throws GeometryError CURVE_BAD_BITS unless bits is an integer in 1..21 */
export function requireBits(bits: number): void {
  if (!Number.isInteger(bits) || bits < 1 || bits > MAX_CURVE_BITS) {
    throw new GeometryError('CURVE_BAD_BITS', 'bits per axis must be 1..21', { bits });
  }
}

/**
 * Keys of n cells. O(n bits).
 * @param cells flat, n * dims integers in [0, 2^bits)
 * @returns flat hi, lo, 2n
 * @throws GeometryError CURVE_BAD_BITS, CURVE_BAD_SHAPE, CURVE_CELL_OUT_OF_RANGE
 */
export function encodeCells(curve: CurveName, cells: Uint32Array, bits = MAX_CURVE_BITS): Uint32Array {
  requireBits(bits);
  const dims = curveDims(curve);
  if (cells.length % dims !== 0) {
    throw new GeometryError('CURVE_BAD_SHAPE', 'length is no multiple of the dimension', {
      length: cells.length,
    });
  }
  const limit = 2 ** bits;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] >= limit) {
      throw new GeometryError('CURVE_CELL_OUT_OF_RANGE', 'a cell does not fit the bits', { index: i, bits });
    }
  }
  const n = cells.length / dims;
  const keys = new Uint32Array(2 * n);
  if (curve === 'hilbert3' && bits === MAX_CURVE_BITS) {
    hilbert3EncodeAll21(cells, keys);
    return keys;
  }
  for (let i = 0; i < n; i++) {
    const c = i * dims;
    if (curve === 'hilbert3') hilbert3Encode(cells[c], cells[c + 1], cells[c + 2], bits, keys, 2 * i);
    else if (curve === 'hilbert2') hilbert2Encode(cells[c], cells[c + 1], bits, keys, 2 * i);
    else if (curve === 'morton3') morton3Encode(cells[c], cells[c + 1], cells[c + 2], keys, 2 * i);
    else morton2Encode(cells[c], cells[c + 1], keys, 2 * i);
  }
  return keys;
}

/**
 * Cells of n keys: the inverse of encodeCells. O(n bits).
 * @param keys flat hi, lo, 2n
 * @returns flat, n * dims
 * @throws GeometryError CURVE_BAD_BITS, CURVE_BAD_SHAPE, CURVE_KEY_OUT_OF_RANGE
 */
export function decodeKeys(curve: CurveName, keys: Uint32Array, bits = MAX_CURVE_BITS): Uint32Array {
  requireBits(bits);
  if (keys.length % 2 !== 0) throw new GeometryError('CURVE_BAD_SHAPE', 'keys are hi, lo pairs');
  const dims = curveDims(curve);
  const n = keys.length / 2;
  const cells = new Uint32Array(n * dims);
  const limit = 2 ** (dims * bits);
  for (let i = 0; i < n; i++) {
    const hi = keys[2 * i];
    const lo = keys[2 * i + 1];
    // Below 2^53 the sum is exact; above it 2^63 is the only limit, which rounding cannot hide.
    if (hi * 2 ** 32 + (limit > 2 ** 53 ? 0 : lo) >= limit) {
      throw new GeometryError('CURVE_KEY_OUT_OF_RANGE', 'a key does not fit the bits', { index: i, bits });
    }
    if (curve === 'hilbert3') hilbert3Decode(hi, lo, bits, cells, i * dims);
    else if (curve === 'hilbert2') hilbert2Decode(hi, lo, bits, cells, i * dims);
    else if (curve === 'morton3') morton3Decode(hi, lo, cells, i * dims);
    else morton2Decode(hi, lo, cells, i * dims);
  }
  return cells;
}
