import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dbscan, NOISE, type DbscanOptions, type Metric } from './dbscan.js';
import { buildGrid } from './cell-grid.js';
import { dbscanGrid } from './dbscan-grid.js';
import { dbscanPairs } from './dbscan-pairs.js';
import { assignToCentroids, kMeans, kMeansPlusPlus } from './k-means.js';
import { createRng } from './random.js';
import {
  codeOf,
  difference,
  fixture,
  moved,
  normals,
  property,
  randomRotation,
  testRng,
} from './spec/support.js';

interface ClusteringFixture {
  cases: {
    dim: number;
    metric: 'euclidean' | 'manhattan' | 'chebyshev' | 'cosine';
    epsilon: number;
    minPoints: number;
    points: number[];
    labels: number[];
    core: number[];
  }[];
  kmeans: { points: number[]; k: number; inertia: number };
}
const expected = fixture<ClusteringFixture>('clustering');

/** The definition, by all pairs: core points, components of core points, lowest label for the border. */
function bruteForce(points: Float64Array, dim: number, epsilon: number, minPoints: number): Int32Array {
  const n = points.length / dim;
  const near = (i: number, j: number): boolean => {
    let sum = 0;
    for (let t = 0; t < dim; t++) sum += (points[i * dim + t] - points[j * dim + t]) ** 2;
    return sum <= epsilon * epsilon;
  };
  const rows = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => j).filter((j) => near(i, j)),
  );
  const core = rows.map((row) => row.length >= minPoints);
  const labels = new Int32Array(n).fill(NOISE);
  let clusters = 0;
  for (let seed = 0; seed < n; seed++) {
    if (!core[seed] || labels[seed] !== NOISE) continue;
    const open = [seed];
    labels[seed] = clusters;
    for (const i of open) {
      for (const j of rows[i]) {
        if (!core[j] || labels[j] !== NOISE) continue;
        labels[j] = clusters;
        open.push(j);
      }
    }
    clusters++;
  }
  return labels.map((label, i) => {
    if (core[i]) return label;
    const around = rows[i].filter((j) => core[j]).map((j) => labels[j]);
    return around.length === 0 ? NOISE : Math.min(...around);
  });
}

