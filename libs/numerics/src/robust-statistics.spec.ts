import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hodgesLehmann, hodgesLehmannShift, signedRankPValue, walshInterval } from './hodges-lehmann.js';
import { normalCdf, normalQuantile } from './normal-distribution.js';
import {
  MAD_TO_SIGMA,
  median,
  medianAbsoluteDeviation,
  quantile,
  quantiles,
  robustZ,
  selectInPlace,
} from './quantile.js';
import { createRng, drawNormal } from './random.js';
import { codeOf, difference, fixture, property } from './spec/support.js';
import { TDigest } from './t-digest.js';
import { mergeMoments, momentsOf, sampleVariance } from './welford.js';
import { wilsonInterval } from './wilson.js';

interface StatisticsFixture {
  values: number[];
  qs: number[];
  quantiles: number[];
  mad: number;
  variance: number;
  wilson: [number, number, number, number, number][];
  probabilities: number[];
  normalQuantiles: number[];
  cdfAt: number[];
  cdf: number[];
  signed: number[];
  hodgesLehmann: number;
  walsh: number[];
  signedRankP: number;
  x: number[];
  y: number[];
  shift: number;
}
const expected = fixture<StatisticsFixture>('statistics');
const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
const sample = fc.array(finite, { minLength: 1, maxLength: 60 });

// Oracles: NumPy quantiles, SciPy (binomtest Wilson, norm, wilcoxon, median_abs_deviation), brute force.
describe('quantiles, median, MAD', () => {
  it('agrees with NumPy and SciPy', () => {
    expect(difference(quantiles(expected.values, expected.qs), expected.quantiles, 1e-14)).toBe('');
    expected.qs.forEach((q, i) =>
      expect(quantile(expected.values, q)).toBeCloseTo(expected.quantiles[i], 12),
    );
    expect(medianAbsoluteDeviation(expected.values)).toBeCloseTo(expected.mad, 13);
    expect(sampleVariance(momentsOf(expected.values))).toBeCloseTo(expected.variance, 12);
  });

  it('selects as sorting does, duplicates and large inputs included', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 50 }),
        fc.nat(),
        (xs, at) => {
          const k = at % xs.length;
          const data = Float64Array.from(xs);
          expect(selectInPlace(data, k)).toBe(Float64Array.from(xs).sort()[k]);
          expect(data.slice().sort()).toEqual(Float64Array.from(xs).sort());
        },
      ),
      property(),
    );
    const rng = createRng(1);
    const large = Float64Array.from({ length: 5000 }, () => Math.floor(drawNormal(rng) * 30));
    expect(median(large)).toBe(quantiles(large, [0.5])[0]);
  });

  it('moves with shift and scale, ignores order', () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(1e-9, 0.5, 1e9), (xs, scale) => {
        expect(difference([median(xs.map((x) => x * scale)) / scale], [median(xs)], 1e-12)).toBe('');
        expect(median([...xs].reverse())).toBe(median(xs));
      }),
      property(),
    );
  });

  it('has typed errors and defined degenerate results', () => {
    expect(codeOf(() => median([]))).toBe('QUANTILE_EMPTY');
    expect(codeOf(() => median([1, NaN]))).toBe('QUANTILE_NOT_FINITE');
    expect(codeOf(() => quantile([1], 1.5))).toBe('QUANTILE_INVALID');
    expect(codeOf(() => quantile([1], NaN))).toBe('QUANTILE_INVALID');
    expect([median([3]), medianAbsoluteDeviation([3])]).toEqual([3, 0]);
    expect(Array.from(robustZ([2, 2, 2, 9]))).toEqual([0, 0, 0, Infinity]);
    expect(robustZ([2, 2, 2, 9], [2, 2, 2], 0.5)[3]).toBe(14);
    expect(robustZ([])).toHaveLength(0);
    expect(robustZ([0, 1, 2, 3, 4])[4]).toBeCloseTo(2 / MAD_TO_SIGMA, 12);
  });
});

