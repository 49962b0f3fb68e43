import { describe, expect, it } from '@jest/globals';
import { applyProcrustes, canonicalCorrelation, fitProcrustes } from './alignment.js';
import { cholesky, solveLower } from './cholesky.js';
import { geometricMedian } from './geometric-median.js';
import { fitPca, projectPca } from './pca.js';
import { thinQrOfTranspose, transpose } from './qr.js';
import { createRng } from './random.js';
import { orthogonaliseRows, svd, type Svd } from './svd.js';
import { truncatedSvd } from './truncated-svd.js';
import { codeOf, difference, fixture, moved, normals, randomRotation, testRng } from './spec/support.js';

interface DecompositionFixture {
  tall: number[];
  tallValues: number[];
  wide: number[];
  wideValues: number[];
  pcaRatio: number[];
  pcaVariance: number[];
  source: number[];
  target: number[];
  rotation: number[];
  scale: number;
  side: number[];
  correlations: number[];
  medianPoints: number[];
  median: number[];
  medianCost: number;
}
const expected = fixture<DecompositionFixture>('decompositions');

function rebuild(parts: Svd, rows: number, cols: number): Float64Array {
  const out = new Float64Array(rows * cols);
  parts.values.forEach((value, f) => {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++)
        out[i * cols + j] += value * parts.ut[f * rows + i] * parts.vt[f * cols + j];
    }
  });
  return out;
}

/** Empty when the rows are orthonormal to the tolerance, else what is wrong. */
function skewness(rows: Float64Array, width: number, tolerance = 1e-12): string {
  const n = rows.length / width;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let dot = 0;
      for (let t = 0; t < width; t++) dot += rows[i * width + t] * rows[j * width + t];
      if (!(Math.abs(dot - (i === j ? 1 : 0)) < tolerance)) return `rows ${i} and ${j}: ${dot}`;
    }
  }
  return '';
}

/** A = sum of rank-one terms with the given singular values. */
function withSpectrum(name: string, rows: number, cols: number, spectrum: number[]): Float64Array {
  const u = randomRotation(testRng(`${name}u`), rows);
  const v = randomRotation(testRng(`${name}v`), cols);
  return rebuild(
    {
      ut: u.subarray(0, spectrum.length * rows),
      values: Float64Array.from(spectrum),
      vt: v.subarray(0, spectrum.length * cols),
      explained: new Float64Array(0),
    },
    rows,
    cols,
  );
}

