import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitAutoregression, forecastAutoregression, selectArOrder } from './autoregression.js';
import { cusum, pageHinkley } from './change-detection.js';
import { findMotifs, matrixProfile, windowDistance } from './matrix-profile.js';
import { createRng, drawNormal } from './random.js';
import {
  centredMovingAverage,
  exponentialMovingAverage,
  movingAverage,
  removeSeason,
  seasonalMedians,
} from './smoothing.js';
import { codeOf, difference, fixture, normals, property, testRng } from './spec/support.js';

interface SeriesFixture {
  x: number[];
  yuleWalker: number[];
  yuleWalkerVariance: number;
  burg: number[];
  burgVariance: number;
  wave: number[];
  m: number;
  zone: number;
  profile: number[];
}
const expected = fixture<SeriesFixture>('series');

function autoregressive(seed: number, n: number, phi: number[]): Float64Array {
  const rng = createRng(seed);
  const x = new Float64Array(n);
  for (let t = 0; t < n; t++) {
    x[t] = drawNormal(rng);
    phi.forEach((c, i) => (x[t] += t > i ? c * x[t - 1 - i] : 0));
  }
  return x;
}

// Oracles: SciPy solve_toeplitz (Yule-Walker), an array form of Burg and all-pairs distances in NumPy; laws.
describe('autoregression', () => {
  it('agrees with SciPy and NumPy', () => {
    const yuleWalker = fitAutoregression(expected.x, 3, 'yule-walker');
    expect(difference(yuleWalker.coefficients, expected.yuleWalker, 1e-11)).toBe('');
    expect(yuleWalker.noiseVariance).toBeCloseTo(expected.yuleWalkerVariance, 11);
    const burg = fitAutoregression(expected.x, 3, 'burg');
    expect(difference(burg.coefficients, expected.burg, 1e-11)).toBe('');
    expect(burg.noiseVariance).toBeCloseTo(expected.burgVariance, 11);
  });

  it.each(['yule-walker', 'burg'] as const)('%s recovers a known process and is always stable', (method) => {
    const model = fitAutoregression(autoregressive(1, 20_000, [0.75, -0.5]), 2, method);
    expect(difference(model.coefficients, [0.75, -0.5], 0.02)).toBe('');
    expect(Math.abs(model.noiseVariance - 1)).toBeLessThan(0.03);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 40 }), (xs) => {
        const { reflections, noiseVariance } = fitAutoregression(xs, 4, method);
        expect(reflections.every((k) => Math.abs(k) <= 1 + 1e-12)).toBe(true);
        expect(noiseVariance).toBeGreaterThanOrEqual(0);
      }),
      property(),
    );
  });

  it('moves with shift and scale', () => {
    const model = fitAutoregression(expected.x, 3);
    const image = fitAutoregression(
      expected.x.map((x) => 1e6 * x - 7),
      3,
    );
    expect(difference(image.coefficients, model.coefficients, 1e-9)).toBe('');
    expect(
      difference(
        [image.noiseVariance / 1e12, (image.mean + 7) / 1e6],
        [model.noiseVariance, model.mean],
        1e-9,
      ),
    ).toBe('');
  });

  it('forecasts: geometric decay to the mean, intervals that cover, orders that are found', () => {
    const model = {
      mean: 10,
      coefficients: Float64Array.of(0.5),
      noiseVariance: 1,
      reflections: Float64Array.of(0.5),
    };
    const forecast = forecastAutoregression(model, [18], 3);
    expect(difference(forecast.mean, [14, 12, 11], 1e-12)).toBe('');
    expect(
      difference([forecast.high[1] - forecast.mean[1]], [1.959963984540054 * Math.sqrt(1.25)], 1e-10),
    ).toBe('');
    let inside = 0;
    for (let seed = 0; seed < 300; seed++) {
      const x = autoregressive(seed, 203, [0.7]);
      const { low, high } = forecastAutoregression(
        fitAutoregression(x.subarray(0, 200), 1),
        x.subarray(0, 200),
        3,
      );
      if (low[2] <= x[202] && x[202] <= high[2]) inside++;
    }
    expect(inside / 300).toBeGreaterThan(0.9);
    expect(selectArOrder(autoregressive(3, 4000, [0.75, -0.5]), 8)).toBeGreaterThanOrEqual(2);
    expect(selectArOrder(normals(createRng(1), 500), 6)).toBeLessThanOrEqual(2);
  });

  it('has defined degenerate results and typed errors', () => {
    expect(Array.from(fitAutoregression([4, 4, 4, 4], 2).coefficients)).toEqual([0, 0]);
    expect(fitAutoregression([4, 4, 4, 4], 2, 'yule-walker').noiseVariance).toBe(0);
    expect(codeOf(() => fitAutoregression([], 0))).toBe('AR_EMPTY');
    expect(codeOf(() => fitAutoregression([1, 2], 2))).toBe('AR_INVALID');
    expect(codeOf(() => fitAutoregression([1, NaN, 2], 1))).toBe('AR_NOT_FINITE');
    expect(codeOf(() => forecastAutoregression(fitAutoregression([1, 2, 4], 2), [1], 2))).toBe('AR_INVALID');
  });
});

