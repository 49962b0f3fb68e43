import { GeometryError } from './geometry-error.js';
import { orient2d } from './predicates.js';

/**
 * Convex hull in the plane: indices of the extreme points, counter-clockwise from the lowest x (then lowest y); of
 * equal points the first; points inside an edge are left out. Empty, one point, all equal: 0 or 1 index; collinear:
 * the two ends. Exact (adaptive predicate). Andrew's monotone chain (1979) on the points outside the octagon of
 * extremes (Akl and Toussaint 1978). O(n + h' log h') where h' points survive the octagon.
 * @param points flat xy, 2n
 * @throws GeometryError HULL_BAD_SHAPE, HULL_NOT_FINITE
 */
export function convexHull2(points: Float64Array): Uint32Array {
  requireFinite(points, 2);
  const candidates = outsideOctagon(points);
  const order = sortByXy(points, candidates);
  const n = order.length;
  if (n < 3) return order;
  const hull = new Uint32Array(2 * n + 2);
  const lower = chain(points, order, hull, 0, 0);
  const end = chain(points, order.reverse(), hull, lower - 1, lower - 1);
  return hull.slice(0, end - 1);
}

/** @throws GeometryError HULL_BAD_SHAPE, HULL_NOT_FINITE */
export function requireFinite(points: Float64Array, dims: number): void {
  if (points.length % dims !== 0) {
    throw new GeometryError('HULL_BAD_SHAPE', 'length is no multiple of the dimension', {
      length: points.length,
      dims,
    });
  }
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(points[i])) {
      throw new GeometryError('HULL_NOT_FINITE', 'a coordinate is not finite', {
        point: Math.floor(i / dims),
      });
    }
  }
}

/** Appends the lower chain of the ordered points to hull from `base`; returns the new length. */
function chain(
  points: Float64Array,
  order: Uint32Array,
  hull: Uint32Array,
  base: number,
  from: number,
): number {
  let top = from;
  for (const i of order) {
    const x = points[2 * i];
    const y = points[2 * i + 1];
    while (top - base >= 2) {
      const a = 2 * hull[top - 2];
      const b = 2 * hull[top - 1];
      if (orient2d(points[a], points[a + 1], points[b], points[b + 1], x, y) > 0) break;
      top--;
    }
    hull[top++] = i;
  }
  return top;
}

/** Indices of the points that are not strictly inside the octagon spanned by extremes of x, y, x + y and x - y. */
function outsideOctagon(points: Float64Array): Uint32Array {
  const n = points.length / 2;
  const all = new Uint32Array(n);
  const corners = extremes(points);
  let kept = 0;
  const edges: number[] = [];
  for (let c = 0; c < corners.length; c++) {
    const [ax, ay] = corners[c];
    const [bx, by] = corners[(c + 1) % corners.length];
    if (ax !== bx || ay !== by)
      edges.push(bx - ax, by - ay, ax, ay, 4e-16 * (Math.abs(bx - ax) + Math.abs(by - ay)));
  }
  const reach = edges.length === 0 ? 0 : 1;
  for (let i = 0; i < n; i++) {
    const x = points[2 * i];
    const y = points[2 * i + 1];
    let inside = reach === 1;
    for (let e = 0; inside && e < edges.length; e += 5) {
      const dx = x - edges[e + 2];
      const dy = y - edges[e + 3];
      // Clearly left of the edge: by more than the rounding of the two products.
      inside = edges[e] * dy - edges[e + 1] * dx > 4 * edges[e + 4] * (Math.abs(dx) + Math.abs(dy));
    }
    if (!inside) all[kept++] = i;
  }
  return all.slice(0, kept);
}

/** The eight extreme points, counter-clockwise from the leftmost; empty for no points. */
function extremes(points: Float64Array): [number, number][] {
  if (points.length === 0) return [];
  const best = new Float64Array(8).fill(-Infinity);
  const at = new Uint32Array(8);
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i];
    const y = points[i + 1];
    const heights = [-x, -x - y, -y, x - y, x, x + y, y, y - x];
    for (let d = 0; d < 8; d++) {
      if (heights[d] > best[d]) {
        best[d] = heights[d];
        at[d] = i;
      }
    }
  }
  return Array.from(at, (i) => [points[i], points[i + 1]]);
}

/** Indices sorted by x then y, of equal points only the first. */
function sortByXy(points: Float64Array, indices: Uint32Array): Uint32Array {
  indices.sort((a, b) => points[2 * a] - points[2 * b] || points[2 * a + 1] - points[2 * b + 1] || a - b);
  let kept = 0;
  for (const i of indices) {
    const last = indices[kept - 1];
    if (kept > 0 && points[2 * i] === points[2 * last] && points[2 * i + 1] === points[2 * last + 1])
      continue;
    indices[kept++] = i;
  }
  return indices.slice(0, kept);
}
