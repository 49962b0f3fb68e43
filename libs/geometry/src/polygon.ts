import { GeometryError } from './geometry-error.js';
import { orient2d } from './predicates.js';

/** 1 inside, 0 on the border, -1 outside. */
export type Side = 1 | 0 | -1;

/** What two regions share. `measure` is area or volume in squared or cubed map units. */
export interface Overlap {
  readonly measure: number;
  /** Share of the first and of the second region that lies in the other, [0, 1]; 0 for a region without measure. */
  readonly ofFirst: number;
  readonly ofSecond: number;
  /** Intersection over union, [0, 1]. */
  readonly jaccard: number;
}

/** Signed area of a ring: positive when counter-clockwise; 0 below three vertices. O(n). @throws POLYGON_BAD_SHAPE */
export function polygonArea(ring: Float64Array): number {
  requireRing(ring);
  const n = ring.length;
  let twice = 0;
  for (let i = 2; i + 3 < n; i += 2) {
    twice += cross(ring[0], ring[1], ring[i], ring[i + 1], ring[i + 2], ring[i + 3]);
  }
  return twice / 2;
}

/**
 * Centre of mass of a ring's area; of its border when the area is 0, of its only place when the border is 0. O(n).
 * @param ring flat xy, any orientation, not closed by repetition
 * @throws GeometryError POLYGON_BAD_SHAPE, POLYGON_EMPTY
 */
export function polygonCentroid(ring: Float64Array): [number, number] {
  requireRing(ring);
  if (ring.length === 0) throw new GeometryError('POLYGON_EMPTY', 'the centroid of nothing');
  const n = ring.length;
  let mass = 0;
  let x = 0;
  let y = 0;
  for (let i = 2; i + 3 < n; i += 2) {
    const part = cross(ring[0], ring[1], ring[i], ring[i + 1], ring[i + 2], ring[i + 3]);
    mass += part;
    x += part * (ring[i] - ring[0] + (ring[i + 2] - ring[0]));
    y += part * (ring[i + 1] - ring[1] + (ring[i + 3] - ring[1]));
  }
  if (mass !== 0) return [ring[0] + x / (3 * mass), ring[1] + y / (3 * mass)];
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    const part = Math.hypot(ring[j] - ring[i], ring[j + 1] - ring[i + 1]);
    mass += part;
    x += (part * (ring[i] - ring[0] + (ring[j] - ring[0]))) / 2;
    y += (part * (ring[i + 1] - ring[1] + (ring[j + 1] - ring[1]))) / 2;
  }
  return mass > 0 ? [ring[0] + x / mass, ring[1] + y / mass] : [ring[0], ring[1]];
}

/**
 * Where a point lies, by the even-odd rule with exact orientation tests (Hormann and Agathos 2001). O(n). A ring of
 * one or two vertices has only a border; an empty one has nothing; NaN is outside.
 * @param ring flat xy
 * @throws GeometryError POLYGON_BAD_SHAPE
 */
export function pointInPolygon(ring: Float64Array, x: number, y: number): Side {
  requireRing(ring);
  const n = ring.length;
  if (x !== x) return -1;
  let inside = false;
  for (let i = 0; i < n; i += 2) {
    const j = i + 2 === n ? 0 : i + 2;
    const ax = ring[i];
    const ay = ring[i + 1];
    const bx = ring[j];
    const by = ring[j + 1];
    const low = Math.min(ay, by);
    const high = Math.max(ay, by);
    if (!(y >= low && y <= high)) continue;
    if (low === high) {
      if (x >= Math.min(ax, bx) && x <= Math.max(ax, bx)) return 0;
      continue;
    }
    const turn = orient2d(ax, ay, bx, by, x, y);
    if (turn === 0) return 0;
    // The half-open rule counts a vertex on the ray once.
    if (y < high && turn > 0 === by > ay) inside = !inside;
  }
  return inside ? 1 : -1;
}

/**
 * Shared area of two simple polygons of any shape and orientation: both are signed sums of triangles from one
 * origin, so the intersection is the signed sum of triangle intersections. O(n m).
 * @param first flat xy, vertices in order, not closed by repetition
 * @throws GeometryError POLYGON_BAD_SHAPE
 */