// Oracles: SciPy svdvals, matrices of known spectrum, reconstruction and orthonormality; NumPy for QR by its laws.
describe('exact SVD', () => {
  it('agrees with SciPy, tall and wide', () => {
    expect(difference(svd(expected.tall, 12, 5).values, expected.tallValues, 1e-12)).toBe('');
    expect(difference(svd(expected.wide, 4, 9).values, expected.wideValues, 1e-12)).toBe('');
  });

  it.each([
    [1, 1],
    [5, 1],
    [1, 6],
    [20, 20],
    [30, 7],
    [7, 30],
  ])('%i x %i: A = U S V^T with orthonormal factors', (rows, cols) => {
    const a = normals(testRng('svd'), rows * cols);
    const parts = svd(a, rows, cols);
    expect(difference(rebuild(parts, rows, cols), a, 1e-11)).toBe('');
    expect(skewness(parts.ut, rows)).toBe('');
    expect(skewness(parts.vt, cols)).toBe('');
    expect(parts.values.every((value, i) => i === 0 || parts.values[i - 1] >= value)).toBe(true);
    expect(parts.explained.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it('keeps small singular values that a Gram matrix would lose', () => {
    const parts = svd(withSpectrum('graded', 12, 8, [1, 1e-3, 1e-6, 1e-10, 1e-13]), 12, 8);
    expect(Math.abs(parts.values[3] / 1e-10 - 1)).toBeLessThan(1e-4);
    expect(Math.abs(parts.values[4] / 1e-13 - 1)).toBeLessThan(0.2);
  });

  it('serves rank-deficient, zero, tiny, huge and empty matrices', () => {
    const twin = [1, 2, 2, 4, 3, 6];
    const parts = svd(twin, 3, 2);
    expect(difference(parts.values, [Math.sqrt(70), 0], 1e-13)).toBe('');
    expect(skewness(parts.ut, 3)).toBe('');
    expect(skewness(parts.vt, 2)).toBe('');
    const zero = svd(new Float64Array(6), 3, 2);
    expect([...zero.values, ...zero.explained]).toEqual([0, 0, 0, 0]);
    expect(skewness(zero.vt, 2)).toBe('');
    for (const scale of [1e-160, 1e160]) {
      const scaled = svd(
        expected.tall.map((x) => x * scale),
        12,
        5,
      );
      expect(
        difference(
          scaled.values.map((x) => x / scale),
          expected.tallValues,
          1e-11,
        ),
      ).toBe('');
    }
    expect(svd([], 0, 3).values).toHaveLength(0);
    expect(codeOf(() => svd([1, 2], 1, 1))).toBe('SVD_SHAPE');
    expect(codeOf(() => svd([NaN], 1, 1))).toBe('SVD_NOT_FINITE');
  });

  it('is oriented: the largest component of each right vector is positive', () => {
    const { vt } = svd(expected.tall, 12, 5);
    for (let f = 0; f < 5; f++) {
      const row = vt.subarray(5 * f, 5 * f + 5);
      expect(Math.max(...row)).toBeGreaterThanOrEqual(-Math.min(...row));
    }
  });

  it('rests on a QR with Q orthonormal and A = Q R, also without full rank', () => {
    const a = Float64Array.from([1, 0, 2, 0, 3, 0, 4, 0]);
    const { qt, r } = thinQrOfTranspose(transpose(a, 4, 2), 4, 2);
    expect(skewness(qt, 4)).toBe('');
    expect(r[2]).toBe(0);
    expect(difference([Math.abs(r[0]), r[3]], [Math.sqrt(30), 0], 1e-14)).toBe('');
  });
});

describe('truncated SVD', () => {
  const spectrum = Array.from({ length: 60 }, (_, i) => 100 * 0.8 ** i);
  const a = withSpectrum('truncated', 90, 70, spectrum);
  const total = spectrum.reduce((sum, value) => sum + value * value, 0);

  it.each([
    ['f64', 1e-9],
    ['f32', 1e-4],
  ] as const)('finds the leading triplets in %s', (precision, tolerance) => {
    const parts = truncatedSvd(a, 90, 70, 10, { rng: createRng(1), precision });
    expect(difference(parts.values, spectrum.slice(0, 10), tolerance)).toBe('');
    expect(skewness(parts.ut, 90, 1e-9)).toBe('');
    expect(skewness(parts.vt, 70, 1e-9)).toBe('');
    const rest = Math.sqrt(spectrum.slice(10).reduce((sum, value) => sum + value * value, 0));
    const rebuilt = rebuild(parts, 90, 70);
    const error = Math.sqrt(a.reduce((sum, value, i) => sum + (value - rebuilt[i]) ** 2, 0));
    expect(error).toBeLessThan(rest * (1 + 1e-3));
    expect(truncatedSvd(a, 90, 70, 10, { rng: createRng(1), precision })).toEqual(parts);
  });

  it('explains variance over the full spectrum, not over the kept values', () => {
    const parts = truncatedSvd(a, 90, 70, 3, { rng: createRng(2) });
    expect(
      difference(
        parts.explained,
        spectrum.slice(0, 3).map((value) => value ** 2 / total),
        1e-9,
      ),
    ).toBe('');
    expect(parts.explained.reduce((sum, share) => sum + share, 0)).toBeLessThan(0.75);
  });

  it.each([1, 2, 5, 20, 33])('Jacobi rotations equal their twin bit for bit, %i rows', (n) => {
    const start = normals(testRng('jacobi'), n * n);
    const run = (engine: 'wasm' | 'twin'): Float64Array[] => {
      const w = start.slice();
      const also = start.slice(n).reverse();
      orthogonaliseRows(w, n, n, also, also.length / n, engine);
      return [w, also];
    };
    expect(run('wasm')).toEqual(run('twin'));
  });

  it('measures the whole matrix also where squares leave the range of a double', () => {
    for (const unit of [1e-170, 1, 1e160]) {
      const scaled = a.map((value) => value * unit);
      const { explained } = truncatedSvd(scaled, 90, 70, 3, { rng: createRng(2) });
      expect(difference(explained, truncatedSvd(a, 90, 70, 3, { rng: createRng(2) }).explained, 1e-9)).toBe(
        '',
      );
    }
    const broken = a.slice();
    broken[4] = Infinity;
    expect(codeOf(() => truncatedSvd(broken, 90, 70, 3, { rng: createRng(2) }))).toBe('SVD_NOT_FINITE');
  });

  it('agrees with the exact method and the twin engine; serves wide, rank-deficient and zero matrices', () => {
    const wide = transpose(a, 90, 70);
    const exact = svd(wide, 70, 90);
    const parts = truncatedSvd(wide, 70, 90, 8, { rng: createRng(3) });
    expect(difference(parts.values, exact.values.subarray(0, 8), 1e-9)).toBe('');
    expect(difference(parts.vt.subarray(0, 90), exact.vt.subarray(0, 90), 1e-7)).toBe('');
    const twin = truncatedSvd(wide, 70, 90, 8, { rng: createRng(3), engine: 'twin' });
    expect(difference(twin.values, parts.values, 1e-10)).toBe('');
    const low = withSpectrum('low', 250, 240, [5, 3]);
    const thin = truncatedSvd(low, 250, 240, 6, { rng: createRng(4) });
    expect(difference(thin.values, [5, 3, 0, 0, 0, 0], 1e-9)).toBe('');
    expect(skewness(thin.vt, 240, 1e-9)).toBe('');
    expect(
      Array.from(truncatedSvd(new Float64Array(90_000), 300, 300, 2, { rng: createRng(5) }).values),
    ).toEqual([0, 0]);
    expect(truncatedSvd(a, 90, 70, 0, { rng: createRng(1) }).values).toHaveLength(0);
    expect(codeOf(() => truncatedSvd(a, 90, 70, 71, { rng: createRng(1) }))).toBe('SVD_INVALID');
  });
});

// Oracle: scikit-learn PCA.
describe('PCA', () => {
  it('agrees with scikit-learn, shares of the total variance', () => {
    const pca = fitPca(expected.tall, 5, 2);
    expect(difference(pca.explained, expected.pcaRatio.slice(0, 2), 1e-12)).toBe('');
    expect(difference(pca.variances, expected.pcaVariance.slice(0, 2), 1e-10)).toBe('');
    const scores = projectPca(pca, expected.tall);
    const second = scores.filter((_, at) => at % 2 === 1);
    expect(second.reduce((sum, x) => sum + x * x, 0) / 11).toBeCloseTo(expected.pcaVariance[1], 10);
    expect(second.reduce((sum, x) => sum + x, 0)).toBeCloseTo(0, 10);
  });

  it('randomised agrees with exact; rotation leaves the variances; degenerate input is defined', () => {
    const points = moved(normals(testRng('pca'), 400 * 6), 6, normals(testRng('mix'), 36), 5);
    const exact = fitPca(points, 6, 3);
    expect(difference(fitPca(points, 6, 3, createRng(1)).variances, exact.variances, 1e-9)).toBe('');
    const turned = moved(points, 6, randomRotation(testRng('turn'), 6), -3);
    expect(difference(fitPca(turned, 6, 3).variances, exact.variances, 1e-9)).toBe('');
    expect(Array.from(fitPca([1, 2, 1, 2], 2, 1).explained)).toEqual([0]);
    expect(codeOf(() => fitPca([], 2, 1))).toBe('PCA_EMPTY');
    expect(codeOf(() => fitPca([1, 2], 2, 2))).toBe('PCA_INVALID');
  });
});

// Oracles: scipy.linalg.orthogonal_procrustes; cosines of scipy.linalg.subspace_angles for CCA.
describe('Procrustes', () => {
  it('agrees with SciPy', () => {
    const fit = fitProcrustes(expected.source, expected.target, 3, { scaling: true });
    expect(difference(fit.rotation, expected.rotation, 1e-11)).toBe('');
    expect(fit.scale).toBeCloseTo(expected.scale, 12);
  });

  it('undoes a similarity exactly; without reflection never mirrors', () => {
    const source = normals(testRng('source'), 60);
    const rotation = randomRotation(testRng('rotation'), 3);
    const target = moved(source, 3, rotation, 7).map((x) => 2.5 * x);
    const fit = fitProcrustes(source, target, 3, { scaling: true });
    expect(difference(applyProcrustes(fit, source), target, 1e-11)).toBe('');
    expect(fit.rmse).toBeLessThan(1e-12);
    const mirror = source.map((x, at) => (at % 3 === 0 ? -x : x));
    expect(fitProcrustes(source, mirror, 3).rmse).toBeLessThan(1e-12);
    const proper = fitProcrustes(source, mirror, 3, { reflection: false });
    const r = proper.rotation;
    const determinant =
      r[0] * (r[4] * r[8] - r[5] * r[7]) -
      r[1] * (r[3] * r[8] - r[5] * r[6]) +
      r[2] * (r[3] * r[7] - r[4] * r[6]);
    expect(determinant).toBeCloseTo(1, 10);
    expect(proper.rmse).toBeGreaterThan(0.1);
  });

  it('is defined for equal points and refuses none', () => {
    const fit = fitProcrustes([1, 1, 1, 1], [2, 3, 2, 3], 2, { scaling: true });
    expect(fit.rmse).toBeCloseTo(0, 12);
    expect(fit.scale).toBe(1);
    expect(codeOf(() => fitProcrustes([], [], 2))).toBe('PROCRUSTES_EMPTY');
    expect(codeOf(() => fitProcrustes([1, 2], [1], 2))).toBe('PROCRUSTES_SHAPE');
  });
});

describe('canonical correlation', () => {
  it('agrees with SciPy’s principal angles', () => {
    const cca = canonicalCorrelation(expected.tall, 5, expected.side, 3);
    expect(difference(cca.correlations, expected.correlations, 1e-10)).toBe('');
  });

  it('gives variates of unit variance with those correlations, invariant to linear maps of a side', () => {
    const x = Float64Array.from(expected.tall);
    const y = Float64Array.from(expected.side);
    const cca = canonicalCorrelation(x, 5, y, 3);
    const variate = (
      points: Float64Array,
      dim: number,
      mean: Float64Array,
      weights: Float64Array,
      c: number,
    ): number[] =>
      Array.from({ length: 12 }, (_, i) => {
        let sum = 0;
        for (let t = 0; t < dim; t++) sum += (points[i * dim + t] - mean[t]) * weights[c * dim + t];
        return sum;
      });
    for (let c = 0; c < 3; c++) {
      const u = variate(x, 5, cca.xMean, cca.xWeights, c);
      const v = variate(y, 3, cca.yMean, cca.yWeights, c);
      const dot = (a: number[], b: number[]): number =>
        a.reduce((sum, value, i) => sum + value * b[i], 0) / 11;
      expect(difference([dot(u, u), dot(v, v), dot(u, v)], [1, 1, cca.correlations[c]], 1e-9)).toBe('');
    }
    const mixed = moved(y, 3, normals(testRng('cca'), 9), 2);
    expect(difference(canonicalCorrelation(x, 5, mixed, 3).correlations, cca.correlations, 1e-8)).toBe('');
  });

  it('drops directions without variance', () => {
    const doubled = Float64Array.from({ length: 24 }, (_, at) => expected.tall[5 * Math.floor(at / 2)]);
    expect(canonicalCorrelation(doubled, 2, expected.side, 3).correlations).toHaveLength(1);
    expect(canonicalCorrelation(new Float64Array(12), 1, expected.side, 3).correlations).toHaveLength(0);
    expect(codeOf(() => canonicalCorrelation([1], 1, [1], 1))).toBe('CCA_INVALID');
    expect(codeOf(() => canonicalCorrelation([1, 2], 1, [1], 1))).toBe('CCA_SHAPE');
  });
});

// Oracle: SciPy minimize on the sum of distances.
describe('geometric median', () => {
  it('agrees with SciPy’s minimiser', () => {
    const result = geometricMedian(expected.medianPoints, 3);
    expect(difference(result.point, expected.median, 1e-6)).toBe('');
    expect(result.cost).toBeLessThanOrEqual(expected.medianCost + 1e-9);
    expect(result.converged).toBe(true);
  });

  it('moves with rotation, shift and scale; resists an outlier', () => {
    const points = Float64Array.from(expected.medianPoints);
    const rotation = randomRotation(testRng('median'), 3);
    const { point } = geometricMedian(points, 3);
    expect(
      difference(geometricMedian(moved(points, 3, rotation, 4), 3).point, moved(point, 3, rotation, 4), 1e-7),
    ).toBe('');
    for (const scale of [1e-9, 1e9]) {
      expect(
        difference(
          geometricMedian(
            points.map((x) => x * scale),
            3,
          ).point.map((x) => x / scale),
          point,
          1e-7,
        ),
      ).toBe('');
    }
    const outlier = geometricMedian([0, 0, 1, 0, 0, 1, 1, 1, 1e6, 1e6], 2);
    expect(Math.hypot(...outlier.point)).toBeLessThan(1.5);
  });

  it('stops on a data point that wins, serves lines, weights, one point and equal points', () => {
    expect(difference(geometricMedian([0, 0, 1, 0, -1, 0, 0, 1, 0, -1], 2).point, [0, 0], 1e-9)).toBe('');
    expect(difference(geometricMedian([0, 1, 10], 1).point, [1], 1e-6)).toBe('');
    expect(difference(geometricMedian([0, 10], 1, { weights: [3, 1] }).point, [0], 1e-6)).toBe('');
    expect(Array.from(geometricMedian([5, 6], 2).point)).toEqual([5, 6]);
    expect(geometricMedian([2, 2, 2], 1)).toMatchObject({ cost: 0, converged: true });
    expect(codeOf(() => geometricMedian([], 2))).toBe('GEOMETRIC_MEDIAN_EMPTY');
    expect(codeOf(() => geometricMedian([1], 1, { weights: [0] }))).toBe('GEOMETRIC_MEDIAN_EMPTY');
    expect(codeOf(() => geometricMedian([NaN], 1))).toBe('GEOMETRIC_MEDIAN_NOT_FINITE');
  });
});

describe('Cholesky', () => {
  it('L L^T = A, and refuses what is not positive', () => {
    const factor = cholesky([4, 2, 2, 3], 2);
    expect(difference(factor, [2, 0, 1, Math.SQRT2], 1e-15)).toBe('');
    expect(difference(solveLower(factor, 2, Float64Array.of(2, 1)), [1, 0], 1e-15)).toBe('');
    expect(codeOf(() => cholesky([1, 2, 2, 1], 2))).toBe('CHOLESKY_NOT_POSITIVE');
  });
});
