import { describe, expect, it } from '@jest/globals';
import {
  averagePathLength,
  fitIsolationForest,
  isolationPathLengths,
  isolationScores,
} from './isolation-forest.js';
import { fitLof, localOutlierFactor, scoreLof } from './lof.js';
import { fitMahalanobis, mahalanobisDistances } from './mahalanobis.js';
import { allNearestNeighbours, nearestNeighbours } from './nearest-neighbours.js';
import { createRng, drawNormal } from './random.js';
import { codeOf, difference, fixture, moved, normals, randomRotation, testRng } from './spec/support.js';

interface AnomalyFixture {
  dim: number;
  points: number[];
  fresh: number[];
  lof: number[];
  novelty: number[];
  isolation: number[];
  shrinkage: number;
  covariance: number[];
  mahalanobis: number[];
}
const expected = fixture<AnomalyFixture>('anomaly');

/** Requests of the acceptance set: [ln(duration / median), tokens / 1000, hour / 24, weekday / 7]. */
function requests(jitter: (i: number) => number): Float64Array {
  const out = new Float64Array(240);
  for (let i = 0; i < 60; i++) {
    const durationMs = (i < 50 ? 200 : 2500) * (1 + jitter(i));
    out.set([Math.log(durationMs / 200), 0.1, 0.5, 2 / 7], 4 * i);
  }
  return out;
}

// Oracles: scikit-learn (LOF, novelty, IsolationForest, LedoitWolf), brute-force neighbours, exact path lengths.
describe('nearest neighbours', () => {
  const brute = (
    points: Float64Array,
    queries: Float64Array,
    dim: number,
    k: number,
    self: boolean,
  ): number[] => {
    const rows: number[] = [];
    for (let q = 0; q < queries.length; q += dim) {
      const all: number[] = [];
      for (let p = 0; p < points.length; p += dim) {
        if (self && p === q) continue;
        let sum = 0;
        for (let t = 0; t < dim; t++) sum += (points[p + t] - queries[q + t]) ** 2;
        all.push(Math.sqrt(sum));
      }
      rows.push(...all.sort((a, b) => a - b).slice(0, k));
    }
    return rows;
  };

  it.each([
    [1, 300],
    [2, 500],
    [3, 400],
    [7, 200],
    [15, 120],
  ])('equals brute force in %i dimensions', (dim, n) => {
    const rng = testRng(`knn${dim}`);
    const points = normals(rng, n * dim);
    points.copyWithin(0, points.length / 2, points.length / 2 + 10 * dim);
    expect(
      difference(allNearestNeighbours(points, dim, 9).distances, brute(points, points, dim, 9, true), 1e-12),
    ).toBe('');
    const queries = normals(rng, 30 * dim);
    expect(
      difference(
        nearestNeighbours(points, queries, dim, 9).distances,
        brute(points, queries, dim, 9, false),
        1e-12,
      ),
    ).toBe('');
  });

  it('serves all-equal points, one point and none', () => {
    expect(allNearestNeighbours(new Float64Array(600).fill(3), 2, 5).distances.every((d) => d === 0)).toBe(
      true,
    );
    expect(allNearestNeighbours([1, 2], 2, 5).k).toBe(0);
    expect(allNearestNeighbours([], 2, 5).indices).toHaveLength(0);
    expect(codeOf(() => allNearestNeighbours([1, NaN], 2, 1))).toBe('NEIGHBOURS_NOT_FINITE');
    expect(codeOf(() => allNearestNeighbours([1, 2, 3], 2, 1))).toBe('NEIGHBOURS_SHAPE');
  });
});

