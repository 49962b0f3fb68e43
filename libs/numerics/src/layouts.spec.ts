import { describe, expect, it } from '@jest/globals';
import { leadingEigen } from './leading-eigen.js';
import {
  classicalMds,
  euclideanRows,
  farthestFirst,
  fitLandmarkMds,
  placeByLandmarks,
  stress,
} from './mds.js';
import { symmetricEigen } from './symmetric-eigen.js';
import { codeOf, difference, fixture, moved, normals, randomRotation, testRng } from './spec/support.js';

const expected = fixture<{
  symmetric: number[];
  eigenvalues: number[];
  cloud: number[];
  mdsEigenvalues: number[];
}>('decompositions');

function distances(points: ArrayLike<number>, dim: number): Float64Array {
  const n = points.length / dim;
  const out = new Float64Array(n * n);
  const rows = euclideanRows(points, dim);
  for (let i = 0; i < n; i++) rows(i, out.subarray(i * n, (i + 1) * n));
  return out;
}

function randomSymmetric(n: number): Float64Array {
  const x = normals(testRng(`symmetric${n}`), n * n);
  return x.map((value, at) => value + x[(at % n) * n + Math.floor(at / n)]);
}

/** max |A v - lambda v| over the pairs, relative to the largest |lambda|. */
function residual(a: Float64Array, n: number, values: Float64Array, vectors: Float64Array): number {
  let worst = 0;
  values.forEach((value, k) => {
    for (let i = 0; i < n; i++) {
      let sum = -value * vectors[k * n + i];
      for (let j = 0; j < n; j++) sum += a[i * n + j] * vectors[k * n + j];
      worst = Math.max(worst, Math.abs(sum));
    }
  });
  return worst / Math.max(...values.map(Math.abs));
}

// Oracles: SciPy eigvalsh, A v = lambda v, NumPy's double-centred spectrum; laws of MDS.
describe('symmetric eigenproblem', () => {
  it('agrees with SciPy', () => {
    expect(difference(symmetricEigen(expected.symmetric, 7).values, expected.eigenvalues, 1e-13)).toBe('');
  });

  it.each([1, 2, 3, 10, 60])('A v = lambda v and V orthonormal for n = %i', (n) => {
    const a = randomSymmetric(n);
    const { values, vectors } = symmetricEigen(a, n);
    expect(residual(a, n, values, vectors)).toBeLessThan(1e-13 * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let t = 0; t < n; t++) dot += vectors[i * n + t] * vectors[j * n + t];
        expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-12);
      }
    }
  });

  it('serves diagonal, zero, repeated, tiny and huge matrices', () => {
    expect(Array.from(symmetricEigen([3, 0, 0, 0, 1, 0, 0, 0, 2], 3).values)).toEqual([3, 2, 1]);
    expect(Array.from(symmetricEigen(new Float64Array(16), 4).values)).toEqual([0, 0, 0, 0]);
    expect(difference(symmetricEigen([2, 1, 1, 1, 2, 1, 1, 1, 2], 3).values, [4, 1, 1], 1e-14)).toBe('');
    for (const scale of [1e-150, 1e150]) {
      const scaled = symmetricEigen(
        expected.symmetric.map((x) => x * scale),
        7,
      ).values;
      expect(
        difference(
          scaled.map((x) => x / scale),
          expected.eigenvalues,
          1e-12,
        ),
      ).toBe('');
    }
    expect(symmetricEigen([], 0).values).toHaveLength(0);
    expect(codeOf(() => symmetricEigen([1, 2], 1))).toBe('EIGEN_SHAPE');
    expect(codeOf(() => symmetricEigen([NaN], 1))).toBe('EIGEN_NOT_FINITE');
  });

  it('finds the leading pairs of a large matrix, multiple eigenvalues included', () => {
    const n = 340;
    const a = new Float64Array(n * n);
    const q = randomRotation(testRng('leading'), n);
    const spectrum = Float64Array.from({ length: n }, (_, i) => (i < 3 ? 50 : i < 6 ? 20 / i : -i / n));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let t = 0; t < n; t++) sum += spectrum[t] * q[t * n + i] * q[t * n + j];
        a[i * n + j] = sum;
      }
    }
    const { values, vectors } = leadingEigen(a, n, 6);
    expect(difference(values, spectrum.subarray(0, 6), 1e-10)).toBe('');
    expect(residual(a, n, values, vectors)).toBeLessThan(1e-10);
    expect(leadingEigen(a, n, 6)).toEqual({ values, vectors });
  });
});

