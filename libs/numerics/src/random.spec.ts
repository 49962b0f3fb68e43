import { describe, expect, it } from '@jest/globals';
import {
  createRng,
  drawBeta,
  drawExponential,
  drawGamma,
  drawNormal,
  fillNormal,
  resumeRng,
  sampleIndices,
  shuffle,
} from './random.js';
import { codeOf } from './spec/support.js';
import { momentsOf, sampleVariance } from './welford.js';

// Oracles: closed-form moments of the distributions, the published recurrence of xoshiro128** in BigInt.
describe('seeded generator', () => {
  it('follows xoshiro128** as published, word for word', () => {
    const mask = 0xffffffffn;
    const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
    const s = [1n, 2n, 3n, 4n];
    const rng = resumeRng([1, 2, 3, 4]);
    for (let i = 0; i < 1000; i++) {
      const expected = (rotl((s[1] * 5n) & mask, 7n) * 9n) & mask;
      const t = (s[1] << 9n) & mask;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotl(s[3], 11n);
      expect(rng.uint32()).toBe(Number(expected));
    }
  });

  it('gives the same stream for a seed on every platform (frozen values)', () => {
    const rng = createRng(42);
    expect([rng.uint32(), rng.uint32(), rng.uint32()]).toEqual([3209382747, 3686285956, 830126901]);
    expect(createRng(42)()).not.toBe(createRng(43)());
    expect(createRng(42)()).not.toBe(createRng(42 + 2 ** 32)());
  });

  it('resumes from a saved state and stays in [0, 1)', () => {
    const rng = createRng(7);
    for (let i = 0; i < 100; i++) rng();
    const twin = resumeRng(rng.state());
    const values = Array.from({ length: 1000 }, () => rng());
    expect(Array.from({ length: 1000 }, () => twin())).toEqual(values);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(codeOf(() => createRng(-1))).toBe('RNG_SEED_INVALID');
    expect(new Set([resumeRng([0, 0, 0, 0])(), resumeRng([0, 0, 0, 0])()]).size).toBe(1);
  });

  it('is uniform: 256 bins of 200,000 draws pass a chi-square test at 1e-6', () => {
    const rng = createRng(11);
    const bins = new Float64Array(256);
    for (let i = 0; i < 200_000; i++) bins[Math.floor(rng() * 256)]++;
    const expected = 200_000 / 256;
    const chi2 = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi2).toBeLessThan(375);
    expect(chi2).toBeGreaterThan(155);
  });
});

describe('draws', () => {
  const n = 60_000;
  const cases: [string, (rng: () => number) => number, number, number][] = [
    ['normal', drawNormal, 0, 1],
    ['exponential', drawExponential, 1, 1],
    ['gamma(0.3)', (rng) => drawGamma(rng, 0.3), 0.3, 0.3],
    ['gamma(4.5, 2)', (rng) => drawGamma(rng, 4.5, 2), 9, 18],
    ['beta(2, 5)', (rng) => drawBeta(rng, 2, 5), 2 / 7, 10 / (49 * 8)],
    ['beta(0.5, 0.5)', (rng) => drawBeta(rng, 0.5, 0.5), 0.5, 0.125],
  ];
  it.each(cases)('%s has its mean and variance', (_, draw, mean, variance) => {
    const rng = createRng(5);
    const moments = momentsOf(Float64Array.from({ length: n }, () => draw(rng)));
    expect(Math.abs(moments.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(sampleVariance(moments) / variance - 1)).toBeLessThan(0.06);
  });

  it('Beta keeps tiny and huge parameters inside [0, 1]', () => {
    const rng = createRng(1);
    for (const [a, b] of [
      [1e-300, 1e-300],
      [1e-5, 3],
      [1e8, 1e8],
      [1e-200, 5],
    ]) {
      const draws = Array.from({ length: 200 }, () => drawBeta(rng, a, b));
      expect(draws.every((x) => x >= 0 && x <= 1)).toBe(true);
    }
    expect(codeOf(() => drawBeta(rng, 0, 1))).toBe('GAMMA_SHAPE_INVALID');
    expect(codeOf(() => drawGamma(rng, NaN))).toBe('GAMMA_SHAPE_INVALID');
  });

  it('fills odd lengths, shuffles and samples without repeats', () => {
    const rng = createRng(3);
    expect(fillNormal(rng, new Float32Array(7)).every((x) => x !== 0)).toBe(true);
    expect(
      shuffle(
        rng,
        Array.from({ length: 50 }, (_, i) => i),
      ).sort((a, b) => a - b)[49],
    ).toBe(49);
    const sample = sampleIndices(rng, 20, 20);
    expect(new Set(sample).size).toBe(20);
    expect(sampleIndices(rng, 0, 0)).toHaveLength(0);
    expect(codeOf(() => sampleIndices(rng, 3, 4))).toBe('SAMPLE_INVALID');
  });
});