describe('local outlier factor', () => {
  it('agrees with scikit-learn, outlier and novelty scores', () => {
    expect(difference(localOutlierFactor(expected.points, 3, { k: 12 }), expected.lof, 1e-7)).toBe('');
    expect(
      difference(scoreLof(fitLof(expected.points, 3, { k: 12 }), expected.fresh), expected.novelty, 1e-7),
    ).toBe('');
  });

  it('finds the 10 slow requests of 60, and at most 2 of the others: constant', () => {
    const scores = localOutlierFactor(
      requests(() => 0),
      4,
      { k: 20, reachabilityFloor: 1e-3 },
    );
    expect(scores.subarray(0, 50).filter((score) => score > 1.5)).toHaveLength(0);
    expect(scores.subarray(50).filter((score) => score > 1.5)).toHaveLength(10);
  });

  it.each([0.02, 0.05, 0.1])('finds them with jitter of +-%d: the 10, and at most 2 of the 50', (width) => {
    let extra = 0;
    for (let seed = 0; seed < 100; seed++) {
      const rng = createRng(seed);
      const scores = localOutlierFactor(
        requests(() => width * (2 * rng() - 1)),
        4,
        { k: 20, reachabilityFloor: 1e-3 },
      );
      expect(scores.subarray(50).filter((score) => score > 1.5)).toHaveLength(10);
      const others = scores.subarray(0, 50).filter((score) => score > 1.5).length;
      if (seed === 0) expect(others).toBeLessThanOrEqual(2);
      extra += others;
    }
    expect(extra / 100).toBeLessThanOrEqual(2);
    const even = localOutlierFactor(
      requests((i) => width * (((i * 37) % 21) / 10 - 1)),
      4,
      { k: 20, reachabilityFloor: 1e-3 },
    );
    expect(even.subarray(0, 50).filter((score) => score > 1.5).length).toBeLessThanOrEqual(2);
    expect(even.subarray(50).every((score) => score > 1.5)).toBe(true);
  });

  it('misses the burst with k = 5 (the known mistake that k >= 2 x burst avoids)', () => {
    const scores = localOutlierFactor(
      requests(() => 0),
      4,
      { k: 5, reachabilityFloor: 1e-3 },
    );
    expect(scores.subarray(50).filter((score) => score > 1.5)).toHaveLength(0);
  });

  it('is invariant to rotation, shift, scale and order', () => {
    const rng = testRng('lof');
    const points = normals(rng, 150 * 3);
    const scores = localOutlierFactor(points, 3, { k: 10 });
    expect(
      difference(
        localOutlierFactor(moved(points, 3, randomRotation(rng, 3), 50), 3, { k: 10 }),
        scores,
        1e-8,
      ),
    ).toBe('');
    for (const scale of [1e-9, 1e9]) {
      const scaled = points.map((x) => x * scale);
      const options = { k: 10, reachabilityFloor: 1e-10 * scale };
      expect(difference(localOutlierFactor(scaled, 3, options), scores, 1e-8)).toBe('');
    }
    const reversed = Float64Array.from(
      { length: points.length },
      (_, at) => points[(149 - Math.floor(at / 3)) * 3 + (at % 3)],
    );
    expect(difference(localOutlierFactor(reversed, 3, { k: 10 }).reverse(), scores, 1e-10)).toBe('');
  });

  it('is 1 everywhere for constant data, one point and few points', () => {
    expect(Array.from(localOutlierFactor(new Float64Array(40).fill(7), 2))).toEqual(new Array(20).fill(1));
    expect(Array.from(localOutlierFactor([1, 2], 2))).toEqual([1]);
    expect(localOutlierFactor([], 4)).toHaveLength(0);
    expect(localOutlierFactor([0, 0, 1, 1, 9, 9], 2).every((score) => score > 0 && score < Infinity)).toBe(
      true,
    );
    expect(codeOf(() => scoreLof(fitLof([1, 2], 2), [1, 1]))).toBe('LOF_EMPTY');
    expect(codeOf(() => localOutlierFactor([1, 2], 2, { k: 0 }))).toBe('LOF_INVALID');
  });
});

