// Oracles: GEOS (Shapely) for length, Douglas-Peucker and the Hausdorff bound in fixtures/lines.json (made by
// fixtures/make_fixtures.py); textbook recursions for DTW and Frechet; dense resampling for the continuous Frechet
// distance; a quadratic Visvalingam.
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { GeometryError } from './geometry-error.js';
import { distanceToPath } from './map-space.js';
import { pathLength, resamplePath, turningPoints } from './path.js';
import {
  dtwAlignment,
  dtwDistance,
  frechetAtMost,
  frechetDiscrete,
  frechetDistance,
} from './path-distance.js';
import { simplifyDouglasPeucker, simplifyVisvalingam } from './simplify.js';
import { pointSet } from './testing/point-sets.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { euclidean } from './vectors.js';

const seed = testSeed(process.env['HARTO_SEED']);

interface LinesFixture {
  cases: {
    path: number[];
    other: number[];
    tolerance: number;
    kept: number[];
    length: number;
    hausdorff: number;
  }[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/lines.json', import.meta.url), 'utf8'),
) as LinesFixture;

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
  return 'none';
}

function vertex(path: Float64Array, dims: number, i: number): Float64Array {
  return path.subarray(i * dims, (i + 1) * dims);
}

/** A random walk. */
function walk(n: number, dims: number, random: () => number): Float64Array {
  const out = new Float64Array(n * dims);
  for (let i = 0; i < out.length; i++) out[i] = (i < dims ? 0 : out[i - dims]) + random() - 0.4;
  return out;
}

/** The recursion of both distances, straight from the definitions: `join` is + for DTW and max for Frechet. */
function warp(
  a: Float64Array,
  b: Float64Array,
  dims: number,
  band: number,
  join: (x: number, y: number) => number,
): number {
  const [n, m] = [a.length / dims, b.length / dims];
  const known = new Map<number, number>();
  const at = (i: number, j: number): number => {
    if (i < 0 || j < 0 || Math.abs(i - j) > band) return Infinity;
    const key = i * m + j;
    if (!known.has(key)) {
      const gap = euclidean(vertex(a, dims, i), vertex(b, dims, j));
      const before = i === 0 && j === 0 ? 0 : Math.min(at(i - 1, j), at(i, j - 1), at(i - 1, j - 1));
      known.set(key, join(before, gap));
    }
    return known.get(key) as number;
  };
  return at(n - 1, m - 1);
}

describe(`paths (seed ${seed})`, () => {
  it('length equals GEOS; resampling keeps ends, spacing and shape', () => {
    for (const { path, length } of fixture.cases) {
      const p = Float64Array.from(path);
      expect(pathLength(p, 2)).toBeCloseTo(length, 9);
      const fine = resamplePath(p, 2, 400);
      expect(Array.from(vertex(fine, 2, 0))).toEqual(path.slice(0, 2));
      expect(Array.from(vertex(fine, 2, 399))).toEqual(path.slice(-2));
      for (let i = 0; i < 400; i++) expect(distanceToPath(vertex(fine, 2, i), p).distance).toBeLessThan(1e-9);
      expect(pathLength(fine, 2)).toBeLessThanOrEqual(length + 1e-9);
    }
    const bent = resamplePath(Float64Array.of(0, 0, 3, 0, 3, 1), 2, 5);
    expect(Array.from(bent)).toEqual([0, 0, 1, 0, 2, 0, 3, 0, 3, 1]);
    expect(Array.from(resamplePath(Float64Array.of(7, 8), 2, 3))).toEqual([7, 8, 7, 8, 7, 8]);
    expect(Array.from(resamplePath(Float64Array.of(1, 1, 1, 1), 2, 2))).toEqual([1, 1, 1, 1]);
    expect(pathLength(Float64Array.of(5, 5), 2)).toBe(0);
    expect(codeOf(() => resamplePath(Float64Array.of(1, 1), 2, 1))).toBe('PATH_BAD_COUNT');
    expect(codeOf(() => pathLength(new Float64Array(0), 2))).toBe('PATH_EMPTY');
    expect(codeOf(() => pathLength(Float64Array.of(1), 2))).toBe('PATH_BAD_SHAPE');
    expect(codeOf(() => pathLength(Float64Array.of(1, Number.NaN), 2))).toBe('PATH_NOT_FINITE');
  });

  it('turning points are found at corners, past repeated vertices, and do not depend on scale', () => {
    const path = Float64Array.of(0, 0, 1, 0, 2, 0, 2, 0, 2, 1, 2, 2, 3, 3, 2, 2);
    for (const factor of [1e-9, 1, 1e9]) {
      const { ids, angles } = turningPoints(
        path.map((v) => v * factor),
        2,
        0.5,
      );
      expect(Array.from(ids)).toEqual([2, 5, 6]);
      expect(angles[0]).toBeCloseTo(Math.PI / 2, 12);
      expect(angles[1]).toBeCloseTo(Math.PI / 4, 12);
      expect(angles[2]).toBeCloseTo(Math.PI, 12);
    }
    expect(turningPoints(Float64Array.of(1, 1, 1, 1, 1, 1), 2, 0.1).ids.length).toBe(0);
    expect(turningPoints(Float64Array.of(0, 0, 1, 1, 2, 2), 2, 1e-6).ids.length).toBe(0);
    expect(codeOf(() => turningPoints(path, 2, 0))).toBe('PATH_BAD_ANGLE');
  });
});

