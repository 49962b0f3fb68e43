import { createRng } from '@hartonomous/numerics';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  defaultBandit,
  drawRates,
  fadeTo,
  freshArm,
  freshType,
  learnArm,
  learnType,
  meanRates,
  posteriorOf,
  priorOf,
  type ArmBelief,
  type TrialOutcome,
} from './belief.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 200 });

const kept = (gain: number): TrialOutcome => ({ kept: true, harmed: false, gain });
const failed: TrialOutcome = { kept: false, harmed: false, gain: null };
const harmed: TrialOutcome = { kept: false, harmed: true, gain: null };
const cold = priorOf(null);
const anyOutcome = fc.oneof(
  fc.double({ min: 0.01, max: 0.9, noNaN: true }).map(kept),
  fc.constant(failed),
  fc.constant(harmed),
);

describe('arm beliefs', () => {
  it('start at the prior of weight 4 and rate 1/3, harm at 1 in 10', () => {
    const posterior = posteriorOf(freshArm('a', 0), cold);
    expect(posterior.alpha).toBeCloseTo(4 / 3, 12);
    expect(posterior.beta).toBeCloseTo(8 / 3, 12);
    expect(meanRates(posterior)).toEqual({
      theta: expect.closeTo(1 / 3, 12),
      mu: defaultBandit.coldStartGain,
      eta: 0.1,
    });
  });

  it('count successes, failures and harms: Beta(1 + harms, 9 + n - harms)', () => {
    const arm = [kept(0.3), harmed, failed, kept(0.5)].reduce(
      (belief, outcome) => learnArm(belief, outcome, 0),
      freshArm('a', 0),
    );
    const posterior = posteriorOf(arm, cold);
    expect(posterior.alpha).toBeCloseTo(4 / 3 + 2, 12);
    expect(posterior.beta).toBeCloseTo(8 / 3 + 2, 12);
    expect([posterior.harmAlpha, posterior.harmBeta]).toEqual([2, 12]);
    expect(arm.gains.mean).toBeCloseTo(0.4, 12);
    // Two observations of mean 0.4 against a prior of weight 2.
    expect(posterior.mean).toBeCloseTo((0.1 + 0.4) / 2, 12);
  });

  it('fade toward the prior, not toward nothing, and harm is not forgotten', () => {
    const arm = learnArm(learnArm(freshArm('a', 0), kept(0.5), 0), harmed, 0);
    const later = posteriorOf(fadeTo(arm, 50), cold);
    expect(later.alpha - 4 / 3).toBeCloseTo(0.98 ** 50, 12);
    const forgotten = meanRates(posteriorOf(fadeTo(arm, 5_000), cold));
    expect(forgotten.theta).toBeCloseTo(1 / 3, 9);
    expect(forgotten.mu).toBeCloseTo(defaultBandit.coldStartGain, 9);
    expect(forgotten.eta).toBeCloseTo(2 / 12, 12);
  });

  it('fade the same in one step or in many, and never backward', () => {
    const outcomes = fc.array(anyOutcome, { maxLength: 10 });
    fc.assert(
      fc.property(outcomes, fc.nat({ max: 200 }), fc.nat({ max: 200 }), (list, first, second) => {
        const arm = list.reduce((belief, outcome) => learnArm(belief, outcome, 0), freshArm('a', 0));
        const once = fadeTo(arm, first + second);
        const twice = fadeTo(fadeTo(arm, first), first + second);
        for (const key of ['successes', 'failures'] as const) expect(twice[key]).toBeCloseTo(once[key], 10);
        expect(twice.gains.m2).toBeCloseTo(once.gains.m2, 10);
        expect(fadeTo(once, 0)).toEqual(once);
      }),
    );
  });

  it('keep every posterior proper, whatever is learnt', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyOutcome, fc.nat({ max: 9 }))), fc.nat(), (history, seed) => {
        let cycle = 0;
        let arm: ArmBelief = freshArm('a', 0);
        let type = freshType('t', 0);
        for (const [outcome, gap] of history) {
          cycle += gap;
          arm = learnArm(arm, outcome, cycle);
          type = learnType(type, outcome, cycle);
        }
        const prior = priorOf(type);
        expect(prior.rate).toBeGreaterThan(0);
        expect(prior.rate).toBeLessThan(1);
        const posterior = posteriorOf(fadeTo(arm, cycle), prior);
        for (const value of Object.values(posterior)) expect(Number.isFinite(value)).toBe(true);
        for (const key of ['alpha', 'beta', 'harmAlpha', 'harmBeta', 'shape', 'rate'] as const) {
          expect(posterior[key]).toBeGreaterThan(0);
        }
        const { theta, mu, eta } = drawRates(posterior, createRng(seed));
        expect([theta, eta].every((p) => p >= 0 && p <= 1)).toBe(true);
        expect(Number.isFinite(mu)).toBe(true);
      }),
    );
  });

  it('shrink an untried arm to what its type has shown', () => {
    let type = freshType('t', 0);
    for (let i = 0; i < 40; i++) type = learnType(type, i % 4 === 0 ? kept(0.4) : failed, 0);
    const prior = priorOf(type);
    expect(prior.rate).toBeCloseTo((4 / 3 + 10) / 44, 12);
    expect(prior.gainMean).toBeCloseTo((2 * 0.1 + 10 * 0.4) / 12, 12);
    expect(meanRates(posteriorOf(freshArm('new', 0), prior)).theta).toBeCloseTo(prior.rate, 12);
  });

  it('draw around their means', () => {
    const arm = [kept(0.3), kept(0.2), failed, failed].reduce((b, o) => learnArm(b, o, 0), freshArm('a', 0));
    const posterior = posteriorOf(arm, cold);
    const rng = createRng(5);
    const sums = { theta: 0, mu: 0, eta: 0 };
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const rates = drawRates(posterior, rng);
      sums.theta += rates.theta / draws;
      sums.mu += rates.mu / draws;
      sums.eta += rates.eta / draws;
    }
    const means = meanRates(posterior);
    expect(Math.abs(sums.theta - means.theta)).toBeLessThan(0.008);
    expect(Math.abs(sums.mu - means.mu)).toBeLessThan(0.003);
    expect(Math.abs(sums.eta - means.eta)).toBeLessThan(0.004);
  });
});
