import { GeometryError } from './geometry-error.js';
import { convexHull3, type ConvexHull3 } from './hull3.js';
import { overlapOf, type Overlap, type Side } from './polygon.js';
import { orient3d } from './predicates.js';

/** A convex body: points (flat xyz) and the hull that refers to them by index. */
export interface Polytope {
  readonly points: Float64Array;
  readonly hull: ConvexHull3;
}

/** Relative rounding of a height that should be zero. */
const ON_PLANE = 1e-13;

/** Volume in cubed units; 0 for a flat hull. O(faces). */
export function polytopeVolume({ points, hull }: Polytope): number {
  return momentOf(points, hull).volume;
}

/** Surface in squared units; 0 for a flat hull. O(faces). */
export function polytopeSurface({ points, hull }: Polytope): number {
  let area = 0;
  for (let f = 0; f < hull.faces.length; f += 3) {
    const n = faceNormal(points, hull.faces, f);
    area += Math.hypot(n[0], n[1], n[2]) / 2;
  }
  return area;
}

/**
 * Centre of mass of a body's volume; of a flat hull, the mean of its extreme points. O(faces).
 * @throws GeometryError POLYTOPE_EMPTY
 */
export function polytopeCentroid({ points, hull }: Polytope): [number, number, number] {
  if (hull.dimension === -1) throw new GeometryError('POLYTOPE_EMPTY', 'the centroid of nothing');
  const { volume, x, y, z } = momentOf(points, hull);
  if (volume > 0) return [x, y, z];
  const mean: [number, number, number] = [0, 0, 0];
  hull.vertices.forEach((v, i) => {
    for (let d = 0; d < 3; d++) mean[d] += (points[3 * v + d] - mean[d]) / (i + 1);
  });
  return mean;
}

/**
 * Where a point lies in a body; exact. O(faces).
 * @throws GeometryError HULL_NO_BODY for a flat hull
 */
export function pointInPolytope({ points, hull }: Polytope, x: number, y: number, z: number): Side {
  if (hull.dimension !== 3)
    throw new GeometryError('HULL_NO_BODY', 'the hull is flat', { dimension: hull.dimension });
  let side: Side = 1;
  for (let f = 0; f < hull.faces.length; f += 3) {
    const a = 3 * hull.faces[f];
    const b = 3 * hull.faces[f + 1];
    const c = 3 * hull.faces[f + 2];
    const below = orient3d(
      points[a],
      points[a + 1],
      points[a + 2],
      points[b],
      points[b + 1],
      points[b + 2],
      points[c],
      points[c + 1],
      points[c + 2],
      x,
      y,
      z,
    );
    if (!(below >= 0)) return -1;
    if (below === 0) side = 0;
  }
  return side;
}

/**
 * Shared volume of two convex bodies: every vertex of the intersection is an end of an edge of one clipped by the
 * other (Cyrus and Beck 1978); their hull is the intersection. Flat hulls share nothing. O(faces1 * faces2).
 */
export function polytopeOverlap(first: Polytope, second: Polytope): Overlap {
  const volumeOfFirst = polytopeVolume(first);
  const volumeOfSecond = polytopeVolume(second);
  if (volumeOfFirst === 0 || volumeOfSecond === 0) return overlapOf(0, volumeOfFirst, volumeOfSecond);
  const corners: number[] = [];
  clipEdges(first, second, corners);
  clipEdges(second, first, corners);
  const points = Float64Array.from(corners);
  return overlapOf(polytopeVolume({ points, hull: convexHull3(points) }), volumeOfFirst, volumeOfSecond);
}

/** Volume and centre of mass, by tetrahedra from the first vertex, so that far-off bodies keep their digits. */
function momentOf(
  points: Float64Array,
  hull: ConvexHull3,
): { volume: number; x: number; y: number; z: number } {
  if (hull.dimension !== 3) return { volume: 0, x: 0, y: 0, z: 0 };
  const o = 3 * hull.faces[0];
  let six = 0;
  const sum = [0, 0, 0];
  for (let f = 0; f < hull.faces.length; f += 3) {
    const [a, b, c] = [3 * hull.faces[f], 3 * hull.faces[f + 1], 3 * hull.faces[f + 2]];
    const n = faceNormal(points, hull.faces, f);
    const part =
      n[0] * (points[a] - points[o]) +
      n[1] * (points[a + 1] - points[o + 1]) +
      n[2] * (points[a + 2] - points[o + 2]);
    six += part;
    for (let d = 0; d < 3; d++) {
      sum[d] +=
        part *
        (points[a + d] - points[o + d] + (points[b + d] - points[o + d]) + (points[c + d] - points[o + d]));
    }
  }
  const [x, y, z] = sum.map((s, d) => points[o + d] + s / (4 * six));
  return { volume: six / 6, x, y, z };
}

function faceNormal(points: Float64Array, faces: Uint32Array, f: number): [number, number, number] {
  const a = 3 * faces[f];
  const b = 3 * faces[f + 1];
  const c = 3 * faces[f + 2];
  const ux = points[b] - points[a];
  const uy = points[b + 1] - points[a + 1];
  const uz = points[b + 2] - points[a + 2];
  const vx = points[c] - points[a];
  const vy = points[c + 1] - points[a + 1];
  const vz = points[c + 2] - points[a + 2];
  return [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
}

/** Appends the ends of the parts of `from`'s edges that lie in `by`. */
function clipEdges(from: Polytope, by: Polytope, out: number[]): void {
  const planes: number[] = [];
  for (let f = 0; f < by.hull.faces.length; f += 3) {
    const a = 3 * by.hull.faces[f];
    planes.push(...faceNormal(by.points, by.hull.faces, f), by.points[a], by.points[a + 1], by.points[a + 2]);
  }
  const { faces } = from.hull;
  for (let f = 0; f < faces.length; f += 3) {
    for (let side = 0; side < 3; side++) {
      const a = faces[f + side];
      const b = faces[f + ((side + 1) % 3)];
      if (a < b) clipSegment(from.points, 3 * a, 3 * b, planes, out);
    }
  }
}

/** Scaled height of a point over plane s; 0 within rounding, so that shared faces count as shared. */
function heightOver(planes: readonly number[], s: number, p: Float64Array, at: number): number {
  let height = 0;
  let size = 0;
  for (let d = 0; d < 3; d++) {
    const part = planes[s + d] * (p[at + d] - planes[s + 3 + d]);
    height += part;
    size += Math.abs(part);
  }
  return Math.abs(height) <= ON_PLANE * size ? 0 : height;
}

function clipSegment(p: Float64Array, a: number, b: number, planes: readonly number[], out: number[]): void {
  let enter = 0;
  let leave = 1;
  for (let s = 0; s < planes.length; s += 6) {
    const atA = heightOver(planes, s, p, a);
    const atB = heightOver(planes, s, p, b);
    if (atA > 0 && atB > 0) return;
    if (atA > 0) enter = Math.max(enter, atA / (atA - atB));
    else if (atB > 0) leave = Math.min(leave, atA / (atA - atB));
  }
  if (enter > leave) return;
  for (const t of [enter, leave]) {
    for (let d = 0; d < 3; d++)
      out.push(t === 0 ? p[a + d] : t === 1 ? p[b + d] : p[a + d] + t * (p[b + d] - p[a + d]));
  }
}