describe('moments', () => {
  it('merge in any split to the whole', () => {
    fc.assert(
      fc.property(sample, sample, (a, b) => {
        const whole = momentsOf([...a, ...b]);
        const merged = mergeMoments(momentsOf(a), momentsOf(b));
        expect(merged.count).toBe(whole.count);
        expect(
          difference([merged.mean, merged.min, merged.max], [whole.mean, whole.min, whole.max], 1e-9),
        ).toBe('');
        expect(difference([Math.sqrt(merged.m2)], [Math.sqrt(whole.m2)], 1e-7)).toBe('');
      }),
      property(),
    );
  });

  it('keeps the variance of large offsets', () => {
    expect(sampleVariance(momentsOf([1e9 + 1, 1e9 + 2, 1e9 + 3]))).toBeCloseTo(1, 9);
    expect(sampleVariance(momentsOf([]))).toBe(0);
    expect(mergeMoments(momentsOf([]), momentsOf([4]))).toEqual(momentsOf([4]));
  });
});

describe('normal distribution and Wilson interval', () => {
  it('agrees with SciPy', () => {
    expect(expected.cdfAt.length).toBe(expected.cdf.length);
    expected.cdfAt.forEach((x, i) =>
      expect(Math.abs(normalCdf(x) / expected.cdf[i] - 1)).toBeLessThan(1e-12),
    );
    expected.probabilities.forEach((p, i) => {
      expect(Math.abs(normalQuantile(p) - expected.normalQuantiles[i])).toBeLessThan(1e-10);
    });
    for (const [successes, trials, confidence, low, high] of expected.wilson) {
      const interval = wilsonInterval(successes, trials, confidence);
      expect(difference([interval.low, interval.high], [low, high], 1e-12)).toBe('');
    }
  });

  it('stays in [0, 1], contains the share, and says nothing about nothing', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(500), (a, b) => {
        const trials = Math.max(a, b, 1);
        const successes = Math.min(a, b);
        const { low, high } = wilsonInterval(successes, trials);
        expect(0 <= low && low <= successes / trials && successes / trials <= high && high <= 1).toBe(true);
      }),
      property(),
    );
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
    expect(codeOf(() => wilsonInterval(3, 2))).toBe('WILSON_INVALID');
    expect(codeOf(() => wilsonInterval(1, 2, 1))).toBe('WILSON_INVALID');
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });
});

describe('Hodges-Lehmann and Walsh interval', () => {
  const walshAverages = (xs: number[]): number[] =>
    xs.flatMap((x, i) => xs.slice(i).map((y) => x / 2 + y / 2)).sort((a, b) => a - b);

  it('agrees with enumeration in NumPy and with SciPy', () => {
    expect(hodgesLehmann(expected.signed)).toBeCloseTo(expected.hodgesLehmann, 12);
    const { low, high } = walshInterval(expected.signed);
    expect(difference([low, high], expected.walsh, 1e-12)).toBe('');
    expect(hodgesLehmannShift(expected.x, expected.y)).toBeCloseTo(expected.shift, 12);
    expect(signedRankPValue(expected.signed)).toBeCloseTo(expected.signedRankP, 12);
  });

  it('is the median of all Walsh averages (brute force), ties included', () => {
    const lattice = fc.array(fc.oneof(finite, fc.integer({ min: -3, max: 3 })), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(lattice, (xs) => {
        expect(difference([hodgesLehmann(xs)], [median(walshAverages(xs))], 1e-13)).toBe('');
      }),
      property(200),
    );
  });

  it('is equivariant and covers the centre at its level', () => {
    expect(hodgesLehmann([1, 2, 3, 10].map((x) => 1e9 * x))).toBeCloseTo(2.75e9, 3);
    const rng = createRng(9);
    let covered = 0;
    for (let run = 0; run < 400; run++) {
      const { low, high } = walshInterval(Float64Array.from({ length: 15 }, () => drawNormal(rng) + 3));
      if (low <= 3 && 3 <= high) covered++;
    }
    expect(covered).toBeGreaterThan(365);
    const wide = walshInterval(Float64Array.from({ length: 400 }, () => drawNormal(rng)));
    expect(wide.high - wide.low).toBeLessThan(0.3);
  });

  it('has typed errors and no false certainty', () => {
    expect(walshInterval([1, 2, 3])).toEqual({ low: -Infinity, high: Infinity });
    expect(codeOf(() => hodgesLehmann([]))).toBe('HODGES_LEHMANN_EMPTY');
    expect(codeOf(() => hodgesLehmann([1, Infinity]))).toBe('HODGES_LEHMANN_NOT_FINITE');
    expect(hodgesLehmann([5])).toBe(5);
    expect(hodgesLehmann(new Float64Array(1000).fill(2))).toBe(2);
    expect(codeOf(() => signedRankPValue([0, 0]))).toBe('SIGNED_RANK_EMPTY');
  });
});

