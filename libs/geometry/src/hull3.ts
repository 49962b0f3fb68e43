import { HullMesh } from './hull-mesh.js';
import { convexHull2, requireFinite } from './hull2.js';
import { orient2d, orient3d } from './predicates.js';

/** Convex hull of points in space. */
export interface ConvexHull3 {
  /** -1 no points, 0 one place, 1 collinear, 2 coplanar, 3 a body. */
  readonly dimension: -1 | 0 | 1 | 2 | 3;
  /** Indices of the extreme points: ascending for a body, around the polygon when coplanar, the two ends when collinear. */
  readonly vertices: Uint32Array;
  /** Triangles (index triples) counter-clockwise seen from outside; empty below dimension 3. */
  readonly faces: Uint32Array;
}

/**
 * Convex hull in space by quickhull (Barber, Dobkin, Huhdanpaa 1996) with exact predicates instead of tolerances:
 * coplanar triangles are merged and retriangulated from their extreme points, so `vertices` are exactly the extreme
 * points (of equal points one) and every other point lies on or below every face. Expected O(n log h).
 * @param points flat xyz, 3n
 * @throws GeometryError HULL_BAD_SHAPE, HULL_NOT_FINITE
 */
export function convexHull3(points: Float64Array): ConvexHull3 {
  requireFinite(points, 3);
  const n = points.length / 3;
  if (n === 0) return { dimension: -1, vertices: new Uint32Array(0), faces: new Uint32Array(0) };
  const simplex = initialSimplex(points);
  if (simplex.length < 4) return flatHull(points, simplex);
  const mesh = new HullMesh(points);
  const open = startMesh(mesh, simplex);
  const startFace = new Int32Array(n);
  let serial = 0;
  while (open.length > 0) {
    const f = open.pop() as number;
    if (!mesh.isAlive(f) || mesh.eyeOf(f) < 0) continue;
    open.push(...addPoint(mesh, f, mesh.eyeOf(f), ++serial, startFace));
  }
  const faces = mergeCoplanar(mesh);
  return { dimension: 3, vertices: Uint32Array.from(new Set(faces)).sort(), faces };
}

/** Up to four points of full rank, found by exact tests: farthest from the first, from the line, from the plane. */
function initialSimplex(p: Float64Array): number[] {
  const n = p.length / 3;
  const first = farthestBy(n, (i) => -p[3 * i]);
  const a = 3 * first;
  const second = farthestBy(n, (i) =>
    Math.hypot(p[3 * i] - p[a], p[3 * i + 1] - p[a + 1], p[3 * i + 2] - p[a + 2]),
  );
  const b = 3 * second;
  if (p[a] === p[b] && p[a + 1] === p[b + 1] && p[a + 2] === p[b + 2]) return [first];
  const third = farthestBy(n, (i) => offLine(p, a, b, 3 * i));
  if (offLine(p, a, b, 3 * third) === 0) return [first, second];
  const c = 3 * third;
  const plane = (i: number): number =>
    orient3d(
      p[a],
      p[a + 1],
      p[a + 2],
      p[b],
      p[b + 1],
      p[b + 2],
      p[c],
      p[c + 1],
      p[c + 2],
      p[i],
      p[i + 1],
      p[i + 2],
    );
  const fourth = farthestBy(n, (i) => Math.abs(plane(3 * i)));
  const side = plane(3 * fourth);
  if (side === 0) return [first, second, third];
  return side > 0 ? [first, second, third, fourth] : [first, third, second, fourth];
}

function farthestBy(n: number, measure: (i: number) => number): number {
  let best = 0;
  let most = -Infinity;
  for (let i = 0; i < n; i++) {
    const value = measure(i);
    if (value > most) {
      most = value;
      best = i;
    }
  }
  return best;
}

/** Zero exactly when collinear: the largest of the three projected, exactly signed areas. */
function offLine(p: Float64Array, a: number, b: number, c: number): number {
  return Math.max(
    Math.abs(orient2d(p[a], p[a + 1], p[b], p[b + 1], p[c], p[c + 1])),
    Math.abs(orient2d(p[a + 1], p[a + 2], p[b + 1], p[b + 2], p[c + 1], p[c + 2])),
    Math.abs(orient2d(p[a], p[a + 2], p[b], p[b + 2], p[c], p[c + 2])),
  );
}

function flatHull(points: Float64Array, simplex: readonly number[]): ConvexHull3 {
  const faces = new Uint32Array(0);
  if (simplex.length === 1) return { dimension: 0, vertices: Uint32Array.of(simplex[0]), faces };
  const [a, b, c] = simplex.map((i) => 3 * i);
  let dropped = 2;
  let widest = -1;
  for (let axis = 0; axis < 3; axis++) {
    const [u, v] = [0, 1, 2].filter((d) => d !== axis);
    const size =
      simplex.length === 2
        ? Math.max(Math.abs(points[a + u] - points[b + u]), Math.abs(points[a + v] - points[b + v]))
        : Math.abs(
            orient2d(
              points[a + u],
              points[a + v],
              points[b + u],
              points[b + v],
              points[c + u],
              points[c + v],
            ),
          );
    if (size > widest) {
      widest = size;
      dropped = axis;
    }
  }
  const vertices = convexHull2(
    project(
      points,
      Uint32Array.from({ length: points.length / 3 }, (_, i) => i),
      dropped,
    ),
  );
  return { dimension: simplex.length === 2 ? 1 : 2, vertices, faces };
}