export function polygonOverlap(first: Float64Array, second: Float64Array): Overlap {
  const areaOfFirst = Math.abs(polygonArea(first));
  const areaOfSecond = Math.abs(polygonArea(second));
  let shared = 0;
  const ox = first[0];
  const oy = first[1];
  for (let i = 2; i + 3 < first.length; i += 2) {
    const a = triangle(ox, oy, first, i, i + 2);
    if (a.sign === 0) continue;
    for (let j = 0; j < second.length; j += 2) {
      const b = triangle(ox, oy, second, j, j + 2 === second.length ? 0 : j + 2);
      if (b.sign !== 0) shared += a.sign * b.sign * trianglesShare(a.corners, b.corners);
    }
  }
  return overlapOf(Math.abs(shared), areaOfFirst, areaOfSecond);
}

/** Shares from measures; rounding never lets a share pass 1. */
export function overlapOf(shared: number, first: number, second: number): Overlap {
  const measure = Math.min(shared, first, second);
  const union = first + second - measure;
  return {
    measure,
    ofFirst: first > 0 ? measure / first : 0,
    ofSecond: second > 0 ? measure / second : 0,
    jaccard: union > 0 ? measure / union : 0,
  };
}

/** Counter-clockwise triangle from an origin to side i-j of a ring, with the side's original sign. */
function triangle(
  ox: number,
  oy: number,
  ring: Float64Array,
  i: number,
  j: number,
): { sign: number; corners: number[] } {
  const sign = Math.sign(orient2d(ox, oy, ring[i], ring[i + 1], ring[j], ring[j + 1]));
  const [b, c] = sign > 0 ? [i, j] : [j, i];
  return { sign, corners: [ox, oy, ring[b], ring[b + 1], ring[c], ring[c + 1]] };
}

function trianglesShare(subject: number[], clip: number[]): number {
  for (let d = 0; d < 2; d++) {
    if (Math.max(subject[d], subject[d + 2], subject[d + 4]) <= Math.min(clip[d], clip[d + 2], clip[d + 4]))
      return 0;
    if (Math.min(subject[d], subject[d + 2], subject[d + 4]) >= Math.max(clip[d], clip[d + 2], clip[d + 4]))
      return 0;
  }
  let ring = subject;
  for (let e = 0; e < 6 && ring.length > 0; e += 2) {
    const f = (e + 2) % 6;
    ring = clipRing(ring, clip[e], clip[e + 1], clip[f] - clip[e], clip[f + 1] - clip[e + 1]);
  }
  return ring.length < 6 ? 0 : Math.abs(polygonArea(Float64Array.from(ring)));
}

/**
 * The part of a convex ring to the left of the line through (px, py) with direction (dx, dy) (Sutherland and Hodgman
 * 1974). O(n).
 */
export function clipRing(ring: readonly number[], px: number, py: number, dx: number, dy: number): number[] {
  const out: number[] = [];
  const n = ring.length;
  for (let i = 0; i < n; i += 2) {
    const j = i + 2 === n ? 0 : i + 2;
    const here = dx * (ring[i + 1] - py) - dy * (ring[i] - px);
    const next = dx * (ring[j + 1] - py) - dy * (ring[j] - px);
    if (here >= 0) out.push(ring[i], ring[i + 1]);
    if ((here > 0 && next < 0) || (here < 0 && next > 0)) {
      const t = here / (here - next);
      out.push(ring[i] + t * (ring[j] - ring[i]), ring[i + 1] + t * (ring[j + 1] - ring[i + 1]));
    }
  }
  return out;
}

function cross(ox: number, oy: number, ax: number, ay: number, bx: number, by: number): number {
  return (ax - ox) * (by - oy) - (ay - oy) * (bx - ox);
}

function requireRing(ring: Float64Array): void {
  if (ring.length % 2 !== 0)
    throw new GeometryError('POLYGON_BAD_SHAPE', 'a ring is xy pairs', { length: ring.length });
}
