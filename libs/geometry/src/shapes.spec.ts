// Oracles: qhull (SciPy) in fixtures/hulls.json, GEOS (Shapely) in fixtures/polygons.json, both made by
// fixtures/make_fixtures.py; exact laws (every point on or below every face, Euler's formula, edges twice); Monte
// Carlo volumes; metamorphic laws.
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { GeometryError } from './geometry-error.js';
import { convexHull2 } from './hull2.js';
import { convexHull3 } from './hull3.js';
import { pointInPolygon, polygonArea, polygonCentroid, polygonOverlap } from './polygon.js';
import {
  pointInPolytope,
  polytopeCentroid,
  polytopeOverlap,
  polytopeSurface,
  polytopeVolume,
  type Polytope,
} from './polytope.js';
import { orient2d } from './predicates.js';
import { DISTRIBUTIONS, pointSet } from './testing/point-sets.js';
import { seededRandom, testSeed } from './testing/seed.js';

const seed = testSeed(process.env['HARTO_SEED']);

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
  return 'none';
}

function body(points: Float64Array): Polytope {
  return { points, hull: convexHull3(points) };
}

function gather(points: Float64Array, ids: ArrayLike<number>, dims: number): Float64Array {
  return Float64Array.from(
    { length: ids.length * dims },
    (_, i) => points[ids[Math.floor(i / dims)] * dims + (i % dims)],
  );
}

/** The laws of a hull in space; the list of broken ones. */
function brokenLaws({ points, hull }: Polytope): string[] {
  const broken: string[] = [];
  const { faces, vertices } = hull;
  const edges = new Set<string>();
  for (let f = 0; f < faces.length; f += 3) {
    for (let s = 0; s < 3; s++) edges.add(`${faces[f + s]}-${faces[f + ((s + 1) % 3)]}`);
  }
  if (edges.size !== faces.length) broken.push('an edge is used twice in one direction');
  for (const edge of edges)
    if (!edges.has(edge.split('-').reverse().join('-'))) broken.push(`edge ${edge} is open`);
  if (vertices.length - faces.length / 2 + faces.length / 3 !== 2) broken.push('Euler: v - e + f is not 2');
  for (let i = 0; i < points.length; i += 3) {
    if (pointInPolytope({ points, hull }, points[i], points[i + 1], points[i + 2]) < 0)
      broken.push(`point ${i / 3} is out`);
  }
  return broken;
}

function cube(n: number): Float64Array {
  const out: number[] = [];
  for (let x = 0; x <= n; x++) for (let y = 0; y <= n; y++) for (let z = 0; z <= n; z++) out.push(x, y, z);
  return Float64Array.from(out);
}

