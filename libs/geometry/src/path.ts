import { GeometryError } from './geometry-error.js';

/** Vertices of a path: flat, n * dims. @throws GeometryError PATH_BAD_SHAPE, PATH_EMPTY, PATH_NOT_FINITE */
export function requirePath(path: Float64Array, dims: number): number {
  if (!Number.isInteger(dims) || dims < 1 || path.length % dims !== 0) {
    throw new GeometryError('PATH_BAD_SHAPE', 'length is no multiple of the dimension', {
      length: path.length,
      dims,
    });
  }
  if (path.length === 0) throw new GeometryError('PATH_EMPTY', 'a path needs a vertex');
  for (let i = 0; i < path.length; i++) {
    if (!Number.isFinite(path[i])) {
      throw new GeometryError('PATH_NOT_FINITE', 'a coordinate is not finite', {
        vertex: Math.floor(i / dims),
      });
    }
  }
  return path.length / dims;
}

/** Euclidean distance of vertex i of a and vertex j of b. */
export function vertexGap(a: Float64Array, i: number, b: Float64Array, j: number, dims: number): number {
  let sum = 0;
  for (let d = 0; d < dims; d++) {
    const gap = a[i * dims + d] - b[j * dims + d];
    sum += gap * gap;
  }
  return Math.sqrt(sum);
}

/** Sum of segment lengths; 0 for one vertex. O(n d). @throws GeometryError PATH_* */
export function pathLength(path: Float64Array, dims: number): number {
  const n = requirePath(path, dims);
  let sum = 0;
  for (let i = 1; i < n; i++) sum += vertexGap(path, i - 1, path, i, dims);
  return sum;
}

/**
 * `count` vertices at equal arc length, both ends kept exactly; a path without length gives copies. O(n d + count d).
 * @param count at least 2
 * @throws GeometryError PATH_*, PATH_BAD_COUNT
 */
export function resamplePath(path: Float64Array, dims: number, count: number): Float64Array {
  const n = requirePath(path, dims);
  if (!Number.isInteger(count) || count < 2)
    throw new GeometryError('PATH_BAD_COUNT', 'count is at least 2', { count });
  const total = pathLength(path, dims);
  const out = new Float64Array(count * dims);
  let segment = 0;
  let before = 0;
  let length = n > 1 ? vertexGap(path, 0, path, 1, dims) : 0;
  for (let i = 0; i < count - 1; i++) {
    const target = (total * i) / (count - 1);
    while (segment < n - 2 && before + length < target) {
      before += length;
      segment++;
      length = vertexGap(path, segment, path, segment + 1, dims);
    }
    const t = length > 0 ? Math.min(1, (target - before) / length) : 0;
    for (let d = 0; d < dims; d++) {
      const a = path[segment * dims + d];
      const b = n > 1 ? path[(segment + 1) * dims + d] : a;
      out[i * dims + d] = t === 1 ? b : a + t * (b - a);
    }
  }
  out.set(path.subarray((n - 1) * dims), (count - 1) * dims);
  return out;
}

/**
 * Vertices where the direction turns by at least `minAngle` (radians); repeated vertices are passed over and the
 * first of them named. O(n d).
 * @param minAngle in (0, pi]
 * @throws GeometryError PATH_*, PATH_BAD_ANGLE
 */
export function turningPoints(
  path: Float64Array,
  dims: number,
  minAngle: number,
): { ids: Uint32Array; angles: Float64Array } {
  const n = requirePath(path, dims);
  if (!(minAngle > 0 && minAngle <= Math.PI)) {
    throw new GeometryError('PATH_BAD_ANGLE', 'an angle lies in (0, pi]', { minAngle });
  }
  const places = [0];
  for (let i = 1; i < n; i++) {
    if (vertexGap(path, i, path, places[places.length - 1], dims) > 0) places.push(i);
  }
  const ids: number[] = [];
  const angles: number[] = [];
  for (let p = 1; p + 1 < places.length; p++) {
    const angle = turnAt(path, dims, places[p - 1], places[p], places[p + 1]);
    if (angle >= minAngle) {
      ids.push(places[p]);
      angles.push(angle);
    }
  }
  return { ids: Uint32Array.from(ids), angles: Float64Array.from(angles) };
}

/** Angle between b - a and c - b by Kahan's formula, which keeps its digits near 0 and pi. */
function turnAt(path: Float64Array, dims: number, a: number, b: number, c: number): number {
  const before = vertexGap(path, a, path, b, dims);
  const after = vertexGap(path, b, path, c, dims);
  let sum = 0;
  let difference = 0;
  for (let d = 0; d < dims; d++) {
    const u = (path[b * dims + d] - path[a * dims + d]) / before;
    const v = (path[c * dims + d] - path[b * dims + d]) / after;
    difference += (u - v) * (u - v);
    sum += (u + v) * (u + v);
  }
  return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
}