describe('isolation forest', () => {
  /** Exact mean path length of each of the sorted values in an unbounded random tree (dynamic programming). */
  const exactPathLengths = (values: number[]): number[] => {
    const memo = new Map<string, number>();
    const length = (i: number, from: number, to: number): number => {
      if (to - from <= 1) return 0;
      const key = `${i},${from},${to}`;
      const known = memo.get(key);
      if (known !== undefined) return known;
      let sum = 1;
      const range = values[to - 1] - values[from];
      for (let cut = from + 1; cut < to; cut++) {
        const share = (values[cut] - values[cut - 1]) / range;
        sum += share * (i < cut ? length(i, from, cut) : length(i, cut, to));
      }
      memo.set(key, sum);
      return sum;
    };
    return values.map((_, i) => length(i, 0, values.length));
  };

  it('normalises by c(n)', () => {
    expect([averagePathLength(0), averagePathLength(1), averagePathLength(2)]).toEqual([0, 0, 1]);
    expect(averagePathLength(256)).toBeCloseTo(10.2448, 3);
  });

  it('has the exact mean path lengths of a tiny set, within sampling error', () => {
    const values = [0, 1, 1.5, 4];
    const exact = exactPathLengths(values);
    const forest = fitIsolationForest(values, 1, { rng: createRng(1), trees: 20_000 });
    // Depth is limited to 2 = ceil(log2 4); deeper nodes add c(2) = 1, which is their exact mean depth.
    expect(difference(isolationPathLengths(forest, values), exact, 0.02)).toBe('');
  });

  it('agrees with scikit-learn', () => {
    const forest = fitIsolationForest(expected.points, 3, { rng: createRng(2), trees: 1000, sampleSize: 64 });
    expect(difference(isolationScores(forest, expected.points), expected.isolation, 0.02)).toBe('');
  });

  it('scores large and small values high alike, ordinary ones low', () => {
    const rng = createRng(3);
    const values = Float64Array.from({ length: 500 }, () => drawNormal(rng));
    const forest = fitIsolationForest(values, 1, { rng });
    const [high, low, huge, middle] = isolationScores(forest, [8, -8, 1e12, 0]);
    expect(Math.min(high, low, huge)).toBeGreaterThan(0.75);
    expect(middle).toBeLessThan(0.5);
    expect(huge).toBe(high);
    const spread = [0, 1, 2, 3, 4, 5, 6].map((x) => isolationScores(forest, [x])[0]);
    expect(spread.every((score, i) => i === 0 || score >= spread[i - 1])).toBe(true);
  });

  it('repeats for a seed, does not depend on scale, ignores constant features', () => {
    const points = normals(testRng('forest'), 400);
    const scores = (data: Float64Array, dim: number): Float64Array =>
      isolationScores(fitIsolationForest(data, dim, { rng: createRng(5), trees: 50 }), data);
    expect(scores(points, 2)).toEqual(scores(points, 2));
    expect(
      difference(
        scores(
          points.map((x) => x * 2 ** 30),
          2,
        ),
        scores(points, 2),
        1e-12,
      ),
    ).toBe('');
    const padded = Float64Array.from({ length: 400 }, (_, at) => (at % 2 === 0 ? points[at / 2] : 3));
    expect(Math.max(...scores(padded, 2))).toBeGreaterThan(0.6);
  });

  it('has defined degenerate results', () => {
    const same = fitIsolationForest([4, 4, 4, 4], 1, { rng: createRng(1) });
    expect(new Set(isolationScores(same, [4, 4, 9])).size).toBe(1);
    expect(isolationScores(fitIsolationForest([1, 2], 2, { rng: createRng(1) }), [5, 5])[0]).toBe(0.5);
    expect(codeOf(() => fitIsolationForest([], 1, { rng: createRng(1) }))).toBe('ISOLATION_EMPTY');
    expect(codeOf(() => fitIsolationForest([NaN], 1, { rng: createRng(1) }))).toBe('ISOLATION_NOT_FINITE');
  });
});

describe('Mahalanobis distance with shrinkage', () => {
  it('agrees with scikit-learn’s Ledoit-Wolf', () => {
    const model = fitMahalanobis(expected.points, 3);
    expect(model.shrinkage).toBeCloseTo(expected.shrinkage, 12);
    expect(difference(model.covariance, expected.covariance, 1e-9)).toBe('');
    expect(difference(mahalanobisDistances(model, expected.fresh), expected.mahalanobis, 1e-9)).toBe('');
  });

  it('is affine invariant without shrinkage and equals |x| / s in one dimension', () => {
    const rng = testRng('mahalanobis');
    const points = normals(rng, 100 * 3);
    const matrix = normals(rng, 9);
    const direct = mahalanobisDistances(fitMahalanobis(points, 3, 0), points);
    const image = moved(points, 3, matrix, 4);
    expect(difference(mahalanobisDistances(fitMahalanobis(image, 3, 0), image), direct, 1e-7)).toBe('');
    const [distance] = mahalanobisDistances(fitMahalanobis([-1, 1, -1, 1], 1, 0), [5]);
    expect(distance).toBeCloseTo(5, 9);
  });

  it('is defined for constant and singular data', () => {
    const constant = fitMahalanobis([2, 3, 2, 3], 2);
    expect(Array.from(mahalanobisDistances(constant, [2, 3, 2, 4]))).toEqual([0, Infinity]);
    const singular = fitMahalanobis([0, 5, 1, 5, 2, 5], 2, 0);
    expect(mahalanobisDistances(singular, [1, 6])[0]).toBeGreaterThan(1e5);
    expect(codeOf(() => fitMahalanobis([], 2))).toBe('MAHALANOBIS_EMPTY');
    expect(codeOf(() => fitMahalanobis([1, 2], 2, 2))).toBe('MAHALANOBIS_INVALID');
  });
});
