import { verdicts } from '@hartonomous/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  calibrationOf,
  honestNetGain,
  isTrainingEligible,
  rescore,
  rescoresDue,
  successScore,
  trialOutcomeOf,
  verdictsDiffer,
} from './learning.js';
import { assess } from './measurement/assess.js';
import type { PairRow } from './measurement/evidence.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 300 });
const hour = 3_600_000;
const gain = { estimate: 0.7, low: 0.6, high: 0.8 };
const loss = { estimate: 1.5, low: 1.2, high: 2 };
const costs = {
  exposure: 100,
  runningCostPerHour: 2,
  testCostSeconds: 168,
  treatedHours: 1,
  treatedShare: 0.5,
};
const anyEffect = fc
  .tuple(fc.double({ min: 0.01, max: 5, noNaN: true }), fc.double({ min: 1, max: 3, noNaN: true }))
  .map(([estimate, width]) => ({ estimate, low: estimate / width, high: estimate * width }));

describe('honest net gain', () => {
  it('is the lower bound of the effect times exposure, less all costs', () => {
    // 20 % of 100 s per hour, less 2 s running and 168 s of test over 168 h.
    expect(honestNetGain('Kept', gain, costs).net).toBeCloseTo(20 - 2 - 1, 10);
    // 50 % slower on half of 100 s for an hour, over 168 h.
    expect(honestNetGain('RevertedHarm', loss, costs).net).toBeCloseTo(-1 - 25 / 168, 10);
    expect(honestNetGain('Inconclusive', gain, costs).net).toBeCloseTo(-1, 10);
  });

  it('is never above what is proven, and only a kept action gains', () => {
    fc.assert(
      fc.property(fc.constantFrom(...verdicts), anyEffect, (verdict, effect) => {
        const { net, gain: gained } = honestNetGain(verdict, effect, costs);
        expect(net).toBeLessThanOrEqual(Math.max(0, 1 - effect.high) * costs.exposure);
        if (verdict !== 'Kept') expect(gained).toBe(0);
      }),
    );
  });
});

describe('success score', () => {
  it('is 0.5 + 0.5 x proven gain / target', () => {
    expect(successScore('Kept', { ...gain, high: 0.75 })).toBe(1);
    expect(successScore('Kept', { ...gain, high: 0.9 })).toBeCloseTo(0.75, 12);
    expect(successScore('Kept', { ...gain, high: 1.02 })).toBe(0.5);
    expect(successScore('RevertedHarm', loss)).toBe(0);
    expect(successScore('RevertedHarm', gain)).toBeLessThan(0.5);
    expect(successScore('Inconclusive', gain)).toBe(0.5);
    expect(successScore('RevertedNoBenefit', null)).toBe(0.5);
  });

  it('stays in [0, 1]: harm below 0.5, no proof at 0.5, never less for a better effect', () => {
    fc.assert(
      fc.property(fc.constantFrom(...verdicts), anyEffect, (verdict, effect) => {
        const score = successScore(verdict, effect);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        if (verdict === 'RevertedHarm') expect(score).toBeLessThan(0.5);
        if (verdict === 'Kept') expect(score).toBeGreaterThanOrEqual(0.5);
        const better = { estimate: effect.estimate / 2, low: effect.low / 2, high: effect.high / 2 };
        expect(successScore(verdict, better)).toBeGreaterThanOrEqual(score);
      }),
    );
  });
});

describe('after the verdict', () => {
  it('teaches the bandit nothing of what was not tried', () => {
    expect(trialOutcomeOf('Kept', gain)).toEqual({
      kept: true,
      harmed: false,
      gain: expect.closeTo(0.3, 12),
    });
    expect(trialOutcomeOf('RevertedHarm', loss)).toEqual({ kept: false, harmed: true, gain: null });
    expect(trialOutcomeOf('Inconclusive', gain)?.kept).toBe(false);
    for (const verdict of ['Gated', 'FailedToApply', 'RevertedByOperator'] as const) {
      expect(trialOutcomeOf(verdict, null)).toBeNull();
    }
  });

  it('is re-scored at 24 h and 7 d, each once, under the time scale', () => {
    expect(rescoresDue(0, [], 23 * hour)).toEqual([]);
    expect(rescoresDue(0, [], 24 * hour)).toEqual([24]);
    expect(rescoresDue(0, [24], 30 * hour)).toEqual([]);
    expect(rescoresDue(0, [], 168 * hour)).toEqual([24, 168]);
    expect(rescoresDue(0, [24], 168 * hour)).toEqual([168]);
    expect(rescoresDue(0, [], 0.4 * hour, 60)).toEqual([24]);
  });

  it('un-keeps what has decayed and holds what has not', () => {
    const rows = (treatedMs: number): PairRow[] =>
      Array.from({ length: 70 }, (_, i) => ({
        pairNo: i,
        kind: i < 10 ? ('AA' as const) : ('AB' as const),
        control: new Array<number>(20).fill(10),
        treated: new Array<number>(20).fill(i < 10 ? 10 : treatedMs),
        errorsControl: 0,
        errorsTreated: 0,
        countControl: 20,
        countTreated: 20,
      }));
    expect(rescore(assess(rows(7))).decision).toBe('hold');
    expect(rescore(assess(rows(10))).decision).toBe('unkeep');
    expect(rescore(assess(rows(15))).decision).toBe('unkeep');
    expect(rescore(assess(rows(7).slice(0, 12))).decision).toBe('undecided');
  });

  it('raises an alarm when the rows say something else than was recorded', () => {
    expect(verdictsDiffer('Kept', 'Kept')).toBe(false);
    expect(verdictsDiffer('RevertedNoBenefit', 'Kept')).toBe(true);
    expect(verdictsDiffer(null, 'Kept')).toBe(true);
    expect(verdictsDiffer(null, 'RevertedByOperator')).toBe(false);
  });

  it('trains within the hour on scores above 0.7 only', () => {
    expect(isTrainingEligible(0.71, 0, hour)).toBe(true);
    expect(isTrainingEligible(0.7, 0, hour)).toBe(false);
    expect(isTrainingEligible(0.9, 0, hour + 1)).toBe(false);
    expect(isTrainingEligible(0.9, 1, 0)).toBe(false);
  });
});

describe('calibration', () => {
  it('scores forecasts against outcomes', () => {
    const forecast = { successProbability: 0.8, predictedGain: 0.5, kept: true, realisedGain: 0.3 };
    const missed = { ...forecast, kept: false, realisedGain: 0 };
    const result = calibrationOf([forecast, missed]);
    expect(result.brier).toBeCloseTo((0.04 + 0.64) / 2, 12);
    expect(result.brierOfBaseRate).toBeCloseTo(0.25, 12);
    expect(result.realisedOverPredicted).toBeCloseTo(0.3 / 0.8, 12);
    expect(calibrationOf([]).brier).toBeNull();
  });
});
