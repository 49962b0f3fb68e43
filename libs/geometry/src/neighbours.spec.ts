// Oracles: brute force over all points (k-NN, radius, box, three metrics); SciPy's cKDTree values in
// fixtures/neighbours.json (made by fixtures/make_fixtures.py); metamorphic laws.
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { BallTree, type Metric } from './ball-tree.js';
import { GeometryError } from './geometry-error.js';
import { GrowingIndex } from './growing-index.js';
import { KdTree, NO_NEIGHBOUR, type Neighbours } from './kd-tree.js';
import { DISTRIBUTIONS, pointSet } from './testing/point-sets.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { cosine } from './vectors.js';

const seed = testSeed(process.env['HARTO_SEED']);
type Index = KdTree | BallTree | GrowingIndex;

function distance(metric: Metric, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  if (metric === 'cosine') return 1 - cosine(a, b);
  for (let d = 0; d < a.length; d++)
    sum += metric === 'manhattan' ? Math.abs(a[d] - b[d]) : (a[d] - b[d]) ** 2;
  return metric === 'manhattan' ? sum : Math.sqrt(sum);
}

function allDistances(metric: Metric, points: Float64Array, dims: number, q: ArrayLike<number>): number[] {
  return Array.from({ length: points.length / dims }, (_, i) =>
    distance(metric, points.subarray(i * dims, (i + 1) * dims), q),
  );
}

/** Largest difference between the index's answer and brute force, ids checked through their distances. */
function knnError(index: Index, points: Float64Array, q: ArrayLike<number>, k: number): number {
  const { ids, distances } = index.knn(q, k);
  const all = allDistances(index.metric, points, index.dims, q);
  const best = [...all].sort((a, b) => a - b).slice(0, k);
  if (ids.length !== best.length || new Set(ids).size !== ids.length) return Infinity;
  let error = 0;
  for (let i = 0; i < best.length; i++) {
    error = Math.max(error, Math.abs(best[i] - distances[i]), Math.abs(all[ids[i]] - distances[i]));
  }
  return error;
}

