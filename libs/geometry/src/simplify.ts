import { GeometryError } from './geometry-error.js';
import { distanceToSegment } from './map-space.js';
import { MinQueue } from './min-queue.js';
import { requirePath, vertexGap } from './path.js';

/**
 * Douglas and Peucker (1973): ascending indices of the vertices to keep so that every dropped one lies within
 * `tolerance` of the segment that replaces it; the ends are kept. Worst case O(n^2 d), usually O(n log n d).
 * @throws GeometryError PATH_*, PATH_BAD_TOLERANCE (negative or NaN)
 */
export function simplifyDouglasPeucker(path: Float64Array, dims: number, tolerance: number): Uint32Array {
  const n = requirePath(path, dims);
  if (!(tolerance >= 0))
    throw new GeometryError('PATH_BAD_TOLERANCE', 'a tolerance is not negative', { tolerance });
  const keep = new Uint8Array(n);
  keep[0] = 1;
  keep[n - 1] = 1;
  const spans = [0, n - 1];
  while (spans.length > 0) {
    const to = spans.pop() as number;
    const from = spans.pop() as number;
    const a = path.subarray(from * dims, (from + 1) * dims);
    const b = path.subarray(to * dims, (to + 1) * dims);
    let farthest = tolerance;
    let at = -1;
    for (let i = from + 1; i < to; i++) {
      const gap = distanceToSegment(path.subarray(i * dims, (i + 1) * dims), a, b);
      if (gap > farthest) {
        farthest = gap;
        at = i;
      }
    }
    if (at < 0) continue;
    keep[at] = 1;
    spans.push(from, at, at, to);
  }
  return Uint32Array.from({ length: n }, (_, i) => i).filter((i) => keep[i] === 1);
}

/**
 * Visvalingam and Whyatt (1993): drops the vertex whose triangle with its neighbours is smallest, again and again,
 * while that area is below `minArea` and more than `minCount` vertices are left; the ends are kept. O(n log n + n d).
 * @param minArea squared units; Infinity to be ruled by `minCount`
 * @param minCount at least 2 (a shorter path is returned whole)
 * @throws GeometryError PATH_*, PATH_BAD_TOLERANCE, PATH_BAD_COUNT
 */
export function simplifyVisvalingam(
  path: Float64Array,
  dims: number,
  minArea: number,
  minCount = 2,
): Uint32Array {
  const n = requirePath(path, dims);
  if (!(minArea >= 0)) throw new GeometryError('PATH_BAD_TOLERANCE', 'an area is not negative', { minArea });
  if (!Number.isInteger(minCount) || minCount < 2) {
    throw new GeometryError('PATH_BAD_COUNT', 'minCount is at least 2', { minCount });
  }
  const before = Int32Array.from({ length: n }, (_, i) => i - 1);
  const after = Int32Array.from({ length: n }, (_, i) => i + 1);
  const area = new Float64Array(n).fill(Infinity);
  const dropped = new Uint8Array(n);
  const queue = new MinQueue();
  for (let i = 1; i < n - 1; i++) {
    area[i] = triangleArea(path, dims, i - 1, i, i + 1);
    queue.push(area[i], i);
  }
  let left = n;
  let effective = 0;
  // A vertex is queued again whenever its area changes; the stale entries are told by their key.
  for (let entry = queue.pop(); entry !== null && left > minCount; entry = queue.pop()) {
    const i = entry.item;
    if (dropped[i] === 1 || entry.key !== area[i]) continue;
    // The effective area never falls: a threshold that drops a vertex drops all that went before it.
    effective = Math.max(effective, area[i]);
    if (effective >= minArea) break;
    dropped[i] = 1;
    left--;
    const [a, b] = [before[i], after[i]];
    after[a] = b;
    before[b] = a;
    for (const j of [a, b]) {
      if (j === 0 || j === n - 1) continue;
      area[j] = triangleArea(path, dims, before[j], j, after[j]);
      queue.push(area[j], j);
    }
  }
  return Uint32Array.from({ length: n }, (_, i) => i).filter((i) => dropped[i] === 0);
}

/** Heron's formula in Kahan's order, in any dimension. */
function triangleArea(path: Float64Array, dims: number, i: number, j: number, k: number): number {
  const sides = [
    vertexGap(path, i, path, j, dims),
    vertexGap(path, j, path, k, dims),
    vertexGap(path, i, path, k, dims),
  ];
  const [a, b, c] = sides.sort((x, y) => y - x);
  return Math.sqrt(Math.max(0, (a + (b + c)) * (c - (a - b)) * (c + (a - b)) * (a + (b - c)))) / 4;
}