describe(`path distances (seed ${seed})`, () => {
  it('DTW with and without band, and discrete Frechet, equal their recursions', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 40; round++) {
      const dims = 1 + (round % 3);
      const [n, m] = [1 + Math.floor(14 * random()), 1 + Math.floor(14 * random())];
      const [a, b] = [walk(n, dims, random), walk(m, dims, random)];
      const sum = (x: number, y: number): number => x + y;
      for (const band of [0, 2, 5, Infinity]) {
        const expected = warp(a, b, dims, Math.max(band, Math.abs(n - m)), sum);
        expect(dtwDistance(a, b, dims, band)).toBeCloseTo(expected, 10);
        const { distance, pairs } = dtwAlignment(a, b, dims, band);
        expect(distance).toBeCloseTo(expected, 10);
        let walked = 0;
        for (let p = 0; p < pairs.length; p += 2) {
          walked += euclidean(vertex(a, dims, pairs[p]), vertex(b, dims, pairs[p + 1]));
          if (p > 0) expect(Math.max(pairs[p] - pairs[p - 2], pairs[p + 1] - pairs[p - 1])).toBe(1);
        }
        expect(walked).toBeCloseTo(expected, 10);
        expect(Array.from(pairs.slice(0, 2)).concat(Array.from(pairs.slice(-2)))).toEqual([
          0,
          0,
          n - 1,
          m - 1,
        ]);
      }
      expect(frechetDiscrete(a, b, dims)).toBeCloseTo(warp(a, b, dims, Infinity, Math.max), 12);
      expect(dtwDistance(a, a, dims)).toBe(0);
      expect(dtwDistance(a, b, dims)).toBeCloseTo(dtwDistance(b, a, dims), 10);
    }
    expect(codeOf(() => dtwDistance(Float64Array.of(1), Float64Array.of(1), 1, -1))).toBe('PATH_BAD_BAND');
    expect(codeOf(() => dtwDistance(Float64Array.of(1), new Float64Array(0), 1))).toBe('PATH_EMPTY');
  });

  it('continuous Frechet lies between its bounds and is what dense resampling approaches', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 10; round++) {
      const dims = 2 + (round % 2);
      const [a, b] = [
        walk(2 + Math.floor(9 * random()), dims, random),
        walk(2 + Math.floor(9 * random()), dims, random),
      ];
      const exact = frechetDistance(a, b, dims);
      expect(exact).toBeLessThanOrEqual(frechetDiscrete(a, b, dims) * (1 + 1e-12));
      const dense = (path: Float64Array) => densify(path, dims, 20);
      const approached = frechetDiscrete(dense(a), dense(b), dims);
      expect(exact).toBeLessThanOrEqual(approached + 1e-9);
      expect(approached - exact).toBeLessThan(0.1);
      for (let i = 0; i < a.length / dims; i++) {
        expect(distanceToPath(vertex(a, dims, i), b).distance).toBeLessThanOrEqual(exact + 1e-9);
      }
      expect(frechetDistance(b, a, dims)).toBeCloseTo(exact, 9);
      expect(frechetDistance(a, dense(a), dims)).toBeLessThan(1e-7);
      expect(frechetAtMost(a, b, dims, exact * (1 - 1e-6)) && exact > 0).toBe(false);
    }
    for (const { path, other, hausdorff } of fixture.cases) {
      expect(frechetDistance(Float64Array.from(path), Float64Array.from(other), 2)).toBeGreaterThanOrEqual(
        hausdorff - 1e-9,
      );
    }
  });

  it('known cases: parallel lines, a detour, single vertices', () => {
    const line = Float64Array.of(0, 0, 10, 0);
    expect(frechetDistance(line, Float64Array.of(0, 3, 10, 3), 2)).toBe(3);
    expect(frechetDistance(line, Float64Array.of(0, 0, 5, 4, 10, 0), 2)).toBeCloseTo(4, 9);
    expect(frechetDistance(line, Float64Array.of(0, 0, 8, 0, 2, 0, 10, 0), 2)).toBeCloseTo(3, 9);
    expect(frechetDistance(Float64Array.of(0, 0), line, 2)).toBe(10);
    expect(frechetDistance(Float64Array.of(1, 1), Float64Array.of(4, 5), 2)).toBe(5);
  });
});

