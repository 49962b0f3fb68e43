import Delaunator from 'delaunator';
import { GeometryError } from './geometry-error.js';
import { incircle, orient2d } from './predicates.js';

/** Delaunay triangulation of points in the plane. */
export interface Delaunay {
  /** The given points, flat xy. */
  readonly points: Float64Array;
  /** -1 no points, 0 one place, 1 collinear, 2 a triangulation. */
  readonly dimension: -1 | 0 | 1 | 2;
  /** Index triples, counter-clockwise; empty below dimension 2. */
  readonly triangles: Uint32Array;
  /** Half-edge e runs from triangles[e] to the next corner of its triangle; its twin, or -1 on the hull. */
  readonly halfedges: Int32Array;
  /** Border, counter-clockwise (it may pass through collinear points); below dimension 2 the points in line order. */
  readonly hull: Uint32Array;
  /** Neighbours of point i: neighbours[neighbourStart[i] .. neighbourStart[i + 1]); none for a repeated point. */
  readonly neighbourStart: Uint32Array;
  readonly neighbours: Uint32Array;
  /** The point that stands for each point: itself, or the one in the triangulation at the same place. */
  readonly representative: Uint32Array;
}

/** No chain of Lawson flips on points that delaunator has already legalised comes near this. */
const FLIPS_PER_EDGE = 64;

/**
 * Triangulates n points (`delaunator`, sweep-hull), then repairs the edges whose circumcircle test its rounded
 * arithmetic got wrong by exact Lawson flips, so that every circumcircle is empty in exact arithmetic. O(n log n).
 * @param points flat xy; duplicates are represented once
 * @throws GeometryError DELAUNAY_BAD_SHAPE, DELAUNAY_NOT_FINITE, DELAUNAY_NO_END (never seen: flips did not settle)
 */
export function delaunay(points: Float64Array): Delaunay {
  requirePlane(points);
  const n = points.length / 2;
  const representative = firstAtPlace(points);
  const distinct = representative.filter((r, i) => r === i);
  if (distinct.length < 2 || isCollinear(points, distinct)) return onLine(points, representative, distinct);
  const raw = new Delaunator(scaledForDelaunator(points, distinct));
  if (raw.triangles.length === 0) return onLine(points, representative, distinct);
  const triangles = raw.triangles.map((v) => distinct[v]);
  const halfedges = raw.halfedges.slice();
  flipUntilEmpty(points, triangles, halfedges);
  const edges: number[] = [];
  for (let e = 0; e < triangles.length; e++) {
    if (halfedges[e] < e) edges.push(triangles[e], triangles[nextHalfedge(e)]);
  }
  adoptSkipped(points, representative, distinct, triangles);
  const hull = Uint32Array.from(raw.hull, (v) => distinct[v]);
  return { points, dimension: 2, triangles, halfedges, hull, ...adjacency(n, edges), representative };
}

/** The half-edge after e in its triangle. */
export function nextHalfedge(e: number): number {
  return e % 3 === 2 ? e - 2 : e + 1;
}

function requirePlane(points: Float64Array): void {
  if (points.length % 2 !== 0) throw new GeometryError('DELAUNAY_BAD_SHAPE', 'points are xy pairs');
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(points[i])) {
      throw new GeometryError('DELAUNAY_NOT_FINITE', 'a coordinate is not finite', { point: i >> 1 });
    }
  }
}

/** For each point the first one at its place, by open addressing on the bits of both coordinates. O(n). */
function firstAtPlace(points: Float64Array): Uint32Array {
  const n = points.length / 2;
  let size = 4;
  while (size < 2 * n) size *= 2;
  const slots = new Int32Array(size).fill(-1);
  const first = new Uint32Array(n);
  const place = new Float64Array(2);
  const bits = new Uint32Array(place.buffer);
  for (let i = 0; i < n; i++) {
    // Adding zero makes -0 and 0 one place.
    place[0] = points[2 * i] + 0;
    place[1] = points[2 * i + 1] + 0;
    let hash =
      Math.imul(bits[0] ^ Math.imul(bits[1], 0x85ebca6b), 0xc2b2ae35) ^ Math.imul(bits[3], 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 15) ^ bits[2], 0x9e3779b1);
    let slot = (hash ^ (hash >>> 16)) & (size - 1);
    for (; slots[slot] >= 0; slot = (slot + 1) & (size - 1)) {
      const other = 2 * slots[slot];
      if (points[other] === points[2 * i] && points[other + 1] === points[2 * i + 1]) break;
    }
    if (slots[slot] < 0) slots[slot] = i;
    first[i] = slots[slot];
  }
  return first;
}

function isCollinear(points: Float64Array, distinct: Uint32Array): boolean {
  const a = 2 * distinct[0];
  const b = 2 * distinct[1];
  return distinct.every(
    (i) =>
      orient2d(points[a], points[a + 1], points[b], points[b + 1], points[2 * i], points[2 * i + 1]) === 0,
  );
}

function onLine(points: Float64Array, representative: Uint32Array, distinct: Uint32Array): Delaunay {
  const hull = distinct
    .slice()
    .sort((a, b) => points[2 * a] - points[2 * b] || points[2 * a + 1] - points[2 * b + 1]);
  const edges: number[] = [];
  for (let i = 1; i < hull.length; i++) edges.push(hull[i - 1], hull[i]);
  return {
    points,
    dimension: hull.length === 0 ? -1 : hull.length === 1 ? 0 : 1,
    triangles: new Uint32Array(0),
    halfedges: new Int32Array(0),
    hull,
    ...adjacency(points.length / 2, edges),
    representative,
  };
}