describe('t-digest', () => {
  const ranks = (sorted: Float64Array, x: number): number =>
    sorted.filter((value) => value <= x).length / sorted.length;

  it.each([
    ['normal', (rng: () => number): number => drawNormal(rng)],
    ['skewed', (rng: () => number): number => Math.exp(3 * drawNormal(rng))],
    ['lattice', (rng: () => number): number => Math.floor(rng() * 5)],
  ])('has rank errors below 0.5 %% in the middle, 0.05 %% in the tails: %s', (_, draw) => {
    const rng = createRng(4);
    const values = Float64Array.from({ length: 20_000 }, () => draw(rng));
    const digest = new TDigest();
    values.forEach((value) => digest.add(value));
    const sorted = values.slice().sort();
    for (const q of [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
      const estimate = digest.quantile(q);
      const allowed = q < 0.005 || q > 0.995 ? 0.0005 : 0.005;
      const below = sorted.filter((value) => value < estimate).length / sorted.length;
      expect(below - allowed <= q && q <= ranks(sorted, estimate) + allowed).toBe(true);
      expect(
        Math.abs(digest.cdf(sorted[Math.floor(q * 20_000)]) - ranks(sorted, sorted[Math.floor(q * 20_000)])),
      ).toBeLessThan(_ === 'lattice' ? 0.25 : 0.005);
    }
    expect([digest.quantile(0), digest.quantile(1)]).toEqual([sorted[0], sorted[19_999]]);
  });

  it('merges, is bounded, and survives storage', () => {
    const rng = createRng(6);
    const parts = Array.from({ length: 8 }, () => new TDigest(100));
    const all: number[] = [];
    for (let i = 0; i < 16_000; i++) {
      all.push(drawNormal(rng));
      parts[i % 8].add(all[i]);
    }
    const whole = new TDigest(100);
    parts.forEach((part) => whole.merge(part));
    expect(whole.count).toBe(16_000);
    expect(Math.abs(whole.quantile(0.95) - quantile(all, 0.95))).toBeLessThan(0.03);
    const data = whole.toData();
    expect(data.means.length).toBeLessThanOrEqual(200);
    expect(data.means.every((mean, i) => i === 0 || data.means[i - 1] <= mean)).toBe(true);
    const copy = TDigest.fromData(JSON.parse(JSON.stringify(data)) as typeof data);
    expect(copy.quantile(0.3)).toBe(whole.quantile(0.3));
  });

  it('is exact for few values and typed for none', () => {
    const digest = new TDigest();
    expect(codeOf(() => digest.quantile(0.5))).toBe('T_DIGEST_EMPTY');
    expect(codeOf(() => digest.add(NaN))).toBe('T_DIGEST_NOT_FINITE');
    [5, 1, 4, 2, 3].forEach((value) => digest.add(value));
    expect([0, 0.25, 0.5, 0.75, 1].map((q) => digest.quantile(q))).toEqual([1, 2, 3, 4, 5]);
    expect(
      codeOf(() => TDigest.fromData({ compression: 100, min: 0, max: 1, means: [1], weights: [] })),
    ).toBe('T_DIGEST_SHAPE');
  });
});