describe('moving averages and seasons', () => {
  it('equals the direct mean of each window', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -100, max: 100 })),
        fc.integer({ min: 1, max: 9 }),
        (xs, window) => {
          const direct = xs.map((_, i) => {
            const part = xs.slice(Math.max(0, i - window + 1), i + 1);
            return part.reduce((sum, x) => sum + x, 0) / part.length;
          });
          expect(difference(movingAverage(xs, window), direct, 1e-12)).toBe('');
        },
      ),
      property(),
    );
  });

  it('forgets a huge value once it has left the window', () => {
    expect(movingAverage([1e17, 1, 1, 1, 1], 2)[4]).toBe(1);
    expect(Array.from(centredMovingAverage([1, 2, 6], 1))).toEqual([1.5, 3, 4]);
    expect(Array.from(exponentialMovingAverage([4, 8, 8], 0.5))).toEqual([4, 6, 7]);
    expect(movingAverage([], 3)).toHaveLength(0);
    expect(codeOf(() => movingAverage([1], 0))).toBe('MOVING_AVERAGE_INVALID');
    expect(codeOf(() => exponentialMovingAverage([1], 0))).toBe('MOVING_AVERAGE_INVALID');
  });

  it('takes out an hour-of-week season and keeps a shift', () => {
    const rng = createRng(2);
    const phases = Array.from({ length: 168 * 6 }, (_, i) => i % 168);
    const values = phases.map(
      (phase, i) => 100 + 30 * Math.sin(phase / 10) + drawNormal(rng) + (i > 900 ? 20 : 0),
    );
    const season = seasonalMedians(values, phases, 168);
    const flat = removeSeason(values, phases, season);
    const mean = (xs: Float64Array): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
    expect(Math.abs(mean(flat.subarray(901)) - mean(flat.subarray(0, 900)) - 20)).toBeLessThan(1);
    const sparse = seasonalMedians([1, 2, 3, 50], [0, 0, 0, 1], 3, 2);
    expect(Array.from(sparse.medians)).toEqual([2, 2.5, 2.5]);
    expect(Array.from(sparse.counts)).toEqual([3, 1, 0]);
    expect(codeOf(() => seasonalMedians([1], [3], 3))).toBe('SEASON_INVALID');
    expect(codeOf(() => seasonalMedians([], [], 3))).toBe('QUANTILE_EMPTY');
  });
});