describe(`convex hull (seed ${seed})`, () => {
  it('equals qhull', () => {
    interface HullCase {
      name: string;
      dims: number;
      points: number[];
      vertices: number[];
      volume: number;
      area: number;
    }
    for (const { dims, points, vertices, volume, area } of fixture<{ cases: HullCase[] }>('hulls.json')
      .cases) {
      const p = Float64Array.from(points);
      if (dims === 2) {
        const ring = convexHull2(p);
        expect(Array.from(ring).sort((a, b) => a - b)).toEqual(vertices);
        expect(Math.abs(polygonArea(gather(p, ring, 2)) / volume - 1)).toBeLessThan(1e-12);
      } else {
        const shape = body(p);
        expect(Array.from(shape.hull.vertices)).toEqual(vertices);
        expect(Math.abs(polytopeVolume(shape) / volume - 1)).toBeLessThan(1e-9);
        expect(Math.abs(polytopeSurface(shape) / area - 1)).toBeLessThan(1e-9);
      }
    }
  });

  it.each(DISTRIBUTIONS)('obeys the laws exactly on %s points', (kind) => {
    const random = seededRandom(seed);
    for (const n of [5, 20, 150, 600]) {
      const shape = body(pointSet(kind, n, 3, random));
      if (shape.hull.dimension === 3) expect(brokenLaws(shape)).toEqual([]);
      else expect(kind).toBe('degenerate');
      const p = pointSet(kind, n, 2, random);
      const ring = convexHull2(p);
      for (let s = 0; s < ring.length && ring.length > 2; s++) {
        const [a, b, c] = [ring[s], ring[(s + 1) % ring.length], ring[(s + 2) % ring.length]].map(
          (i) => 2 * i,
        );
        expect(orient2d(p[a], p[a + 1], p[b], p[b + 1], p[c], p[c + 1])).toBeGreaterThan(0);
        for (let i = 0; i < n; i++) {
          if (orient2d(p[a], p[a + 1], p[b], p[b + 1], p[2 * i], p[2 * i + 1]) < 0)
            throw new Error(`${i} is out`);
        }
      }
    }
  });

  it('lattices: only the corners are extreme, whatever the order', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 8; round++) {
      const lattice = cube(4);
      const order = Array.from({ length: 125 }, (_, i) => i).sort(() => random() - 0.5);
      const shape = body(gather(lattice, order, 3));
      expect(shape.hull.vertices.length).toBe(8);
      expect(shape.hull.faces.length / 3).toBe(12);
      expect(brokenLaws(shape)).toEqual([]);
      expect(polytopeVolume(shape)).toBe(64);
      expect(polytopeSurface(shape)).toBe(96);
      expect(polytopeCentroid(shape)).toEqual([2, 2, 2]);
    }
    const grid = Float64Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0 ? Math.floor(i / 10) : (i >> 1) % 5,
    );
    expect(Array.from(convexHull2(grid)).sort((a, b) => a - b)).toEqual([0, 4, 20, 24]);
  });

  it('gives flat and small inputs a defined result', () => {
    const dims = (...p: number[]) => {
      const { dimension, vertices } = convexHull3(Float64Array.from(p));
      return [dimension, vertices.length];
    };
    expect(dims()).toEqual([-1, 0]);
    expect(dims(1, 2, 3)).toEqual([0, 1]);
    expect(dims(1, 2, 3, 1, 2, 3)).toEqual([0, 1]);
    expect(dims(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3)).toEqual([1, 2]);
    expect(dims(0, 0, 1, 4, 0, 1, 4, 4, 1, 0, 4, 1, 2, 2, 1, 2, 0, 1)).toEqual([2, 4]);
    expect(dims(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)).toEqual([3, 4]);
    expect(convexHull2(new Float64Array(0)).length).toBe(0);
    expect(Array.from(convexHull2(Float64Array.of(3, 3, 3, 3)))).toEqual([0]);
    expect(Array.from(convexHull2(Float64Array.of(0, 0, 5, 5, 2, 2, 1, 1)))).toEqual([0, 1]);
    expect(codeOf(() => convexHull3(Float64Array.of(0, 0, Number.NaN)))).toBe('HULL_NOT_FINITE');
    expect(codeOf(() => convexHull2(Float64Array.of(0)))).toBe('HULL_BAD_SHAPE');
    expect(codeOf(() => pointInPolytope(body(Float64Array.of(0, 0, 0)), 0, 0, 0))).toBe('HULL_NO_BODY');
  });

  it('does not change under permutation, duplication and scaling, and volume grows by the cube', () => {
    const random = seededRandom(seed);
    const points = pointSet('clustered', 300, 3, random);
    const base = body(points);
    const order = Array.from({ length: 300 }, (_, i) => i).sort(() => random() - 0.5);
    const permuted = body(gather(points, order, 3));
    expect(Array.from(permuted.hull.vertices, (v) => order[v]).sort((a, b) => a - b)).toEqual(
      Array.from(base.hull.vertices),
    );
    expect(body(Float64Array.of(...points, ...points)).hull.vertices.length).toBe(base.hull.vertices.length);
    for (const factor of [1e-9, 2 ** -20, 1e9]) {
      const scaled = body(points.map((v) => v * factor));
      expect(brokenLaws(scaled)).toEqual([]);
      expect(polytopeVolume(scaled) / factor ** 3 / polytopeVolume(base)).toBeCloseTo(1, 9);
    }
  });
});