function sorted({ ids }: Neighbours): number[] {
  return Array.from(ids).sort((a, b) => a - b);
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

const INDEXES: [string, Metric, (p: Float64Array, dims: number) => Index][] = [
  ['k-d tree', 'euclidean', (p, dims) => new KdTree(p, dims)],
  ['k-d tree', 'manhattan', (p, dims) => new KdTree(p, dims, 'manhattan')],
  ['ball tree', 'euclidean', (p, dims) => new BallTree(p, dims)],
  ['ball tree', 'manhattan', (p, dims) => new BallTree(p, dims, 'manhattan')],
  ['ball tree', 'cosine', (p, dims) => new BallTree(p, dims, 'cosine')],
];

describe.each(INDEXES)(`%s, %s (seed ${seed})`, (_, metric, make) => {
  it.each(DISTRIBUTIONS)('k-NN and radius equal brute force on %s points', (kind) => {
    const random = seededRandom(seed);
    for (const dims of [1, 2, 3, 5]) {
      for (const n of [1, 2, 15, 16, 17, 33, 700]) {
        const points = pointSet(kind, n, dims, random).map((v) => v + 1);
        const index = make(points, dims);
        for (let i = 0; i < 8; i++) {
          const q =
            i < 2
              ? points.slice(0, dims)
              : pointSet(i < 5 ? kind : 'uniform', 1, dims, random).map((v) => v + 1);
          const k = 1 + Math.floor(12 * random());
          expect(knnError(index, points, q, k)).toBeLessThan(1e-12);
          const all = allDistances(metric, points, dims, q);
          const r = index.knn(q, k).distances.at(-1) as number;
          const near = index.radius(q, r);
          const slack = metric === 'cosine' ? 1e-12 : 0;
          const outer = all.flatMap((d, id) => (d <= r + slack ? [id] : []));
          expect(near.ids.length).toBeGreaterThanOrEqual(all.filter((d) => d <= r - slack).length);
          expect(sorted(near).every((id) => outer.includes(id))).toBe(true);
          expect(near.ids.length).toBeGreaterThanOrEqual(Math.min(k, n));
        }
      }
    }
  });

  it('finds k of many equal points, each once', () => {
    const points = new Float64Array(3000).fill(7);
    const index = make(points, 3);
    const { ids, distances } = index.knn([7, 7, 7], 50);
    expect(new Set(ids).size).toBe(50);
    expect(Math.max(...distances)).toBeLessThan(1e-15);
    expect(index.radius([7, 7, 7], 0.5).ids.length).toBe(1000);
  });

  it('answers an empty index with nothing', () => {
    const index = make(new Float64Array(0), 3);
    expect(index.knn([1, 1, 1], 5).ids.length).toBe(0);
    expect(index.radius([1, 1, 1], 5).ids.length).toBe(0);
  });

  it('does not change its answer under permutation, rotation of axes and scaling', () => {
    const random = seededRandom(seed);
    const n = 500;
    const points = pointSet('clustered', n, 3, random);
    const q = pointSet('uniform', 1, 3, random);
    const base = make(points, 3).knn(q, 9).distances;
    const turned = Float64Array.from(points, (_v, i) => points[i - (i % 3) + ((i + 1) % 3)]);
    const order = Array.from({ length: n }, (_v, i) => i).sort(() => random() - 0.5);
    const permuted = Float64Array.from(points, (_v, i) => points[3 * order[Math.floor(i / 3)] + (i % 3)]);
    expect(close(make(turned, 3).knn([q[1], q[2], q[0]], 9).distances, base, 1e-12)).toBe(true);
    expect(close(make(permuted, 3).knn(q, 9).distances, base, 1e-12)).toBe(true);
    for (const factor of [1e-9, 1e9]) {
      const grown = make(
        points.map((v) => v * factor),
        3,
      ).knn(
        q.map((v) => v * factor),
        9,
      ).distances;
      const expected = metric === 'cosine' ? base : base.map((v) => v * factor);
      expect(close(grown, expected, 1e-10)).toBe(true);
    }
  });

  it('refuses NaN and wrong shapes', () => {
    const stage = make(Float64Array.of(1), 1) instanceof KdTree ? 'KDTREE' : 'BALLTREE';
    expect(codeOf(() => make(Float64Array.of(1, Number.NaN), 2))).toBe(`${stage}_OUT_OF_RANGE`);
    expect(codeOf(() => make(Float64Array.of(1, Infinity), 2))).toBe(`${stage}_OUT_OF_RANGE`);
    expect(codeOf(() => make(Float64Array.of(1, 2, 3), 2))).toBe(`${stage}_BAD_SHAPE`);
    const index = make(Float64Array.of(1, 2), 2);
    expect(codeOf(() => index.knn([Number.NaN, 1], 1))).toBe(`${stage}_BAD_QUERY`);
    expect(codeOf(() => index.knn([1], 1))).toBe(`${stage}_BAD_QUERY`);
    expect(codeOf(() => index.knn([1, 2], 0))).toBe(`${stage}_BAD_K`);
    expect(codeOf(() => index.radius([1, 2], -1))).toBe(`${stage}_BAD_RADIUS`);
    if (metric === 'cosine') expect(codeOf(() => index.knn([0, 0], 1))).toBe('BALLTREE_NO_DIRECTION');
  });
});

function close(a: Float64Array, b: Float64Array, relative: number): boolean {
  return (
    a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) <= relative * Math.max(Math.abs(v), 1e-12))
  );
}