describe('matrix profile', () => {
  it('agrees with all pairs in NumPy, constant windows included', () => {
    expect(
      difference(matrixProfile(expected.wave, expected.m, expected.zone).profile, expected.profile, 2e-6),
    ).toBe('');
  });

  it('names a partner at the distance it says, and does not see shift or scale', () => {
    const x = normals(testRng('profile'), 80);
    const { profile, nearest } = matrixProfile(x, 10);
    profile.forEach((distance, i) => {
      expect(Math.abs(nearest[i] - i)).toBeGreaterThanOrEqual(5);
      expect(windowDistance(x, 10, i, nearest[i])).toBeCloseTo(distance, 6);
    });
    const image = x.map((value) => 1e6 * value + 3e6);
    expect(difference(matrixProfile(image, 10).profile, profile, 1e-6)).toBe('');
  });

  it('finds a planted motif with all its occurrences', () => {
    const x = normals(testRng('motif'), 300);
    const shape = Float64Array.from({ length: 24 }, (_, t) => 4 * Math.sin(t / 3) * (1 + t / 12));
    for (const at of [40, 130, 230]) shape.forEach((value, t) => (x[at + t] = value + 0.01 * x[at + t]));
    const [motif] = findMotifs(x, 24, 2);
    const found = [motif.a, motif.b, ...motif.occurrences].sort((a, b) => a - b);
    expect(found).toEqual([40, 130, 230]);
  });

  it('has defined degenerate results', () => {
    expect(matrixProfile([1, 2], 4).profile).toHaveLength(0);
    expect(Array.from(matrixProfile([1, 2, 3, 4], 4).nearest)).toEqual([-1]);
    expect(matrixProfile(new Float64Array(20).fill(3), 4).profile.every((d) => d === 0)).toBe(true);
    expect(findMotifs([1, 2, 3], 4, 1)).toEqual([]);
    expect(codeOf(() => matrixProfile([1, 2, 3], 1))).toBe('MATRIX_PROFILE_INVALID');
    expect(codeOf(() => matrixProfile([1, NaN, 3], 2))).toBe('MATRIX_PROFILE_NOT_FINITE');
  });
});

// Oracle: a known change in a simulated series, and the mirrored series for the direction.
describe('change detection', () => {
  const shifted = (size: number): Float64Array =>
    normals(createRng(12), 400).map((value, i) => value + (i >= 250 ? size : 0));

  it('CUSUM finds a shift soon, where it began, in its direction', () => {
    const options = { target: 0, slack: 0.5, threshold: 6 };
    for (const [size, direction] of [
      [1.5, 'up'],
      [-1.5, 'down'],
    ] as const) {
      const [change] = cusum(shifted(size), options);
      expect(change.direction).toBe(direction);
      expect(change.alarm).toBeGreaterThanOrEqual(250);
      expect(change.alarm).toBeLessThan(270);
      expect(Math.abs(change.start - 250)).toBeLessThan(6);
    }
    expect(cusum(shifted(0), options)).toEqual([]);
    expect(cusum([], options)).toEqual([]);
    const scaled = { target: 0, slack: 0.5e9, threshold: 6e9 };
    expect(
      cusum(
        shifted(1.5).map((x) => 1e9 * x),
        scaled,
      ),
    ).toEqual(cusum(shifted(1.5), options));
  });

  it('Page-Hinkley needs no target', () => {
    const options = { delta: 0.3, threshold: 15 };
    const [up] = pageHinkley(
      shifted(1.5).map((x) => x + 40),
      options,
    );
    expect(up.direction).toBe('up');
    expect(up.alarm - 250).toBeGreaterThan(0);
    expect(up.alarm - 250).toBeLessThan(30);
    expect(Math.abs(up.start - 250)).toBeLessThan(10);
    expect(pageHinkley(shifted(-1.5), options)[0].direction).toBe('down');
    expect(pageHinkley(new Float64Array(100).fill(5), options)).toEqual([]);
  });

  it('refuses values and limits that mean nothing', () => {
    expect(codeOf(() => cusum([NaN], { target: 0, slack: 0, threshold: 1 }))).toBe('CUSUM_NOT_FINITE');
    expect(codeOf(() => cusum([1], { target: 0, slack: -1, threshold: 1 }))).toBe('CUSUM_INVALID');
    expect(codeOf(() => pageHinkley([1], { delta: 0, threshold: 0 }))).toBe('PAGE_HINKLEY_INVALID');
  });
});