function project(points: Float64Array, indices: ArrayLike<number>, dropped: number): Float64Array {
  const [u, v] = [0, 1, 2].filter((d) => d !== dropped);
  const out = new Float64Array(2 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    out[2 * i] = points[3 * indices[i] + u];
    out[2 * i + 1] = points[3 * indices[i] + v];
  }
  return out;
}

/** The tetrahedron with outward faces, linked, and all points given to the faces that see them. */
function startMesh(mesh: HullMesh, [a, b, c, d]: readonly number[]): number[] {
  // d lies below the plane of a, b, c, so that a, b, c is counter-clockwise from outside.
  const faces = [mesh.addFace(a, b, c), mesh.addFace(b, a, d), mesh.addFace(c, b, d), mesh.addFace(a, c, d)];
  for (const f of faces) {
    for (let side = 0; side < 3; side++) {
      const from = mesh.vertices[3 * f + side];
      const to = mesh.vertices[3 * f + ((side + 1) % 3)];
      for (const g of faces) {
        const otherSide = [0, 1, 2].findIndex(
          (s) => mesh.vertices[3 * g + s] === to && mesh.vertices[3 * g + ((s + 1) % 3)] === from,
        );
        if (otherSide >= 0) mesh.linkSide(f, side, g, otherSide);
      }
    }
  }
  const n = mesh.points.length / 3;
  for (let i = 0; i < n; i++) mesh.assign(i, faces);
  return faces;
}

/** Replaces all faces that `eye` sees by a fan from it to their horizon; returns the new faces. */
function addPoint(
  mesh: HullMesh,
  start: number,
  eye: number,
  serial: number,
  startFace: Int32Array,
): number[] {
  const seen = [start];
  mesh.marks[start] = serial;
  const horizon: number[] = [];
  for (let s = 0; s < seen.length; s++) {
    const f = seen[s];
    for (let side = 0; side < 3; side++) {
      const g = mesh.neighbours[3 * f + side];
      if (mesh.marks[g] === serial) continue;
      if (mesh.heightAbove(g, eye) > 0) {
        mesh.marks[g] = serial;
        seen.push(g);
      } else {
        horizon.push(mesh.vertices[3 * f + side], mesh.vertices[3 * f + ((side + 1) % 3)], g);
      }
    }
  }
  const fan: number[] = [];
  for (let h = 0; h < horizon.length; h += 3) {
    const f = mesh.addFace(horizon[h], horizon[h + 1], eye);
    mesh.linkSide(f, 0, horizon[h + 2], mesh.sideFrom(horizon[h + 2], horizon[h + 1]));
    startFace[horizon[h]] = f;
    fan.push(f);
  }
  for (const f of fan) mesh.linkSide(f, 1, startFace[mesh.vertices[3 * f + 1]], 2);
  for (const f of seen) {
    for (let i = mesh.heads[f]; i >= 0;) {
      const next = mesh.nextPoint[i];
      if (i !== eye) mesh.assign(i, fan);
      i = next;
    }
  }
  for (const f of seen) mesh.removeFace(f);
  return fan;
}

/** Joins coplanar neighbours into facets and cuts each facet into triangles between its extreme points. */
function mergeCoplanar(mesh: HullMesh): Uint32Array {
  const out: number[] = [];
  const done = new Uint8Array(mesh.faceCount);
  for (let start = 0; start < mesh.faceCount; start++) {
    if (done[start] === 1 || !mesh.isAlive(start)) continue;
    const facet = [start];
    done[start] = 1;
    for (const f of facet) {
      for (let side = 0; side < 3; side++) {
        const g = mesh.neighbours[3 * f + side];
        if (done[g] === 1) continue;
        const opposite =
          mesh.vertices[3 * g + ((mesh.sideFrom(g, mesh.vertices[3 * f + ((side + 1) % 3)]) + 2) % 3)];
        if (mesh.heightAbove(start, opposite) === 0 && mesh.exactSide(start, opposite) === 0) {
          done[g] = 1;
          facet.push(g);
        }
      }
    }
    if (facet.length === 1) for (let v = 0; v < 3; v++) out.push(mesh.vertices[3 * start + v]);
    else fanFacet(mesh, facet, out);
  }
  return Uint32Array.from(out);
}

function fanFacet(mesh: HullMesh, facet: readonly number[], out: number[]): void {
  const corners = new Set<number>();
  for (const f of facet) for (let v = 0; v < 3; v++) corners.add(mesh.vertices[3 * f + v]);
  const indices = Array.from(corners);
  const axis = mesh.dominantAxis(facet[0]);
  const ring = convexHull2(project(mesh.points, indices, axis));
  const [a, b, c] = Array.from(
    project(mesh.points, mesh.vertices.subarray(3 * facet[0], 3 * facet[0] + 3), axis),
  ).reduce<[number, number][]>((pairs, v, i, all) => (i % 2 === 0 ? [...pairs, [v, all[i + 1]]] : pairs), []);
  const outward = orient2d(a[0], a[1], b[0], b[1], c[0], c[1]) > 0;
  for (let i = 1; i + 1 < ring.length; i++) {
    const second = indices[ring[outward ? i : i + 1]];
    const third = indices[ring[outward ? i + 1 : i]];
    out.push(indices[ring[0]], second, third);
  }
}