describe('classical and landmark MDS', () => {
  const cloud = Float64Array.from(expected.cloud);

  it('recovers Euclidean distances exactly, with NumPy’s spectrum', () => {
    const d = distances(cloud, 3);
    const { coordinates, eigenvalues } = classicalMds(d, 15, 3);
    expect(difference(eigenvalues, expected.mdsEigenvalues, 1e-10)).toBe('');
    expect(difference(distances(coordinates, 3), d, 1e-10)).toBe('');
    expect(stress(d, distances(coordinates, 3))).toBeLessThan(1e-12);
    expect(stress(d, distances(classicalMds(d, 15, 2).coordinates, 2))).toBeGreaterThan(0.01);
  });

  it('does not see rotation or shift of the source, scales with it, permutes with it', () => {
    const first = classicalMds(distances(cloud, 3), 15, 3).coordinates;
    const turned = moved(cloud, 3, randomRotation(testRng('mds'), 3), 100);
    expect(difference(classicalMds(distances(turned, 3), 15, 3).coordinates, first, 1e-8)).toBe('');
    for (const scale of [1e-9, 1e9]) {
      const scaled = classicalMds(
        distances(
          cloud.map((x) => x * scale),
          3,
        ),
        15,
        3,
      ).coordinates;
      expect(
        difference(
          scaled.map((x) => x / scale),
          first,
          1e-9,
        ),
      ).toBe('');
    }
    const order = Array.from({ length: 15 }, (_, i) => (i * 7) % 15);
    const permuted = Float64Array.from(
      { length: 45 },
      (_, at) => cloud[3 * order[Math.floor(at / 3)] + (at % 3)],
    );
    const image = classicalMds(distances(permuted, 3), 15, 3).coordinates;
    order.forEach((from, to) =>
      expect(
        difference(image.subarray(3 * to, 3 * to + 3), first.subarray(3 * from, 3 * from + 3), 1e-9),
      ).toBe(''),
    );
  });

  it('signs every axis so that its largest component is positive', () => {
    const { coordinates } = classicalMds(distances(cloud, 3), 15, 3);
    for (let axis = 0; axis < 3; axis++) {
      const column = Array.from({ length: 15 }, (_, i) => coordinates[3 * i + axis]);
      expect(Math.max(...column)).toBeGreaterThanOrEqual(-Math.min(...column));
    }
  });

  it('places landmarks on themselves and every other point exactly when the rank allows', () => {
    const points = normals(testRng('landmarks'), 300 * 4);
    const rows = euclideanRows(points, 4);
    const chosen = farthestFirst(300, 12, 5, rows);
    const between = new Float64Array(144);
    const all = new Float64Array(300);
    const toLandmarks = new Float64Array(300 * 12);
    chosen.forEach((landmark, a) => {
      rows(landmark, all);
      chosen.forEach((other, b) => (between[a * 12 + b] = all[other]));
      all.forEach((distance, i) => (toLandmarks[i * 12 + a] = distance));
    });
    const model = fitLandmarkMds(between, 12, 4);
    expect(difference(placeByLandmarks(model, between), model.coordinates, 1e-9)).toBe('');
    expect(difference(distances(placeByLandmarks(model, toLandmarks), 4), distances(points, 4), 1e-8)).toBe(
      '',
    );
    const stored = JSON.parse(
      JSON.stringify({
        ...model,
        projection: Array.from(model.projection),
        meanSquared: Array.from(model.meanSquared),
      }),
    ) as {
      projection: number[];
      meanSquared: number[];
    };
    const revived = {
      ...model,
      projection: Float64Array.from(stored.projection),
      meanSquared: Float64Array.from(stored.meanSquared),
    };
    expect(placeByLandmarks(revived, toLandmarks)).toEqual(placeByLandmarks(model, toLandmarks));
  });

  it('uses the Krylov path for many landmarks with the same result', () => {
    const points = normals(testRng('many'), 400 * 5);
    const d = distances(points, 5);
    const { coordinates, eigenvalues } = classicalMds(d, 400, 5);
    expect(difference(distances(coordinates, 5), d, 1e-8)).toBe('');
    expect(eigenvalues[4]).toBeGreaterThan(100);
  });

  it('leaves axes without variance at zero; degenerate input is defined', () => {
    const line = classicalMds(distances([0, 0, 1, 1, 2, 2, 4, 4], 2), 4, 3);
    expect(line.eigenvalues[1]).toBeLessThan(1e-9);
    for (let i = 0; i < 4; i++)
      expect([line.coordinates[3 * i + 1], line.coordinates[3 * i + 2]]).toEqual([0, 0]);
    expect(classicalMds(new Float64Array(9), 3, 2).coordinates.every((x) => x === 0)).toBe(true);
    expect(Array.from(classicalMds([0], 1, 2).coordinates)).toEqual([0, 0]);
    expect(classicalMds([], 0, 2).coordinates).toHaveLength(0);
    expect(codeOf(() => classicalMds([0, -1, -1, 0], 2, 1))).toBe('MDS_INVALID');
    expect(codeOf(() => classicalMds([0, NaN, 1, 0], 2, 1))).toBe('MDS_NOT_FINITE');
    expect(codeOf(() => placeByLandmarks(fitLandmarkMds([], 0, 2), []))).toBe('MDS_EMPTY');
  });

  it('farthest-first covers: no point is farther than half the separation law allows', () => {
    const points = normals(testRng('farthest'), 500 * 2);
    const rows = euclideanRows(points, 2);
    const chosen = farthestFirst(500, 20, 0, rows);
    const d = distances(points, 2);
    let separation = Infinity;
    chosen.forEach((a, i) =>
      chosen.forEach((b, j) => (separation = i < j ? Math.min(separation, d[a * 500 + b]) : separation)),
    );
    let cover = 0;
    for (let i = 0; i < 500; i++)
      cover = Math.max(cover, Math.min(...Array.from(chosen, (c) => d[i * 500 + c])));
    expect(cover).toBeLessThanOrEqual(separation);
    expect(Array.from(farthestFirst(3, 3, 1, euclideanRows([1, 1, 1], 1)))).toEqual([1]);
    expect(farthestFirst(0, 3, 0, rows)).toHaveLength(0);
    expect(codeOf(() => farthestFirst(3, 2, 3, rows))).toBe('FARTHEST_FIRST_INVALID');
  });
});
