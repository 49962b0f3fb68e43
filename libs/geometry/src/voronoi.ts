import { nextHalfedge, type Delaunay } from './delaunay.js';
import { GeometryError } from './geometry-error.js';
import { clipRing } from './polygon.js';
import { orient2d } from './predicates.js';

/** Voronoi cells clipped to a box: ring of site i is rings[start[i] .. start[i + 1]), flat xy, counter-clockwise. */
export interface VoronoiCells {
  readonly start: Uint32Array;
  readonly rings: Float64Array;
}

/**
 * Cells of all sites within a box: the box cut by the bisectors with the Delaunay neighbours, which is right for
 * collinear sites too. A repeated site has an empty cell, its representative the whole one. O(sum of degree^2).
 * @param box minX, minY, maxX, maxY
 * @throws GeometryError VORONOI_BAD_BOX
 */
export function voronoiCells(mesh: Delaunay, box: readonly [number, number, number, number]): VoronoiCells {
  const [minX, minY, maxX, maxY] = box;
  if (!(minX < maxX && minY < maxY) || !box.every(Number.isFinite)) {
    throw new GeometryError('VORONOI_BAD_BOX', 'a box has finite corners and an area', { box: [...box] });
  }
  const { points, neighbourStart, neighbours, representative } = mesh;
  const n = points.length / 2;
  const start = new Uint32Array(n + 1);
  const coords: number[] = [];
  for (let i = 0; i < n; i++) {
    let ring: number[] = representative[i] === i ? [minX, minY, maxX, minY, maxX, maxY, minX, maxY] : [];
    for (let e = neighbourStart[i]; e < neighbourStart[i + 1] && ring.length > 0; e++) {
      const j = neighbours[e];
      const dx = points[2 * j] - points[2 * i];
      const dy = points[2 * j + 1] - points[2 * i + 1];
      // The bisector's direction, turned so that site i lies on its left.
      ring = clipRing(ring, points[2 * i] + dx / 2, points[2 * i + 1] + dy / 2, -dy, dx);
    }
    for (const v of ring) coords.push(v);
    start[i + 1] = coords.length;
  }
  return { start, rings: Float64Array.from(coords) };
}

/** The ring of site i. */
export function voronoiCell(cells: VoronoiCells, i: number): Float64Array {
  return cells.rings.subarray(cells.start[i], cells.start[i + 1]);
}

/**
 * The triangle that holds (x, y), its border included, or -1 outside the hull and below dimension 2; a walk from
 * `from` that crosses every side which has the point beyond it (it ends on a Delaunay triangulation; Devillers et
 * al. 2002). Expected O(sqrt n).
 * @param from triangle to start at, best near the point
 */
export function locateTriangle(mesh: Delaunay, x: number, y: number, from = 0): number {
  const { points: p, triangles, halfedges } = mesh;
  if (triangles.length === 0 || x !== x || y !== y) return -1;
  let e = 3 * from;
  for (let steps = 0; steps <= triangles.length; steps++) {
    const base = e - (e % 3);
    let crossing = -1;
    for (let side = base; side < base + 3 && crossing < 0; side++) {
      const a = 2 * triangles[side];
      const b = 2 * triangles[nextHalfedge(side)];
      if (orient2d(p[a], p[a + 1], p[b], p[b + 1], x, y) < 0) crossing = side;
    }
    if (crossing < 0) return base / 3;
    e = halfedges[crossing];
    if (e < 0) return -1;
  }
  return -1;
}

/** Barycentric coordinates of (x, y) in a triangle of the mesh; they sum to 1. O(1). */
export function barycentric(
  mesh: Delaunay,
  triangle: number,
  x: number,
  y: number,
): [number, number, number] {
  const { points: p, triangles } = mesh;
  const a = 2 * triangles[3 * triangle];
  const b = 2 * triangles[3 * triangle + 1];
  const c = 2 * triangles[3 * triangle + 2];
  const toA = orient2d(p[b], p[b + 1], p[c], p[c + 1], x, y);
  const toB = orient2d(p[c], p[c + 1], p[a], p[a + 1], x, y);
  const toC = orient2d(p[a], p[a + 1], p[b], p[b + 1], x, y);
  const sum = toA + toB + toC;
  return [toA / sum, toB / sum, toC / sum];
}

/**
 * Piecewise linear interpolation at (x, y), or null outside the hull (and for collinear sites). Expected O(sqrt n).
 * @param values flat, `width` per point
 * @throws GeometryError VORONOI_BAD_VALUES
 */
export function interpolate(
  mesh: Delaunay,
  values: Float64Array,
  width: number,
  x: number,
  y: number,
): Float64Array | null {
  if (width < 1 || values.length !== (mesh.points.length / 2) * width) {
    throw new GeometryError('VORONOI_BAD_VALUES', 'values has `width` numbers per point', { width });
  }
  const triangle = locateTriangle(mesh, x, y);
  if (triangle < 0) return null;
  const weights = barycentric(mesh, triangle, x, y);
  const out = new Float64Array(width);
  for (let corner = 0; corner < 3; corner++) {
    const v = mesh.triangles[3 * triangle + corner] * width;
    for (let w = 0; w < width; w++) out[w] += weights[corner] * values[v + w];
  }
  return out;
}
