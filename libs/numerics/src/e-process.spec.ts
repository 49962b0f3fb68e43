import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockBootstrap, circularBlockBootstrap } from './bootstrap.js';
import {
  anytimeInterval,
  bernoulliEValue,
  createEProcess,
  DEFAULT_BETS,
  eValue,
  eValueOf,
  updateEProcess,
} from './e-process.js';
import { createRng, drawNormal } from './random.js';
import { codeOf, difference, fixture, property } from './spec/support.js';
import { addLogit, emptySoftmax, logSumExp, mergeSoftmax, softmax } from './softmax.js';

// Oracles: the defining product, Ville's inequality by simulation, monotonicity; SciPy softmax and logsumexp.
describe('e-process', () => {
  it('is the mean over the grid of the products', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 40 }), (gs) => {
        const direct = DEFAULT_BETS.map((bet) => gs.reduce((wealth, g) => wealth * (1 + bet * g), 1));
        const mean = direct.reduce((sum, wealth) => sum + wealth, 0) / direct.length;
        expect(Math.abs(eValueOf(gs) / mean - 1)).toBeLessThan(1e-10);
      }),
      property(),
    );
  });

  it('starts at 1, refuses outcomes beyond [-1, 1], survives long runs', () => {
    const process = createEProcess();
    expect(eValue(process)).toBe(1);
    expect(codeOf(() => updateEProcess(process, 1.1))).toBe('E_PROCESS_INVALID');
    expect(codeOf(() => updateEProcess(process, NaN))).toBe('E_PROCESS_INVALID');
    expect(codeOf(() => createEProcess([1]))).toBe('E_PROCESS_INVALID');
    for (let i = 0; i < 5000; i++) updateEProcess(process, -1);
    expect(eValue(process)).toBeGreaterThanOrEqual(0);
    expect(eValueOf(new Float64Array(8).fill(1))).toBeGreaterThan(20);
  });

  it('rarely reaches 20 under the null, at any time (Ville: <= 5 %)', () => {
    const rng = createRng(2);
    let crossed = 0;
    for (let run = 0; run < 1000; run++) {
      const process = createEProcess();
      for (let i = 0; i < 60; i++) {
        updateEProcess(process, Math.max(-1, Math.min(1, 0.6 * drawNormal(rng))));
        if (eValue(process) < 20) continue;
        crossed++;
        break;
      }
    }
    expect(crossed / 1000).toBeLessThan(0.05);
  });

  it('bounds the effect: truth inside, narrower with data, shift equivariant', () => {
    const rng = createRng(8);
    const differences = Float64Array.from({ length: 120 }, () => 0.4 + 0.2 * drawNormal(rng));
    const options = { scale: 0.8 };
    const { low, high } = anytimeInterval(differences, options);
    expect(low).toBeLessThan(0.4);
    expect(high).toBeGreaterThan(0.4);
    expect(high - low).toBeLessThan(0.5);
    const early = anytimeInterval(differences.subarray(0, 30), options);
    expect(early.low <= low + 1e-6 && early.high >= high - 1e-6).toBe(true);
    const shifted = anytimeInterval(
      differences.map((d) => d + 5),
      options,
    );
    expect(difference([shifted.low, shifted.high], [low + 5, high + 5], 1e-7)).toBe('');
    expect(anytimeInterval([], options)).toEqual({ low: -Infinity, high: Infinity });
    expect(anytimeInterval([0.1], options)).toEqual({ low: -Infinity, high: Infinity });
    expect(codeOf(() => anytimeInterval([NaN], options))).toBe('ANYTIME_NOT_FINITE');
  });

  it('Bernoulli: grows with failures, has mean <= 1 at p0', () => {
    expect(bernoulliEValue(0, 0, 0.02)).toBe(1);
    expect(bernoulliEValue(10, 40, 0.04)).toBeGreaterThan(100);
    expect(bernoulliEValue(1, 40, 0.04)).toBeLessThan(1);
    let mean = 0;
    let probability = 0.96 ** 40;
    for (let failures = 0; failures <= 40; failures++) {
      mean += probability * bernoulliEValue(failures, 40, 0.04);
      probability *= ((40 - failures) / (failures + 1)) * (0.04 / 0.96);
    }
    expect(mean).toBeCloseTo(1, 9);
    expect(codeOf(() => bernoulliEValue(1, 2, 0))).toBe('BERNOULLI_INVALID');
  });
});