// Oracles: scikit-learn's labels for every metric, the definition by brute force, each search path against the others.
describe('DBSCAN', () => {
  it.each(expected.cases)('gives scikit-learn’s labels: $metric in $dim dimensions', (c) => {
    const result = dbscan(c.points, c.dim, c);
    expect(Array.from(result.labels)).toEqual(c.labels);
    expect(Array.from(result.core)).toEqual(c.core);
    expect(result.clusters).toBe(Math.max(...c.labels) + 1);
  });

  it('equals the definition on random and lattice points (grid)', () => {
    const coordinate = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.double({ min: 0, max: 6, noNaN: true }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(coordinate, { minLength: 4, maxLength: 160 }),
        fc.constantFrom(0.5, 1, Math.SQRT2, 2.5),
        fc.integer({ min: 1, max: 6 }),
        (dim, values, epsilon, minPoints) => {
          const points = Float64Array.from(values).subarray(0, values.length - (values.length % dim));
          const labels = bruteForce(points, dim, epsilon, minPoints);
          const result = dbscan(points, dim, { epsilon, minPoints, metric: 'euclidean' });
          expect(result.labels).toEqual(labels);
          const distance: Metric = (i, j) => {
            let sum = 0;
            for (let t = 0; t < dim; t++) sum += (points[i * dim + t] - points[j * dim + t]) ** 2;
            return sum <= epsilon * epsilon ? epsilon : 2 * epsilon;
          };
          expect(dbscan(points, dim, { epsilon, minPoints, metric: distance }).labels).toEqual(labels);
        },
      ),
      property(200),
    );
  });

  it.each([
    ['sparse cells: by pairs', 0.6, 4, true],
    ['sparse cells, many points asked for: by pairs', 1.2, 12, true],
    ['full cells: by cells', 3, 12, false],
    ['no table of cells: by pairs', 0.6, 4, true, 1e5],
  ])('equals the definition on 1500 planar points, %s', (_, epsilon, minPoints, byPairs, extra = 0) => {
    const rng = testRng('planar');
    const base = Array.from({ length: 3000 }, (__, at) => (at % 60 < 6 ? 5 + 4 * rng() : 24 * rng()));
    const points = Float64Array.from(extra > 0 ? [...base, extra, extra] : base);
    const grid = buildGrid(points, 2, epsilon);
    expect(grid?.prefix === null).toBe(extra > 0);
    const pairs = grid && dbscanPairs(grid, epsilon * epsilon, minPoints);
    expect(pairs !== null).toBe(byPairs);
    const result = dbscan(points, 2, { epsilon, minPoints, metric: 'euclidean' });
    expect(result.labels).toEqual(bruteForce(points, 2, epsilon, minPoints));
    expect(result.clusters).toBeGreaterThan(0);
  });

  it.each([
    [3, 'table', 0],
    [3, 'bits', 28],
    [3, 'pointers', 1000],
    [4, 'table', 0],
    [4, 'bits', 6],
    [4, 'pointers', 1000],
  ])('equals the definition in %i dimensions whatever finds the cells: %s', (dim, finder, extra) => {
    const rng = testRng(`${dim}-${finder}`);
    const box = dim === 3 ? 6 : 3;
    const base = Array.from({ length: 600 * dim }, () => box * rng());
    const points = Float64Array.from(extra > 0 ? [...base, ...new Array<number>(dim).fill(extra)] : base);
    const grid = buildGrid(points, dim, 1);
    expect([grid?.prefix !== null, grid?.occupied !== null]).toEqual([finder === 'table', finder === 'bits']);
    const result = dbscan(points, dim, { epsilon: 1, minPoints: 11, metric: 'euclidean' });
    expect(result.labels).toEqual(bruteForce(points, dim, 1, 11));
    const cores = result.core.reduce((sum, flag) => sum + flag, 0);
    expect(cores).toBeGreaterThan(30);
    expect(cores).toBeLessThan(590);
  });

  it('lists more pairs than uniform points would have (unit lattice, radius √2)', () => {
    const side = 40;
    const points = Float64Array.from({ length: 2 * side * side }, (_, at) =>
      at % 2 === 0 ? (at >> 1) % side : Math.floor((at >> 1) / side),
    );
    const epsilon = Math.SQRT2;
    const grid = buildGrid(points, 2, epsilon);
    const result = grid && dbscanPairs(grid, epsilon * epsilon, 9);
    const inner = (at: number): boolean => at % side > 0 && at % side < side - 1;
    const core = Uint8Array.from({ length: side * side }, (_, i) =>
      inner(i) && inner(Math.floor(i / side)) ? 1 : 0,
    );
    expect(result).toEqual({ labels: new Int32Array(side * side), clusters: 1, core });
  });

  it('serves a sparse extent on the grid and an immense one on the tree', () => {
    const base = normals(testRng('extent'), 200);
    const options: DbscanOptions = { epsilon: 0.4, minPoints: 4, metric: 'euclidean' };
    const labels = dbscan(base, 2, options).labels;
    for (const far of [1e4, 1e9]) {
      const points = Float64Array.from([...base, far, far]);
      expect(dbscanGrid(points, 2, 0.4, 4) === null).toBe(far === 1e9);
      expect(Array.from(dbscan(points, 2, options).labels)).toEqual([...labels, NOISE]);
    }
  });

  it('is invariant to rotation and scale, and permutes with its points up to the cluster numbers', () => {
    const rng = testRng('dbscan');
    const points = Float64Array.from(expected.cases[2].points);
    const options: DbscanOptions = { epsilon: 0.7, minPoints: 5, metric: 'euclidean' };
    const { labels } = dbscan(points, 3, options);
    const rotated = moved(points, 3, randomRotation(rng, 3), 10);
    expect(dbscan(rotated, 3, { ...options, epsilon: 0.7000000001 }).labels).toEqual(labels);
    for (const scale of [2 ** -30, 2 ** 30]) {
      const scaled = points.map((x) => x * scale);
      expect(dbscan(scaled, 3, { ...options, epsilon: 0.7 * scale }).labels).toEqual(labels);
    }
    const n = labels.length;
    const reversed = Float64Array.from(
      { length: 3 * n },
      (_, at) => points[(n - 1 - Math.floor(at / 3)) * 3 + (at % 3)],
    );
    const back = dbscan(reversed, 3, options);
    for (let i = 0; i < n; i++) expect(back.labels[n - 1 - i] === NOISE).toBe(labels[i] === NOISE);
    const doubled = dbscan([...points, ...points], 3, { ...options, minPoints: 10 });
    expect(Array.from(doubled.labels)).toEqual([...labels, ...labels]);
  });

  it('demands a metric', () => {
    const without = { epsilon: 1, minPoints: 2 } as DbscanOptions;
    expect(codeOf(() => dbscan([1, 2], 1, without))).toBe('DBSCAN_METRIC');
    const unknown = { ...without, metric: 'levenshtein' } as unknown as DbscanOptions;
    expect(codeOf(() => dbscan([1, 2], 1, unknown))).toBe('DBSCAN_METRIC');
  });

  it('has defined degenerate results', () => {
    const options: DbscanOptions = { epsilon: 1, minPoints: 2, metric: 'euclidean' };
    expect(dbscan([], 2, options)).toEqual({
      labels: new Int32Array(0),
      clusters: 0,
      core: new Uint8Array(0),
    });
    expect(Array.from(dbscan([1, 1], 2, options).labels)).toEqual([NOISE]);
    expect(Array.from(dbscan([1, 1], 2, { ...options, minPoints: 1 }).labels)).toEqual([0]);
    expect(dbscan(new Float64Array(2000).fill(3), 2, options).clusters).toBe(1);
    expect(Array.from(dbscan([0, 1, 2, 9], 1, options).labels)).toEqual([0, 0, 0, NOISE]);
    expect(codeOf(() => dbscan([NaN], 1, options))).toBe('DBSCAN_NOT_FINITE');
    expect(codeOf(() => dbscan([1], 1, { ...options, epsilon: 0 }))).toBe('DBSCAN_INVALID');
    expect(
      Array.from(dbscan([0, 0, 1, 1], 2, { epsilon: 0.5, minPoints: 1, metric: 'cosine' }).labels),
    ).toEqual([0, 1]);
  });
});