describe(`polygons and polytopes (seed ${seed})`, () => {
  it('equal GEOS: area, centroid, containment, overlap of star-shaped polygons', () => {
    interface PolygonCase {
      first: number[];
      second: number[];
      area: number;
      centroid: [number, number];
      shared: number;
      probes: number[];
      inside: boolean[];
    }
    for (const c of fixture<{ cases: PolygonCase[] }>('polygons.json').cases) {
      const ring = Float64Array.from(c.first);
      expect(polygonArea(ring)).toBeCloseTo(c.area, 9);
      expect(polygonCentroid(ring)[0]).toBeCloseTo(c.centroid[0], 9);
      expect(polygonCentroid(ring)[1]).toBeCloseTo(c.centroid[1], 9);
      const other = Float64Array.from(c.second);
      expect(polygonOverlap(ring, other).measure).toBeCloseTo(c.shared, 8);
      expect(polygonOverlap(other, ring).measure).toBeCloseTo(c.shared, 8);
      expect(c.inside.map((_, i) => pointInPolygon(ring, c.probes[2 * i], c.probes[2 * i + 1]) > 0)).toEqual(
        c.inside,
      );
    }
  });

  it('knows border, vertices and degenerate rings', () => {
    const square = Float64Array.of(0, 0, 4, 0, 4, 4, 0, 4);
    expect(pointInPolygon(square, 2, 2)).toBe(1);
    expect(pointInPolygon(square, 0, 2)).toBe(0);
    expect(pointInPolygon(square, 4, 4)).toBe(0);
    expect(pointInPolygon(square, 5, 4)).toBe(-1);
    expect(pointInPolygon(square, -1, 0)).toBe(-1);
    expect(pointInPolygon(square, Number.NaN, 1)).toBe(-1);
    expect(pointInPolygon(new Float64Array(0), 0, 0)).toBe(-1);
    expect(pointInPolygon(Float64Array.of(1, 1), 1, 1)).toBe(0);
    const comb = Float64Array.of(0, 0, 6, 0, 6, 3, 5, 1, 4, 3, 3, 1, 2, 3, 1, 1, 0, 3);
    expect(pointInPolygon(comb, 3, 1.5)).toBe(-1);
    expect(pointInPolygon(comb, 2, 2)).toBe(1);
    expect(polygonCentroid(Float64Array.of(0, 0, 4, 0))).toEqual([2, 0]);
    expect(polygonCentroid(Float64Array.of(3, 5))).toEqual([3, 5]);
    expect(codeOf(() => polygonCentroid(new Float64Array(0)))).toBe('POLYGON_EMPTY');
    expect(codeOf(() => polygonArea(Float64Array.of(1)))).toBe('POLYGON_BAD_SHAPE');
    expect(polygonOverlap(square, new Float64Array(0))).toEqual({
      measure: 0,
      ofFirst: 0,
      ofSecond: 0,
      jaccard: 0,
    });
    expect(polygonOverlap(square, square).jaccard).toBeCloseTo(1, 12);
    const touching = square.map((v, i) => (i % 2 === 0 ? v + 4 : v));
    expect(polygonOverlap(square, touching).measure).toBe(0);
  });

  it('overlap of boxes is the product of interval overlaps; of a body with itself all of it', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 60; round++) {
      const low = Array.from({ length: 6 }, () => Math.floor(8 * random()));
      const size = Array.from({ length: 6 }, () => 1 + Math.floor(5 * random()));
      const box = (o: number) =>
        Float64Array.from(cube(1), (v, i) => low[o + (i % 3)] + v * size[o + (i % 3)]);
      const expected = [0, 1, 2]
        .map((d) =>
          Math.max(0, Math.min(low[d] + size[d], low[d + 3] + size[d + 3]) - Math.max(low[d], low[d + 3])),
        )
        .reduce((a, b) => a * b);
      const overlap = polytopeOverlap(body(box(0)), body(box(3)));
      expect(overlap.measure).toBeCloseTo(expected, 9);
      expect(overlap.ofFirst).toBeCloseTo(expected / (size[0] * size[1] * size[2]), 9);
    }
    const shape = body(pointSet('uniform', 100, 3, random));
    expect(polytopeOverlap(shape, shape).jaccard).toBeCloseTo(1, 9);
    expect(polytopeOverlap(shape, body(Float64Array.of(0, 0, 0, 1, 1, 1))).measure).toBe(0);
  });

  it('overlap of random bodies agrees with Monte Carlo, and is symmetric', () => {
    const random = seededRandom(seed);
    const first = body(pointSet('uniform', 40, 3, random));
    const second = body(pointSet('uniform', 40, 3, random).map((v) => 0.8 * v + 25));
    const overlap = polytopeOverlap(first, second);
    expect(polytopeOverlap(second, first).measure).toBeCloseTo(overlap.measure, 4);
    let hits = 0;
    const n = 6000;
    for (let i = 0; i < n; i++) {
      const [x, y, z] = [125 * random(), 125 * random(), 125 * random()];
      if (pointInPolytope(first, x, y, z) >= 0 && pointInPolytope(second, x, y, z) >= 0) hits++;
    }
    const share = hits / n;
    const sigma = Math.sqrt((share * (1 - share)) / n);
    expect(Math.abs(overlap.measure / 125 ** 3 - share)).toBeLessThan(5 * sigma);
  });

  it('centroid of a simplex is the mean of its corners, of a flat hull the mean of its extremes', () => {
    const simplex = body(Float64Array.of(0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4));
    expect(polytopeCentroid(simplex)).toEqual([1, 1, 1]);
    expect(polytopeVolume(simplex)).toBeCloseTo(64 / 6, 12);
    expect(pointInPolytope(simplex, 1, 1, 1)).toBe(1);
    expect(pointInPolytope(simplex, 0, 1, 1)).toBe(0);
    expect(pointInPolytope(simplex, 2, 2, 2)).toBe(-1);
    expect(pointInPolytope(simplex, Number.NaN, 2, 2)).toBe(-1);
    expect(polytopeCentroid(body(Float64Array.of(0, 0, 0, 2, 2, 2)))).toEqual([1, 1, 1]);
    expect(codeOf(() => polytopeCentroid(body(new Float64Array(0))))).toBe('POLYTOPE_EMPTY');
  });
});