describe('bootstrap over blocks', () => {
  const mean = (xs: Float64Array): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;

  it('widens with dependence that single draws would miss', () => {
    const rng = createRng(3);
    const series = new Float64Array(600);
    for (let t = 1; t < 600; t++) series[t] = 0.9 * series[t - 1] + drawNormal(rng);
    const single = circularBlockBootstrap(series, 1, mean, { rng: createRng(1), replicates: 600 });
    const blocks = circularBlockBootstrap(series, 40, mean, { rng: createRng(1), replicates: 600 });
    expect(blocks.standardError / single.standardError).toBeGreaterThan(2);
    expect(blocks.low <= blocks.estimate && blocks.estimate <= blocks.high).toBe(true);
  });

  it('matches s / sqrt(n) for independent values, and is repeatable', () => {
    const rng = createRng(5);
    const values = Float64Array.from({ length: 400 }, () => drawNormal(rng));
    const offsets = Array.from({ length: 401 }, (_, i) => i);
    const a = blockBootstrap(values, offsets, mean, { rng: createRng(7), replicates: 1500 });
    expect(Math.abs(a.standardError * 20 - 1)).toBeLessThan(0.15);
    expect(blockBootstrap(values, offsets, mean, { rng: createRng(7), replicates: 1500 })).toEqual(a);
  });

  it('refuses blocks that do not fit', () => {
    const rng = createRng(1);
    expect(codeOf(() => blockBootstrap([1, 2], [0, 1], mean, { rng }))).toBe('BOOTSTRAP_SHAPE');
    expect(codeOf(() => blockBootstrap([1, 2], [0, 0, 2], mean, { rng }))).toBe('BOOTSTRAP_SHAPE');
    expect(codeOf(() => circularBlockBootstrap([], 1, mean, { rng }))).toBe('BOOTSTRAP_EMPTY');
    expect(codeOf(() => circularBlockBootstrap([1], 2, mean, { rng }))).toBe('BOOTSTRAP_INVALID');
    expect(circularBlockBootstrap([4, 4], 1, mean, { rng, replicates: 9 }).standardError).toBe(0);
  });
});

describe('softmax', () => {
  const expected = fixture<{ logits: number[]; softmax: number[]; logSumExp: number }>('statistics');

  it('agrees with SciPy and does not overflow', () => {
    expect(difference(softmax(expected.logits), expected.softmax, 1e-14)).toBe('');
    expect(logSumExp(expected.logits)).toBeCloseTo(expected.logSumExp, 12);
  });

  it('sums to 1, ignores shifts, streams in any split', () => {
    const logits = fc.array(fc.double({ min: -700, max: 700, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(logits, fc.nat(30), (xs, cut) => {
        const p = softmax(xs);
        expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
        expect(difference(softmax(xs.map((x) => x + 100)), p, 1e-9)).toBe('');
        const [left, right, whole] = [emptySoftmax(), emptySoftmax(), emptySoftmax()];
        xs.forEach((x, i) => {
          addLogit(i < cut ? left : right, x);
          addLogit(whole, x);
        });
        expect(difference([mergeSoftmax(left, right).sum], [whole.sum], 1e-12)).toBe('');
      }),
      property(),
    );
  });

  it('has defined degenerate results', () => {
    expect(softmax([])).toHaveLength(0);
    expect(Array.from(softmax([-Infinity, -Infinity]))).toEqual([0, 0]);
    expect(Array.from(softmax([-Infinity, 3]))).toEqual([0, 1]);
    expect(logSumExp([])).toBe(-Infinity);
    expect(codeOf(() => softmax([1], 0))).toBe('SOFTMAX_INVALID');
    expect(softmax([1, NaN])[0]).toBeNaN();
    expect(softmax([1, 2], 1e-3)[1]).toBe(1);
  });
});
