import { GeometryError } from './geometry-error.js';

/** The one map all atoms live on: x and y in [0, 100], z (importance) in [-10, 10], Euclidean distance. */
export const MAP_BOX = Object.freeze({
  minX: 0,
  minY: 0,
  minZ: -10,
  maxX: 100,
  maxY: 100,
  maxZ: 10,
});

/** Number of coordinates of a map point. */
export const MAP_DIMS = 3;

/** True when the point lies in the closed map box; false for NaN. */
export function isInMap(x: number, y: number, z: number): boolean {
  return (
    x >= MAP_BOX.minX &&
    x <= MAP_BOX.maxX &&
    y >= MAP_BOX.minY &&
    y <= MAP_BOX.maxY &&
    z >= MAP_BOX.minZ &&
    z <= MAP_BOX.maxZ
  );
}

/**
 * The nearest point of the map box to each of `n` points (xyz triples). Infinite coordinates go to the wall.
 * @param points flat xyz, length 3n
 * @param out same length, may be `points` itself
 * @throws GeometryError SPACE_NOT_A_NUMBER, SPACE_BAD_SHAPE
 */
export function clampToMap(
  points: Float64Array,
  out: Float64Array = new Float64Array(points.length),
): Float64Array {
  requireShape(points, MAP_DIMS);
  if (out.length < points.length) throw new GeometryError('SPACE_BAD_SHAPE', 'out is shorter than points');
  const { minX, minY, minZ, maxX, maxY, maxZ } = MAP_BOX;
  for (let i = 0; i < points.length; i += 3) {
    out[i] = clampNumber(points[i], minX, maxX, i);
    out[i + 1] = clampNumber(points[i + 1], minY, maxY, i + 1);
    out[i + 2] = clampNumber(points[i + 2], minZ, maxZ, i + 2);
  }
  return out;
}

function clampNumber(value: number, low: number, high: number, index: number): number {
  if (value !== value) throw new GeometryError('SPACE_NOT_A_NUMBER', 'a coordinate is NaN', { index });
  return value < low ? low : value > high ? high : value;
}

/** Euclidean distance of two points in 3-D. O(1). NaN in, NaN out. */
export function distance3(ax: number, ay: number, az: number, bx: number, by: number, bz: number): number {
  return Math.hypot(ax - bx, ay - by, az - bz);
}

/**
 * Distance from a point to a closed axis-aligned box, 0 inside.
 * @param point length d
 * @param min lower corner, length d
 * @param max upper corner, length d, no component below `min`
 * @throws GeometryError SPACE_BAD_SHAPE, SPACE_EMPTY_BOX
 */
export function distanceToBox(
  point: ArrayLike<number>,
  min: ArrayLike<number>,
  max: ArrayLike<number>,
): number {
  const dims = point.length;
  if (min.length !== dims || max.length !== dims) {
    throw new GeometryError('SPACE_BAD_SHAPE', 'point, min and max differ in length');
  }
  let sum = 0;
  for (let d = 0; d < dims; d++) {
    if (min[d] > max[d]) throw new GeometryError('SPACE_EMPTY_BOX', 'min is above max', { axis: d });
    const p = point[d];
    const gap = p < min[d] ? min[d] - p : p > max[d] ? p - max[d] : p - p;
    sum += gap * gap;
  }
  return Math.sqrt(sum);
}

/**
 * The parameter t in [0, 1] of the nearest point of segment a-b to p; 0 when a equals b.
 * @throws GeometryError SPACE_BAD_SHAPE
 */
export function nearestOnSegment(p: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dims = p.length;
  if (a.length !== dims || b.length !== dims) {
    throw new GeometryError('SPACE_BAD_SHAPE', 'p, a and b differ in length');
  }
  let along = 0;
  let length2 = 0;
  for (let d = 0; d < dims; d++) {
    const edge = b[d] - a[d];
    along += (p[d] - a[d]) * edge;
    length2 += edge * edge;
  }
  if (length2 === 0) return 0;
  const t = along / length2;
  return t < 0 ? 0 : t > 1 ? 1 : t;
}

/** Distance from p to the segment a-b (the point a when a equals b). O(d). @throws GeometryError SPACE_BAD_SHAPE */
export function distanceToSegment(p: ArrayLike<number>, a: ArrayLike<number>, b: ArrayLike<number>): number {
  const t = nearestOnSegment(p, a, b);
  let sum = 0;
  for (let d = 0; d < p.length; d++) {
    const gap = p[d] - (t === 1 ? b[d] : a[d] + t * (b[d] - a[d]));
    sum += gap * gap;
  }
  return Math.sqrt(sum);
}

/** Where a path is nearest to a point. */
export interface NearestOnPath {
  readonly distance: number;
  /** Index of the segment's first vertex. */
  readonly segment: number;
  /** Parameter on that segment, [0, 1]. */
  readonly t: number;
}

/**
 * Distance from p to a polyline; one vertex counts as a point. O(n d).
 * @param p length d
 * @param path n vertices, flat, length n d
 * @throws GeometryError SPACE_BAD_SHAPE, SPACE_EMPTY_PATH
 */
export function distanceToPath(p: ArrayLike<number>, path: Float64Array): NearestOnPath {
  const dims = p.length;
  requireShape(path, dims);
  const n = path.length / dims;
  if (n === 0) throw new GeometryError('SPACE_EMPTY_PATH', 'a path needs a vertex');
  let best: NearestOnPath = { distance: Infinity, segment: 0, t: 0 };
  for (let i = 0; i < Math.max(1, n - 1); i++) {
    const a = path.subarray(i * dims, (i + 1) * dims);
    const b = n === 1 ? a : path.subarray((i + 1) * dims, (i + 2) * dims);
    const distance = distanceToSegment(p, a, b);
    if (!(distance >= best.distance)) best = { distance, segment: i, t: nearestOnSegment(p, a, b) };
    if (distance !== distance) break;
  }
  return best;
}

function requireShape(points: Float64Array, dims: number): void {
  if (dims < 1 || points.length % dims !== 0) {
    throw new GeometryError('SPACE_BAD_SHAPE', 'length is no multiple of the dimension', {
      length: points.length,
      dims,
    });
  }
}
