import { boxRanges, type KeyRanges } from './curve-ranges.js';
import type { CurveKey } from './curve-key.js';
import { GeometryError } from './geometry-error.js';
import { hilbert3Decode, hilbert3Encode, hilbert3EncodeAll21 } from './hilbert.js';
import { MAP_BOX } from './map-space.js';

/** Bits per axis of a map key: 3 * 21 = 63, a non-negative signed bigint. */
export const MAP_KEY_BITS = 21;

const CELLS = 2 ** MAP_KEY_BITS;
const LAST_CELL = CELLS - 1;
/** One scale for all axes, so that a cell is a cube and nearness on the curve means nearness on the map. */
const SIDE = MAP_BOX.maxX - MAP_BOX.minX;
const CELLS_PER_UNIT = CELLS / SIDE;

/** Edge length of a key's cell in map units. */
export const MAP_KEY_CELL = SIDE / CELLS;

const scratch = new Uint32Array(3);

/**
 * The Hilbert key (21 bits per axis) of a map point; points outside the box take the key of the nearest wall. O(1).
 * @throws GeometryError SPACE_NOT_A_NUMBER
 */
export function hilbertKey(x: number, y: number, z: number): CurveKey {
  if (x !== x || y !== y || z !== z) throw notANumber(0);
  hilbert3Encode(
    mapCell(x, MAP_BOX.minX, MAP_BOX.maxX),
    mapCell(y, MAP_BOX.minY, MAP_BOX.maxY),
    mapCell(z, MAP_BOX.minZ, MAP_BOX.maxZ),
    MAP_KEY_BITS,
    scratch,
  );
  return { hi: scratch[0], lo: scratch[1] };
}

/**
 * Keys of n map points. O(n).
 * @param points flat xyz, 3n
 * @returns flat hi, lo, 2n
 * @throws GeometryError SPACE_NOT_A_NUMBER, SPACE_BAD_SHAPE
 */
export function hilbertKeys(points: Float64Array): Uint32Array {
  if (points.length % 3 !== 0) throw new GeometryError('SPACE_BAD_SHAPE', 'map points are xyz triples');
  const cells = new Uint32Array(points.length);
  for (let i = 0; i < points.length; i += 3) {
    const x = points[i];
    const y = points[i + 1];
    const z = points[i + 2];
    if (x !== x || y !== y || z !== z) throw notANumber(i / 3);
    cells[i] = mapCell(x, MAP_BOX.minX, MAP_BOX.maxX);
    cells[i + 1] = mapCell(y, MAP_BOX.minY, MAP_BOX.maxY);
    cells[i + 2] = mapCell(z, MAP_BOX.minZ, MAP_BOX.maxZ);
  }
  const keys = new Uint32Array((points.length / 3) * 2);
  hilbert3EncodeAll21(cells, keys);
  return keys;
}

/**
 * The centre of a key's cell, clamped to the map; within half a cell of every point that has this key. O(1).
 * @returns xyz
 * @throws GeometryError KEY_OUT_OF_RANGE when hi has its top bit set
 */
export function hilbertKeyCentre(hi: number, lo: number): Float64Array {
  if (hi < 0 || hi > 0x7fffffff) throw new GeometryError('KEY_OUT_OF_RANGE', 'a key has 63 bits', { hi, lo });
  hilbert3Decode(hi, lo, MAP_KEY_BITS, scratch);
  const out = new Float64Array(3);
  out[0] = MAP_BOX.minX + (scratch[0] + 0.5) * MAP_KEY_CELL;
  out[1] = MAP_BOX.minY + (scratch[1] + 0.5) * MAP_KEY_CELL;
  out[2] = Math.min(MAP_BOX.maxZ, MAP_BOX.minZ + (scratch[2] + 0.5) * MAP_KEY_CELL);
  return out;
}

/**
 * Key ranges that cover all map points of a closed box, for range scans on a key column. Every point of the box
 * (after clamping to the map) lies in some range; a range may hold others. O(21 * 8 * maxRanges).
 * @throws GeometryError SPACE_NOT_A_NUMBER, CURVE_BAD_BOX, CURVE_BAD_LIMIT
 */
export function mapBoxRanges(min: ArrayLike<number>, max: ArrayLike<number>, maxRanges = 64): KeyRanges {
  if (min.length !== 3 || max.length !== 3)
    throw new GeometryError('CURVE_BAD_BOX', 'a map box has two xyz corners');
  for (let d = 0; d < 3; d++) if (min[d] !== min[d] || max[d] !== max[d]) throw notANumber(d);
  return boxRanges('hilbert3', mapCells(min), mapCells(max), MAP_KEY_BITS, maxRanges);
}

function mapCells(p: ArrayLike<number>): number[] {
  return [
    mapCell(p[0], MAP_BOX.minX, MAP_BOX.maxX),
    mapCell(p[1], MAP_BOX.minY, MAP_BOX.maxY),
    mapCell(p[2], MAP_BOX.minZ, MAP_BOX.maxZ),
  ];
}

function mapCell(value: number, low: number, high: number): number {
  if (value <= low) return 0;
  const cell = ((value > high ? high : value) - low) * CELLS_PER_UNIT;
  return cell >= LAST_CELL ? LAST_CELL : cell >>> 0;
}

function notANumber(index: number): GeometryError {
  return new GeometryError('SPACE_NOT_A_NUMBER', 'a coordinate is NaN', { index });
}
