import { anytimeInterval, createRng, drawNormal, eValueOf } from '@hartonomous/numerics';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { bet, everRejects, evidenceOf, noEvidence } from './e-process.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 100 });

const outcomes = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { maxLength: 80 });

describe('e-process', () => {
  it('starts at 1, clips outcomes and agrees with the log-domain implementation of numerics', () => {
    expect(evidenceOf(noEvidence)).toBe(1);
    expect(bet(noEvidence, 7)).toEqual(bet(noEvidence, 1));
    fc.assert(
      fc.property(outcomes, (values) => {
        const ours = evidenceOf(values.reduce(bet, noEvidence));
        expect(ours / eValueOf(values)).toBeCloseTo(1, 9);
      }),
    );
  });

  it('is a fair game at the border of the null: bets on a coin have mean 1', () => {
    // All sign sequences of length 10: the mean of E over them is 1 exactly.
    let sum = 0;
    for (let bits = 0; bits < 1024; bits++) {
      let products = noEvidence;
      for (let i = 0; i < 10; i++) products = bet(products, (bits >> i) & 1 ? 1 : -1);
      sum += evidenceOf(products);
    }
    expect(sum / 1024).toBeCloseTo(1, 10);
  });

  it('rejects exactly what lies outside the interval that is shown', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 12, max: 60 }), (seed, n) => {
        const rng = createRng(seed);
        const differences = Array.from({ length: n }, () => 0.2 * drawNormal(rng) - 0.1);
        const { low, high } = anytimeInterval(differences, { scale: 0.4, threshold: 40 });
        const rejected = (theta: number, direction: 1 | -1): boolean =>
          everRejects(differences, theta, 0.4, direction, 40);
        if (low > -Infinity) {
          expect(rejected(low - 1e-6, 1)).toBe(true);
          expect(rejected(low + 1e-6, 1)).toBe(false);
        }
        if (high < Infinity) {
          expect(rejected(high + 1e-6, -1)).toBe(true);
          expect(rejected(high - 1e-6, -1)).toBe(false);
        }
      }),
    );
  });
});
