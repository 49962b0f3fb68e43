import { GeometryError } from './geometry-error.js';

/** Largest coordinate whose square still has room for a sum. */
export const COORDINATE_LIMIT = 1e150;
const SPREAD_SAMPLES = 24;

/**
 * A balanced tree without pointers. Node 1 is the root, node i has children 2i and 2i + 1, nodes leafCount ..
 * 2 leafCount - 1 are leaves; node j of level l owns the points floor(j n / 2^l) .. floor((j + 1) n / 2^l) of the
 * permuted array. An inner node knows how far its halves reach along its axis (rounded outwards to float32, so bounds stay
 * true): the gaps between and beside them prune clustered data.
 */
export interface TreeLayout {
  readonly n: number;
  readonly dims: number;
  /** Permuted coordinates, flat, n * dims. */
  readonly points: Float64Array;
  /** Original index of each permuted point. */
  readonly ids: Uint32Array;
  readonly leafCount: number;
  readonly axis: Uint8Array;
  /** Per inner node, along its axis: least and greatest of the left half, least and greatest of the right half. */
  readonly extents: Float32Array;
  /** Corners of the bounding box, length dims. */
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** First point of node `j` at a level of `width` nodes. */
export function firstOf(j: number, n: number, width: number): number {
  return Math.floor((j * n) / width);
}

/** @throws GeometryError <stage>_BAD_SHAPE, <stage>_OUT_OF_RANGE (NaN, infinite or beyond 1e150), <stage>_TOO_LARGE */
export function requirePoints(stage: string, points: Float64Array, dims: number): void {
  if (!Number.isInteger(dims) || dims < 1 || dims > 65535 || points.length % dims !== 0) {
    throw new GeometryError(`${stage}_BAD_SHAPE`, 'length is no multiple of the dimension', {
      length: points.length,
      dims,
    });
  }
  if (points.length / dims > 2 ** 30) throw new GeometryError(`${stage}_TOO_LARGE`, 'more than 2^30 points');
  for (let i = 0; i < points.length; i++) {
    if (!(Math.abs(points[i]) <= COORDINATE_LIMIT)) {
      throw new GeometryError(`${stage}_OUT_OF_RANGE`, 'coordinates must be finite and below 1e150', {
        point: Math.floor(i / dims),
        value: points[i],
      });
    }
  }
}

/**
 * Splits at the median of the axis with the largest (sampled) spread until leaves hold at most `leafSize` points.
 * O(n log n). The input is not changed.
 */
export function buildLayout(source: Float64Array, dims: number, leafSize: number): TreeLayout {
  const n = source.length / dims;
  const points = source.slice();
  const ids = new Uint32Array(n);
  for (let i = 0; i < n; i++) ids[i] = i;
  let leafCount = 1;
  while (leafCount * leafSize < n) leafCount *= 2;
  const axis = dims <= 256 ? new Uint8Array(leafCount) : new Uint8Array(0);
  const extents = new Float32Array(4 * leafCount);
  const select = dims === 3 ? select3 : selectAny;
  for (let width = 1; width < leafCount; width *= 2) {
    for (let j = 0; j < width; j++) {
      const from = firstOf(j, n, width);
      const to = firstOf(j + 1, n, width);
      const middle = firstOf(2 * j + 1, n, 2 * width);
      const a = widestAxis(points, dims, from, to);
      select(points, ids, dims, a, from, to - 1, middle);
      axis[width + j] = a;
      writeExtent(points, dims, a, from, middle, extents, 4 * (width + j));
      writeExtent(points, dims, a, middle, to, extents, 4 * (width + j) + 2);
    }
  }
  return { n, dims, points, ids, leafCount, axis, extents, ...boundingBox(points, dims) };
}

function writeExtent(
  points: Float64Array,
  dims: number,
  a: number,
  from: number,
  to: number,
  out: Float32Array,
  at: number,
): void {
  let min = Infinity;
  let max = -Infinity;
  for (let i = from * dims + a; i < to * dims; i += dims) {
    const v = points[i];
    if (v < min) min = v;
    if (v > max) max = v;
  }
  out[at] = -float32AtLeast(-min);
  out[at + 1] = float32AtLeast(max);
}

function boundingBox(points: Float64Array, dims: number): { min: Float64Array; max: Float64Array } {
  const min = new Float64Array(dims).fill(Infinity);
  const max = new Float64Array(dims).fill(-Infinity);
  for (let i = 0; i < points.length; i += dims) {
    for (let a = 0; a < dims; a++) {
      const v = points[i + a];
      if (v < min[a]) min[a] = v;
      if (v > max[a]) max[a] = v;
    }
  }
  return { min, max };
}

const toFloat32 = new Float32Array(1);
const float32Bits = new Int32Array(toFloat32.buffer);

/** The least float32 that is not below v; Infinity when there is none. */
function float32AtLeast(v: number): number {
  toFloat32[0] = v;
  if (toFloat32[0] < v) {
    if (toFloat32[0] === 0) return 2 ** -149;
    float32Bits[0] += toFloat32[0] > 0 ? 1 : -1;
  }
  return toFloat32[0];
}

function widestAxis(points: Float64Array, dims: number, from: number, to: number): number {
  const stride = Math.max(1, Math.floor((to - from) / SPREAD_SAMPLES));
  for (let step = stride; ; step = 1) {
    let widest = 0;
    let axis = 0;
    for (let a = 0; a < dims; a++) {
      let min = Infinity;
      let max = -Infinity;
      for (let i = from * dims + a; i < to * dims; i += step * dims) {
        const v = points[i];
        if (v < min) min = v;
        if (v > max) max = v;
      }
      if (max - min > widest) {
        widest = max - min;
        axis = a;
      }
    }
    if (widest > 0 || step === 1) return axis;
  }
}

/**
 * Rearranges points left..right so that point k is the one a sort by axis would put there, smaller ones before and
 * larger ones after it (Floyd and Rivest 1975, with Hoare's scan, which is balanced on equal keys).
 */
function select3(
  p: Float64Array,
  ids: Uint32Array,
  _dims: number,
  a: number,
  left: number,
  right: number,
  k: number,
): void {
  while (right > left) {
    if (right - left > 600) {
      const { from, to } = sampleWindow(left, right, k);
      select3(p, ids, 3, a, from, to, k);
    }
    const t = p[3 * k + a];
    let i = left;
    let j = right;
    while (i <= j) {
      while (p[3 * i + a] < t) i++;
      while (p[3 * j + a] > t) j--;
      if (i > j) break;
      swap3(p, ids, i, j);
      i++;
      j--;
    }
    if (j < k) left = i;
    if (k < i) right = j;
  }
}

function selectAny(
  p: Float64Array,
  ids: Uint32Array,
  dims: number,
  a: number,
  left: number,
  right: number,
  k: number,
): void {
  while (right > left) {
    if (right - left > 600) {
      const { from, to } = sampleWindow(left, right, k);
      selectAny(p, ids, dims, a, from, to, k);
    }
    const t = p[dims * k + a];
    let i = left;
    let j = right;
    while (i <= j) {
      while (p[dims * i + a] < t) i++;
      while (p[dims * j + a] > t) j--;
      if (i > j) break;
      swapAny(p, ids, dims, i, j);
      i++;
      j--;
    }
    if (j < k) left = i;
    if (k < i) right = j;
  }
}

function sampleWindow(left: number, right: number, k: number): { from: number; to: number } {
  const n = right - left + 1;
  const m = k - left + 1;
  const z = Math.log(n);
  const s = 0.5 * Math.exp((2 * z) / 3);
  const sd = 0.5 * Math.sqrt((z * s * (n - s)) / n) * (m - n / 2 < 0 ? -1 : 1);
  return {
    from: Math.max(left, Math.floor(k - (m * s) / n + sd)),
    to: Math.min(right, Math.floor(k + ((n - m) * s) / n + sd)),
  };
}

function swap3(p: Float64Array, ids: Uint32Array, i: number, j: number): void {
  const id = ids[i];
  ids[i] = ids[j];
  ids[j] = id;
  const a = 3 * i;
  const b = 3 * j;
  const x = p[a];
  const y = p[a + 1];
  const z = p[a + 2];
  p[a] = p[b];
  p[a + 1] = p[b + 1];
  p[a + 2] = p[b + 2];
  p[b] = x;
  p[b + 1] = y;
  p[b + 2] = z;
}

function swapAny(p: Float64Array, ids: Uint32Array, dims: number, i: number, j: number): void {
  const id = ids[i];
  ids[i] = ids[j];
  ids[j] = id;
  for (let d = 0; d < dims; d++) {
    const v = p[i * dims + d];
    p[i * dims + d] = p[j * dims + d];
    p[j * dims + d] = v;
  }
}
