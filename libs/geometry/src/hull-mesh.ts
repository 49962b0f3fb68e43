import { orient3d } from './predicates.js';

const NONE = -1;
/** Shewchuk's bound for orient3d is 7.8e-16 of the permanent; the plane is evaluated with the same operations. */
const PLANE_ERROR = 1e-15;

/**
 * The growing polytope of quickhull: triangles with neighbours, planes and lists of the points they still see.
 * Side i of face f runs from vertices[3f + i] to vertices[3f + (i + 1) % 3]; neighbours[3f + i] lies across it.
 */
export class HullMesh {
  vertices = new Int32Array(0);
  neighbours = new Int32Array(0);
  /** Outward normal and rounding bound of n . (p - a), four per face. */
  private planes = new Float64Array(0);
  /** First point of each face's conflict list, and the one farthest from its plane. */
  heads = new Int32Array(0);
  private farthest = new Int32Array(0);
  private farthestDistance = new Float64Array(0);
  /** Serial number of the search that last saw the face; NONE when the face is dead. */
  marks = new Int32Array(0);
  faceCount = 0;
  readonly nextPoint: Int32Array;
  private readonly free: number[] = [];
  private readonly extent: Float64Array;

  constructor(readonly points: Float64Array) {
    this.nextPoint = new Int32Array(points.length / 3).fill(NONE);
    this.extent = extentOf(points);
    this.resize(256);
  }

  addFace(a: number, b: number, c: number): number {
    const f = this.free.pop() ?? this.faceCount++;
    if (3 * f >= this.vertices.length) this.resize(2 * f + 2);
    this.vertices[3 * f] = a;
    this.vertices[3 * f + 1] = b;
    this.vertices[3 * f + 2] = c;
    this.heads[f] = NONE;
    this.farthest[f] = NONE;
    this.farthestDistance[f] = 0;
    this.marks[f] = 0;
    this.writePlane(f, 3 * a, 3 * b, 3 * c);
    return f;
  }

  removeFace(f: number): void {
    this.marks[f] = NONE;
    this.heads[f] = NONE;
    this.free.push(f);
  }

  isAlive(f: number): boolean {
    return this.marks[f] !== NONE;
  }

  /** Points neighbours at each other across the side from `a` to `b` of f. */
  linkSide(f: number, side: number, other: number, otherSide: number): void {
    this.neighbours[3 * f + side] = other;
    this.neighbours[3 * other + otherSide] = f;
  }

  /** The side of `f` that starts at vertex v. */
  sideFrom(f: number, v: number): number {
    return this.vertices[3 * f] === v ? 0 : this.vertices[3 * f + 1] === v ? 1 : 2;
  }

  /** Height of point i above face f when it is strictly outside, else 0. Exact sign, rounded value. */
  heightAbove(f: number, i: number): number {
    const { points, planes } = this;
    const a = 3 * this.vertices[3 * f];
    const p = 3 * i;
    const s = 4 * f;
    const height =
      planes[s] * (points[p] - points[a]) +
      planes[s + 1] * (points[p + 1] - points[a + 1]) +
      planes[s + 2] * (points[p + 2] - points[a + 2]);
    if (height > planes[s + 3]) return height;
    if (height < -planes[s + 3]) return 0;
    return this.exactSide(f, i) > 0 ? Math.max(height, Number.MIN_VALUE) : 0;
  }

  /** > 0 outside, 0 on the plane, < 0 inside; exact. */
  exactSide(f: number, i: number): number {
    const { points: p, vertices } = this;
    const a = 3 * vertices[3 * f];
    const b = 3 * vertices[3 * f + 1];
    const c = 3 * vertices[3 * f + 2];
    const d = 3 * i;
    return -orient3d(
      p[a],
      p[a + 1],
      p[a + 2],
      p[b],
      p[b + 1],
      p[b + 2],
      p[c],
      p[c + 1],
      p[c + 2],
      p[d],
      p[d + 1],
      p[d + 2],
    );
  }

  /** Gives point i to the first of `faces` that sees it; forgets it when none does. */
  assign(i: number, faces: readonly number[]): void {
    for (const f of faces) {
      const height = this.heightAbove(f, i);
      if (height === 0) continue;
      this.nextPoint[i] = this.heads[f];
      this.heads[f] = i;
      if (height > this.farthestDistance[f]) {
        this.farthestDistance[f] = height;
        this.farthest[f] = i;
      }
      return;
    }
  }

  /** The farthest point that f sees, or -1. */
  eyeOf(f: number): number {
    return this.farthest[f];
  }

  /** Component of the normal with the largest size: dropping it projects the face without flattening it. */
  dominantAxis(f: number): number {
    const x = Math.abs(this.planes[4 * f]);
    const y = Math.abs(this.planes[4 * f + 1]);
    const z = Math.abs(this.planes[4 * f + 2]);
    return x >= y && x >= z ? 0 : y >= z ? 1 : 2;
  }

  private writePlane(f: number, a: number, b: number, c: number): void {
    const p = this.points;
    const ux = p[b] - p[a];
    const uy = p[b + 1] - p[a + 1];
    const uz = p[b + 2] - p[a + 2];
    const vx = p[c] - p[a];
    const vy = p[c + 1] - p[a + 1];
    const vz = p[c + 2] - p[a + 2];
    const { planes, extent } = this;
    planes[4 * f] = uy * vz - uz * vy;
    planes[4 * f + 1] = uz * vx - ux * vz;
    planes[4 * f + 2] = ux * vy - uy * vx;
    planes[4 * f + 3] =
      PLANE_ERROR *
      ((Math.abs(uy * vz) + Math.abs(uz * vy)) * extent[0] +
        (Math.abs(uz * vx) + Math.abs(ux * vz)) * extent[1] +
        (Math.abs(ux * vy) + Math.abs(uy * vx)) * extent[2]);
  }

  private resize(faces: number): void {
    this.vertices = grown(new Int32Array(3 * faces), this.vertices);
    this.neighbours = grown(new Int32Array(3 * faces), this.neighbours);
    this.planes = grown(new Float64Array(4 * faces), this.planes);
    this.heads = grown(new Int32Array(faces), this.heads);
    this.farthest = grown(new Int32Array(faces), this.farthest);
    this.farthestDistance = grown(new Float64Array(faces), this.farthestDistance);
    this.marks = grown(new Int32Array(faces), this.marks);
  }
}

function grown<T extends Int32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}

function extentOf(points: Float64Array): Float64Array {
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    for (let d = 0; d < 3; d++) {
      const v = points[i + d];
      if (v < min[d]) min[d] = v;
      if (v > max[d]) max[d] = v;
    }
  }
  return Float64Array.from(min, (v, d) => max[d] - v);
}
