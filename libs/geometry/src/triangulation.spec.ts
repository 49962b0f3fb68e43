// Oracles: SciPy's Delaunay (qhull) and linear interpolation in fixtures/triangulation.json (made by
// fixtures/make_fixtures.py); exact empty-circumcircle law; sums of areas; d3-delaunay's Voronoi cells; brute force
// over all sites for territories and borders.
import { describe, expect, it } from '@jest/globals';
import { Delaunay as D3Delaunay } from 'd3-delaunay';
import { readFileSync } from 'node:fs';
import { delaunay, validateDelaunay } from './delaunay.js';
import { GeometryError } from './geometry-error.js';
import { convexHull2 } from './hull2.js';
import { pointInPolygon, polygonArea } from './polygon.js';
import { Territories } from './territory.js';
import { DISTRIBUTIONS, pointSet } from './testing/point-sets.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { barycentric, interpolate, locateTriangle, voronoiCell, voronoiCells } from './voronoi.js';

const seed = testSeed(process.env['HARTO_SEED']);
const BOX = [0, 0, 100, 100] as const;

interface TriangulationFixture {
  points: number[];
  triangles: number[][];
  values: number[];
  queries: number[];
  interpolated: number[];
}

function loadFixture(): TriangulationFixture {
  const url = new URL('../fixtures/triangulation.json', import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as TriangulationFixture;
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

function areaOfTriangles(points: Float64Array, triangles: Uint32Array): number {
  let sum = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = Array.from(triangles.subarray(t, t + 3)).flatMap((v) => [
      points[2 * v],
      points[2 * v + 1],
    ]);
    sum += polygonArea(Float64Array.from(corners));
  }
  return sum;
}

describe(`Delaunay (seed ${seed})`, () => {
  it('equals SciPy on points in general position', () => {
    const { points, triangles } = loadFixture();
    const mesh = delaunay(Float64Array.from(points));
    const ours = Array.from({ length: mesh.triangles.length / 3 }, (_, t) =>
      Array.from(mesh.triangles.subarray(3 * t, 3 * t + 3)).sort((a, b) => a - b),
    );
    const order = (a: number[], b: number[]) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
    expect(ours.sort(order)).toEqual(triangles.sort(order));
  });

  it.each(DISTRIBUTIONS)('has exactly empty circumcircles and fills the hull on %s points', (kind) => {
    const random = seededRandom(seed);
    for (const n of [3, 4, 10, 100, 800]) {
      for (const factor of [1, 1e-9, 1e9]) {
        const points = pointSet(kind, n, 2, random).map((v) => v * factor);
        const mesh = delaunay(points);
        expect(validateDelaunay(mesh)).toEqual([]);
        if (mesh.dimension < 2) continue;
        const ring = Array.from(convexHull2(points)).flatMap((v) => [points[2 * v], points[2 * v + 1]]);
        expect(areaOfTriangles(points, mesh.triangles) / polygonArea(Float64Array.from(ring))).toBeCloseTo(
          1,
          9,
        );
      }
    }
  });

  it('repairs lattices and nearly cocircular points', () => {
    const random = seededRandom(seed);
    const lattice = Float64Array.from(
      { length: 800 },
      (_, i) => 0.1 * (i % 2 === 0 ? Math.floor(i / 40) : (i >> 1) % 20),
    );
    expect(validateDelaunay(delaunay(lattice))).toEqual([]);
    const circle = Float64Array.from({ length: 400 }, (_, i) => {
      const turn = (2 * Math.PI * (i >> 1)) / 200;
      return 1000 + (i % 2 === 0 ? Math.cos(turn) : Math.sin(turn)) * (1 + 1e-13 * random());
    });
    const mesh = delaunay(circle);
    expect(validateDelaunay(mesh)).toEqual([]);
    expect(mesh.triangles.length / 3).toBe(200 - 2);
  });

  it('gives empty, single, equal and collinear points a defined result', () => {
    const shape = (...p: number[]) => {
      const { dimension, hull, triangles } = delaunay(Float64Array.from(p));
      return [dimension, triangles.length, Array.from(hull)];
    };
    expect(shape()).toEqual([-1, 0, []]);
    expect(shape(4, 5)).toEqual([0, 0, [0]]);
    expect(shape(4, 5, 4, 5, 4, 5)).toEqual([0, 0, [0]]);
    expect(shape(3, 3, 0, 0, 2, 2, 1, 1)).toEqual([1, 0, [1, 3, 2, 0]]);
    expect(shape(7, 3, 7, 1, 7, 2)).toEqual([1, 0, [1, 2, 0]]);
    const line = delaunay(Float64Array.of(0, 0, 2, 2, 1, 1, 2, 2));
    expect(Array.from(line.neighbourStart)).toEqual([0, 1, 2, 4, 4]);
    expect(Array.from(line.representative)).toEqual([0, 1, 2, 1]);
    expect(codeOf(() => delaunay(Float64Array.of(0, Number.NaN)))).toBe('DELAUNAY_NOT_FINITE');
    expect(codeOf(() => delaunay(Float64Array.of(0)))).toBe('DELAUNAY_BAD_SHAPE');
  });
});

describe(`Voronoi (seed ${seed})`, () => {
  it.each(DISTRIBUTIONS)(
    'cells fill the box, hold what is nearest, and equal d3-delaunay on %s sites',
    (kind) => {
      const random = seededRandom(seed);
      for (const n of [1, 2, 3, 40, 300]) {
        const sites = pointSet(kind, n, 2, random);
        const mesh = delaunay(sites);
        const cells = voronoiCells(mesh, BOX);
        const areas = Array.from({ length: n }, (_, i) => polygonArea(voronoiCell(cells, i)));
        expect(areas.reduce((a, b) => a + b) / 1e4).toBeCloseTo(1, 9);
        expect(areas.every((a, i) => a >= 0 && (a === 0 || mesh.representative[i] === i))).toBe(true);
        for (let q = 0; q < 60; q++) {
          const [x, y] = [100 * random(), 100 * random()];
          const gaps = Array.from({ length: n }, (_, i) =>
            Math.hypot(sites[2 * i] - x, sites[2 * i + 1] - y),
          );
          const owner = gaps.indexOf(Math.min(...gaps));
          const next = Math.min(
            ...gaps.filter((_, i) => mesh.representative[i] !== mesh.representative[owner]),
          );
          if (next - gaps[owner] > 1e-6)
            expect(pointInPolygon(voronoiCell(cells, mesh.representative[owner]), x, y)).toBe(1);
        }
        if (kind === 'degenerate' || mesh.dimension < 2) continue;
        const peer = new D3Delaunay(sites).voronoi([...BOX]);
        areas.forEach((area, i) => {
          const ring = peer.cellPolygon(i)?.slice(0, -1).flat() ?? [];
          expect(Math.abs(Math.abs(polygonArea(Float64Array.from(ring))) - area)).toBeLessThan(1e-6);
        });
      }
    },
  );

  it('collinear sites cut the box into strips', () => {
    const cells = voronoiCells(delaunay(Float64Array.of(10, 50, 70, 50, 30, 50)), BOX);
    expect([0, 1, 2].map((i) => polygonArea(voronoiCell(cells, i)))).toEqual([2000, 5000, 3000]);
    expect(voronoiCells(delaunay(new Float64Array(0)), BOX).rings.length).toBe(0);
    expect(codeOf(() => voronoiCells(delaunay(Float64Array.of(1, 1)), [0, 0, 0, 1]))).toBe('VORONOI_BAD_BOX');
  });
});

describe(`barycentric interpolation (seed ${seed})`, () => {
  it('equals SciPy and reproduces linear functions exactly enough', () => {
    const f = loadFixture();
    const mesh = delaunay(Float64Array.from(f.points));
    const values = Float64Array.from(f.values);
    const plane = Float64Array.from(f.values, (_, i) => 3 * f.points[2 * i] - 2 * f.points[2 * i + 1] + 7);
    f.interpolated.forEach((expected, i) => {
      const [x, y] = [f.queries[2 * i], f.queries[2 * i + 1]];
      expect((interpolate(mesh, values, 1, x, y) as Float64Array)[0]).toBeCloseTo(expected, 9);
      expect((interpolate(mesh, plane, 1, x, y) as Float64Array)[0]).toBeCloseTo(3 * x - 2 * y + 7, 9);
    });
  });

  it('weights are a partition of one, a vertex has its own value, outside is null', () => {
    const random = seededRandom(seed);
    const points = pointSet('clustered', 200, 2, random);
    const mesh = delaunay(points);
    const values = Float64Array.from({ length: 400 }, () => random());
    for (let i = 0; i < 200; i++) {
      const [x, y] = [points[2 * i], points[2 * i + 1]];
      const at = interpolate(mesh, values, 2, x, y) as Float64Array;
      expect(Math.hypot(at[0] - values[2 * i], at[1] - values[2 * i + 1])).toBeLessThan(1e-9);
      const triangle = locateTriangle(mesh, x, y, i % (mesh.triangles.length / 3));
      const weights = barycentric(mesh, triangle, x, y);
      expect(weights[0] + weights[1] + weights[2]).toBeCloseTo(1, 12);
      expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
    }
    expect(interpolate(mesh, values, 2, -1e6, 0)).toBeNull();
    expect(interpolate(mesh, values, 2, Number.NaN, 0)).toBeNull();
    expect(interpolate(delaunay(Float64Array.of(0, 0, 1, 1)), Float64Array.of(1, 2), 1, 0.5, 0.5)).toBeNull();
    expect(codeOf(() => interpolate(mesh, values, 3, 0, 0))).toBe('VORONOI_BAD_VALUES');
  });
});

describe(`territories (seed ${seed})`, () => {
  it.each(DISTRIBUTIONS)('owner and borders equal brute force on %s sites', (kind) => {
    const random = seededRandom(seed);
    for (const dims of [2, 3]) {
      for (const n of [1, 2, 7, 200]) {
        const sites = pointSet(kind, n, dims, random);
        const territories = new Territories(sites, dims);
        for (let q = 0; q < 25; q++) {
          const p = q === 0 ? sites.slice(0, dims) : pointSet('uniform', 1, dims, random);
          const gaps = Array.from({ length: n }, (_, i) => gap(sites, i, p, 0, dims));
          const owner = gaps.indexOf(Math.min(...gaps));
          const t = territories.at(p);
          expect(t.owner).toBe(owner);
          const rivals = gaps.flatMap((d, i) => {
            const between = gap(sites, i, sites, owner, dims);
            return between === 0 ? [] : [{ d, border: (d * d - gaps[owner] ** 2) / (2 * between) }];
          });
          const second = rivals.reduce((a, b) => (b.d < a.d ? b : a), { d: Infinity, border: Infinity });
          expect(t.runnerUpDistance).toBe(second.d);
          expect(t.border).toBeLessThanOrEqual(t.runnerUpBorder);
          if (rivals.length === 0) expect([t.border, t.runnerUp]).toEqual([Infinity, -1]);
          else expect(Math.abs(t.border - Math.min(...rivals.map((r) => r.border)))).toBeLessThan(1e-7);
        }
      }
    }
    expect(codeOf(() => new Territories(new Float64Array(0), 2))).toBe('TERRITORY_EMPTY');
  });

  it('follows (d2^2 - d1^2) / (2 * site distance)', () => {
    const t = new Territories(Float64Array.of(0, 0, 10, 0), 2).at([2, 3]);
    expect([t.owner, t.runnerUp, t.borderWith]).toEqual([0, 1, 1]);
    expect(t.runnerUpBorder).toBeCloseTo((64 + 9 - (4 + 9)) / 20, 12);
    expect(t.border).toBeCloseTo(3, 12);
  });
});

function gap(a: Float64Array, i: number, b: Float64Array, j: number, dims: number): number {
  let sum = 0;
  for (let d = 0; d < dims; d++) sum += (a[i * dims + d] - b[j * dims + d]) ** 2;
  return Math.sqrt(sum);
}