/** Each segment cut into `parts`. */
function densify(path: Float64Array, dims: number, parts: number): Float64Array {
  const out: number[] = [];
  for (let i = 0; i + dims < path.length; i += dims) {
    for (let t = 0; t < parts; t++)
      for (let d = 0; d < dims; d++) out.push(path[i + d] + (t / parts) * (path[i + dims + d] - path[i + d]));
  }
  return Float64Array.from([...out, ...path.slice(-dims)]);
}

describe(`simplification (seed ${seed})`, () => {
  it('Douglas-Peucker equals GEOS and keeps its promise', () => {
    for (const { path, tolerance, kept } of fixture.cases) {
      const p = Float64Array.from(path);
      const ids = simplifyDouglasPeucker(p, 2, tolerance);
      expect(Array.from(ids).flatMap((i) => Array.from(vertex(p, 2, i)))).toEqual(kept);
      const line = Float64Array.from(kept);
      for (let i = 0; i < p.length / 2; i++) {
        expect(distanceToPath(vertex(p, 2, i), line).distance).toBeLessThanOrEqual(tolerance);
      }
    }
    const random = seededRandom(seed);
    const path = pointSet('uniform', 100, 3, random);
    expect(simplifyDouglasPeucker(path, 3, 0).length).toBe(100);
    expect(Array.from(simplifyDouglasPeucker(path, 3, 1000))).toEqual([0, 99]);
    expect(Array.from(simplifyDouglasPeucker(Float64Array.of(0, 0, 1, 1, 2, 2), 2, 0))).toEqual([0, 2]);
    expect(Array.from(simplifyDouglasPeucker(Float64Array.of(3, 3), 2, 0))).toEqual([0]);
    expect(codeOf(() => simplifyDouglasPeucker(path, 3, Number.NaN))).toBe('PATH_BAD_TOLERANCE');
  });

  it('Visvalingam equals the quadratic algorithm', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 20; round++) {
      const path = walk(40, 2, random);
      for (const [minArea, minCount] of [
        [0.05, 2],
        [Infinity, 7],
        [0.3, 12],
      ]) {
        expect(Array.from(simplifyVisvalingam(path, 2, minArea, minCount))).toEqual(
          slowVisvalingam(path, minArea, minCount),
        );
      }
    }
    expect(Array.from(simplifyVisvalingam(Float64Array.of(0, 0, 1, 1, 2, 2), 2, 1e-9))).toEqual([0, 2]);
    expect(Array.from(simplifyVisvalingam(Float64Array.of(0, 0), 2, 1))).toEqual([0]);
    expect(codeOf(() => simplifyVisvalingam(Float64Array.of(0, 0), 2, 1, 1))).toBe('PATH_BAD_COUNT');
  });
});

function slowVisvalingam(path: Float64Array, minArea: number, minCount: number): number[] {
  const ids = Array.from({ length: path.length / 2 }, (_, i) => i);
  let floor = 0;
  while (ids.length > minCount) {
    let least = Infinity;
    let at = -1;
    for (let p = 1; p + 1 < ids.length; p++) {
      const [a, b, c] = [ids[p - 1], ids[p], ids[p + 1]].map((i) => vertex(path, 2, i));
      const area = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2;
      if (area < least) {
        least = area;
        at = p;
      }
    }
    floor = Math.max(floor, least);
    if (at < 0 || floor >= minArea) break;
    ids.splice(at, 1);
  }
  return ids;
}