describe(`k-d tree (seed ${seed})`, () => {
  it.each(DISTRIBUTIONS)('box equals brute force on %s points', (kind) => {
    const random = seededRandom(seed);
    for (const dims of [1, 2, 3]) {
      const points = pointSet(kind, 900, dims, random);
      const tree = new KdTree(points, dims);
      for (let i = 0; i < 30; i++) {
        const [a, b] = [pointSet('degenerate', 1, dims, random), pointSet('uniform', 1, dims, random)];
        const min = a.map((v, d) => Math.min(v, b[d]));
        const max = a.map((v, d) => (i % 5 === 0 ? Infinity : Math.max(v, b[d])));
        const expected = [];
        for (let p = 0; p < 900; p++) {
          if (min.every((m, d) => points[p * dims + d] >= m && points[p * dims + d] <= max[d]))
            expected.push(p);
        }
        expect(Array.from(tree.box(min, max)).sort((x, y) => x - y)).toEqual(expected);
      }
      expect(tree.box(new Array(dims).fill(1), new Array(dims).fill(0)).length).toBe(0);
    }
    expect(codeOf(() => new KdTree(Float64Array.of(1), 1).box([Number.NaN], [1]))).toBe('KDTREE_BAD_QUERY');
  });

  it('a batch equals its single queries and marks unused places', () => {
    const random = seededRandom(seed);
    for (const dims of [2, 3, 4]) {
      const points = pointSet('clustered', 400, dims, random);
      const queries = pointSet('uniform', 60, dims, random);
      const tree = new KdTree(points, dims);
      const table = tree.knnBatch(queries, 7);
      for (let i = 0; i < 60; i++) {
        const one = tree.knn(queries.subarray(i * dims, (i + 1) * dims), 7);
        expect(Array.from(table.ids.subarray(7 * i, 7 * i + 7))).toEqual(Array.from(one.ids));
      }
    }
    const small = new KdTree(Float64Array.of(1, 2, 3), 3).knnBatch(Float64Array.of(1, 2, 4), 2);
    expect(Array.from(small.ids)).toEqual([0, NO_NEIGHBOUR]);
    expect(Array.from(small.distances)).toEqual([1, Infinity]);
  });

  it('writes into given arrays without touching the rest', () => {
    const tree = new KdTree(Float64Array.of(0, 0, 3, 4, 6, 8), 2);
    const distances = new Float64Array(5).fill(-1);
    const ids = new Uint32Array(5).fill(9);
    expect(tree.knnInto([0, 0], 2, distances, ids, 1)).toBe(2);
    expect([Array.from(distances), Array.from(ids)]).toEqual([
      [-1, 0, 5, -1, -1],
      [9, 0, 1, 9, 9],
    ]);
    expect(tree.knnInto([0, 0], 4, distances, ids)).toBe(3);
    expect(codeOf(() => tree.knnInto([0, 0], 4, distances, ids, 2))).toBe('KDTREE_BAD_K');
  });

  it('duplicating every point gives every distance twice', () => {
    const random = seededRandom(seed);
    const points = pointSet('skewed', 300, 3, random);
    const twice = new KdTree(Float64Array.of(...points, ...points), 3).knn([5, 5, 5], 20).distances;
    const once = new KdTree(points, 3).knn([5, 5, 5], 10).distances;
    expect(Array.from(twice)).toEqual(Array.from(once).flatMap((v) => [v, v]));
  });

  it('holds at most 30 bytes per 3-D point', () => {
    const tree = new KdTree(pointSet('uniform', 75_000, 3, seededRandom(seed)), 3);
    expect(tree.sizeBytes / tree.n).toBeLessThanOrEqual(30);
  });

  it('equals SciPy', () => {
    const url = new URL('../fixtures/neighbours.json', import.meta.url);
    const fixture = JSON.parse(readFileSync(url, 'utf8')) as {
      points: number[];
      queries: number[];
      k: number;
      cases: { p: number; ids: number[]; distances: number[]; radius: number; counts: number[] }[];
    };
    for (const { p, ids, distances, radius, counts } of fixture.cases) {
      const tree = new KdTree(Float64Array.from(fixture.points), 3, p === 1 ? 'manhattan' : 'euclidean');
      const table = tree.knnBatch(Float64Array.from(fixture.queries), fixture.k);
      expect(Array.from(table.ids)).toEqual(ids);
      expect(close(table.distances, Float64Array.from(distances), 1e-14)).toBe(true);
      counts.forEach((count, i) => {
        expect(tree.radius(fixture.queries.slice(3 * i, 3 * i + 3), radius).ids.length).toBe(count);
      });
    }
  });
});

describe(`growing index (seed ${seed})`, () => {
  it.each(['euclidean', 'manhattan', 'cosine'] as const)(
    'equals brute force after every burst of inserts, %s',
    (metric) => {
      const random = seededRandom(seed);
      const all = pointSet('clustered', 2300, 3, random).map((v) => v + 1);
      const index = new GrowingIndex(3, metric, all.slice(0, 900));
      for (let i = 300; i < 2300; i++) {
        expect(index.insert(all.subarray(3 * i, 3 * i + 3))).toBe(i);
        if (i % 97 !== 0) continue;
        const known = all.subarray(0, 3 * (i + 1));
        const q = pointSet('uniform', 1, 3, random).map((v) => v + 1);
        expect(knnError(index, known, q, 8)).toBeLessThan(1e-12);
        const r = index.knn(q, 8).distances[7];
        expect(index.radius(q, r).ids.length).toBeGreaterThanOrEqual(8);
      }
      expect(index.treeCount).toBeLessThanOrEqual(5);
      const before = index.knn([10, 10, 10], 20);
      index.rebuild();
      expect(index.treeCount).toBe(1);
      expect(Array.from(index.knn([10, 10, 10], 20).ids)).toEqual(Array.from(before.ids));
    },
  );

  it('starts empty, and refuses bad points without taking them', () => {
    const index = new GrowingIndex(2);
    expect(index.knn([0, 0], 3).ids.length).toBe(0);
    expect(codeOf(() => index.insert([1, Number.NaN]))).toBe('INDEX_BAD_POINT');
    expect(codeOf(() => new GrowingIndex(2, 'cosine').insert([0, 0]))).toBe('BALLTREE_NO_DIRECTION');
    expect(index.n).toBe(0);
    index.insert([3, 4]);
    expect(Array.from(index.knn([0, 0], 3).distances)).toEqual([5]);
  });
});