/**
 * Distinct points times a power of two (exact), with y turned over: delaunator drops points closer than 2^-52 in
 * absolute terms and orders triangles for a downward y axis.
 */
function scaledForDelaunator(points: Float64Array, distinct: Uint32Array): Float64Array {
  let largest = 0;
  for (const i of distinct) largest = Math.max(largest, Math.abs(points[2 * i]), Math.abs(points[2 * i + 1]));
  const factor = 2 ** Math.max(-1000, Math.min(1000, 40 - Math.ceil(Math.log2(largest))));
  const out = new Float64Array(2 * distinct.length);
  distinct.forEach((p, i) => {
    out[2 * i] = points[2 * p] * factor;
    out[2 * i + 1] = -points[2 * p + 1] * factor;
  });
  return out;
}

function flipUntilEmpty(p: Float64Array, triangles: Uint32Array, halfedges: Int32Array): void {
  const stack: number[] = [];
  let budget = FLIPS_PER_EDGE * triangles.length;
  for (let fresh = 0; fresh < triangles.length || stack.length > 0;) {
    const retried = stack.pop();
    const e = retried ?? fresh++;
    const twin = halfedges[e];
    // Of an edge that no flip has touched, one side is enough.
    if (twin < 0 || (retried === undefined && twin > e)) continue;
    const after = nextHalfedge(e);
    const before = nextHalfedge(after);
    const twinBefore = nextHalfedge(nextHalfedge(twin));
    const a = 2 * triangles[e];
    const b = 2 * triangles[after];
    const c = 2 * triangles[before];
    const d = 2 * triangles[twinBefore];
    if (incircle(p[a], p[a + 1], p[b], p[b + 1], p[c], p[c + 1], p[d], p[d + 1]) <= 0) continue;
    if (budget-- === 0) throw new GeometryError('DELAUNAY_NO_END', 'edge flips did not settle');
    triangles[e] = triangles[twinBefore];
    triangles[twin] = triangles[before];
    const outerOfTwin = halfedges[twinBefore];
    link(halfedges, twin, halfedges[before]);
    link(halfedges, e, outerOfTwin);
    link(halfedges, before, twinBefore);
    stack.push(e, twin, after, nextHalfedge(twin));
  }
}

function link(halfedges: Int32Array, a: number, b: number): void {
  halfedges[a] = b;
  if (b >= 0) halfedges[b] = a;
}

/** A point that delaunator merged with a near neighbour is represented by the nearest triangulated one. */
function adoptSkipped(
  points: Float64Array,
  representative: Uint32Array,
  distinct: Uint32Array,
  triangles: Uint32Array,
): void {
  const used = new Uint8Array(representative.length);
  for (const v of triangles) used[v] = 1;
  const adopted = new Map<number, number>();
  for (const i of distinct) {
    if (used[i] === 1) continue;
    let least = Infinity;
    for (const j of distinct) {
      const gap = Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]);
      if (used[j] === 1 && gap < least) {
        least = gap;
        adopted.set(i, j);
      }
    }
  }
  if (adopted.size === 0) return;
  representative.forEach((r, i) => (representative[i] = adopted.get(r) ?? r));
}

/** Symmetric adjacency in compressed rows from a list of undirected edges. */
export function adjacency(
  n: number,
  edges: readonly number[],
): { neighbourStart: Uint32Array; neighbours: Uint32Array } {
  const neighbourStart = new Uint32Array(n + 1);
  for (const v of edges) neighbourStart[v + 1]++;
  for (let i = 0; i < n; i++) neighbourStart[i + 1] += neighbourStart[i];
  const place = neighbourStart.slice();
  const neighbours = new Uint32Array(edges.length);
  for (let e = 0; e < edges.length; e += 2) {
    neighbours[place[edges[e]]++] = edges[e + 1];
    neighbours[place[edges[e + 1]]++] = edges[e];
  }
  return { neighbourStart, neighbours };
}

/**
 * The laws a triangulation must obey, checked exactly; the list of broken ones is empty for a sound one. O(n).
 */
export function validateDelaunay(mesh: Delaunay): string[] {
  const { points: p, triangles, halfedges } = mesh;
  const broken: string[] = [];
  for (let e = 0; e < triangles.length; e++) {
    const after = nextHalfedge(e);
    const [a, b, c] = [2 * triangles[e], 2 * triangles[after], 2 * triangles[nextHalfedge(after)]];
    if (e % 3 === 0 && orient2d(p[a], p[a + 1], p[b], p[b + 1], p[c], p[c + 1]) <= 0) {
      broken.push(`triangle ${e / 3} is not counter-clockwise`);
    }
    const twin = halfedges[e];
    if (twin < 0) continue;
    if (halfedges[twin] !== e || triangles[twin] !== triangles[after])
      broken.push(`half-edge ${e} has a wrong twin`);
    const d = 2 * triangles[nextHalfedge(nextHalfedge(twin))];
    if (incircle(p[a], p[a + 1], p[b], p[b + 1], p[c], p[c + 1], p[d], p[d + 1]) > 0) {
      broken.push(`circumcircle of half-edge ${e} is not empty`);
    }
  }
  return broken;
}