describe('k-means++', () => {
  it('reaches scikit-learn’s inertia on separated clusters', () => {
    const { points, k, inertia } = expected.kmeans;
    let best = Infinity;
    for (let seed = 0; seed < 5; seed++) {
      best = Math.min(best, kMeans(points, 2, k, { rng: createRng(seed) }).inertia);
    }
    expect(best).toBeCloseTo(inertia, 6);
  });

  it('ends at a fixed point: labels are nearest, centroids are means, no cluster is empty', () => {
    const points = normals(testRng('kmeans'), 600);
    const result = kMeans(points, 3, 12, { rng: createRng(1) });
    expect(result.converged).toBe(true);
    expect(assignToCentroids(points, 3, result.centroids).labels).toEqual(result.labels);
    for (let c = 0; c < 12; c++) {
      const members = Array.from(result.labels.keys()).filter((i) => result.labels[i] === c);
      expect(members.length).toBeGreaterThan(0);
      for (let t = 0; t < 3; t++) {
        const mean = members.reduce((sum, i) => sum + points[3 * i + t], 0) / members.length;
        expect(result.centroids[3 * c + t]).toBeCloseTo(mean, 10);
      }
    }
    expect(kMeans(points, 3, 12, { rng: createRng(1) })).toEqual(result);
  });

  it('seeds distinct places, spread by squared distance', () => {
    const points = [0, 0, 0, 0, 100, 100, 50];
    for (let seed = 0; seed < 20; seed++) {
      const seeds = kMeansPlusPlus(points, 1, 3, createRng(seed));
      expect(new Set(Array.from(seeds, (i) => points[i])).size).toBe(3);
    }
    expect(kMeansPlusPlus([5, 5, 5], 1, 3, createRng(1))).toHaveLength(1);
  });

  it('has defined degenerate results', () => {
    expect(kMeans([], 2, 3, { rng: createRng(1) }).labels).toHaveLength(0);
    expect(kMeans([1, 1, 1], 1, 2, { rng: createRng(1) })).toMatchObject({ inertia: 0, converged: true });
    expect(codeOf(() => kMeans([1, NaN], 1, 1, { rng: createRng(1) }))).toBe('K_MEANS_NOT_FINITE');
    expect(codeOf(() => assignToCentroids([1], 1, []))).toBe('K_MEANS_EMPTY');
    expect(difference(kMeans([1, 2, 3], 1, 1, { rng: createRng(1) }).centroids, [2], 1e-15)).toBe('');
  });
});
