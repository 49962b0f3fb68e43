import { createRng } from '@hartonomous/numerics';
import { describe, expect, it, jest } from '@jest/globals';
import { offThread } from '../testing/off-thread.js';
import type { ArmsFigures } from '../simulation/arms-scenario.js';
import {
  defaultBandit,
  freshArm,
  learnArm,
  posteriorOf,
  priorOf,
  meanRates,
  type ArmBelief,
} from './belief.js';
import { isSafeArm, overdueArm, scoreOptions, type Option } from './select.js';
import { valuePerHour } from './value.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

const prior = priorOf(null);
const economics = { exposure: 10, costSeconds: 1, buildHours: 0.25, testHours: 0.25, harmSize: 0.2 };
const settings = { ...defaultBandit, probabilityDraws: 0 };
const optionOf = (arm: ArmBelief, changes: Partial<Option> = {}): Option => ({
  id: arm.key,
  arm,
  prior,
  economics,
  reversible: true,
  ...changes,
});
const known = (key: string, successes: number, failures: number): ArmBelief => ({
  ...freshArm(key, 0),
  successes,
  failures,
  trials: successes + failures,
  lastTriedCycle: 0,
});

describe('value', () => {
  it('follows the formula, in seconds saved per hour of trial', () => {
    const rates = { theta: 0.5, mu: 0.2, eta: 0.1 };
    // (0.5 x 0.2 x 10 x 168 - 0.1 x 0.2 x 10 x 0.25 - 1) / 0.5
    expect(valuePerHour(rates, economics, defaultBandit)).toBeCloseTo((168 - 0.05 - 1) / 0.5, 10);
    expect(valuePerHour({ ...rates, mu: -3 }, economics, defaultBandit)).toBeCloseTo((-0.05 - 1) / 0.5, 10);
  });

  it('is not positive where nothing is touched, or the cost exceeds the gain', () => {
    const rates = meanRates(posteriorOf(freshArm('a', 0), prior));
    expect(valuePerHour(rates, { ...economics, exposure: 0 }, defaultBandit)).toBeLessThan(0);
    expect(valuePerHour(rates, { ...economics, costSeconds: 1e6 }, defaultBandit)).toBeLessThan(0);
  });
});

describe('selection', () => {
  it('logs the share of 1,000 draws in which an option comes first', () => {
    const options = [
      optionOf(known('good', 40, 2)),
      optionOf(known('bad', 2, 40)),
      optionOf(freshArm('new', 0)),
    ];
    const scores = scoreOptions(options, 1, createRng(1));
    const total = scores.reduce((sum, { probability }) => sum + probability, 0);
    expect(total).toBeCloseTo(1, 10);
    const byId = new Map(scores.map((score) => [score.id, score.probability]));
    expect(byId.get('good')!).toBeGreaterThan(0.7);
    expect(byId.get('bad')!).toBeLessThan(0.02);
    expect(byId.get('new')!).toBeGreaterThan(0.02);
  });

  it('chooses as often as it says', () => {
    const options = [optionOf(known('a', 6, 6)), optionOf(known('b', 3, 9))];
    const logged = new Map(scoreOptions(options, 1, createRng(2)).map((s) => [s.id, s.probability]));
    const rng = createRng(3);
    let first = 0;
    for (let i = 0; i < 2_000; i++)
      if (scoreOptions(options, 1, rng, 'thompson', settings)[0].id === 'a') first++;
    // Two binomial errors: 0.014 and 0.010 at worst.
    expect(Math.abs(first / 2_000 - logged.get('a')!)).toBeLessThan(0.06);
  });

  it('is the same for the same generator', () => {
    const options = [optionOf(freshArm('a', 0)), optionOf(freshArm('b', 0)), optionOf(freshArm('c', 0))];
    expect(scoreOptions(options, 1, createRng(9))).toEqual(scoreOptions(options, 1, createRng(9)));
    expect(scoreOptions([], 1, createRng(9))).toEqual([]);
  });

  it('treats harmful and irreversible arms as unsafe', () => {
    expect(isSafeArm(optionOf(freshArm('a', 0)))).toBe(true);
    expect(isSafeArm(optionOf(freshArm('a', 0), { reversible: false }))).toBe(false);
    expect(isSafeArm(optionOf({ ...freshArm('a', 0), harms: 5, trials: 8 }))).toBe(false);
  });

  it.each([1, 3, 20, 50])('tries each of %i safe arms at least once in any 50 cycles', (count) => {
    // One arm is so much better that Thompson alone would hardly try the others.
    let arms = Array.from({ length: count }, (_, i) =>
      i === 0 ? known('0', 500, 1) : known(`${i}`, 1, 500),
    );
    const lastTried = arms.map(() => 0);
    let longest = 0;
    const rng = createRng(count);
    for (let cycle = 1; cycle <= 160; cycle++) {
      const fresh = { ...settings, decay: 1 };
      const [first] = scoreOptions(
        arms.map((arm) => optionOf(arm)),
        cycle,
        rng,
        'thompson',
        fresh,
      );
      const chosen = Number(first.id);
      arms = arms.map((arm, i) =>
        i === chosen
          ? learnArm(arm, { kept: i === 0, harmed: false, gain: i === 0 ? 0.2 : null }, cycle, fresh)
          : arm,
      );
      longest = Math.max(longest, cycle - lastTried[chosen]);
      lastTried[chosen] = cycle;
    }
    expect(Math.max(longest, ...lastTried.map((cycle) => 160 - cycle))).toBeLessThanOrEqual(50);
  });

  it('forces nobody before it must', () => {
    const arms = [known('a', 1, 1), known('b', 1, 1)].map((arm) => optionOf(arm));
    expect(overdueArm(arms, 48)).toBeNull();
    expect(overdueArm(arms, 49)).toBe('a');
    expect(overdueArm([optionOf(freshArm('c', 10))], 58)).toBeNull();
    expect(overdueArm([optionOf(freshArm('c', 10))], 59)).toBe('c');
  });
});

it('Thompson sampling gains at least twice what uniform choice does, and no less than greedy, over 200 seeds', async () => {
  const module = new URL('../simulation/arms-scenario.js', import.meta.url);
  const figures = await offThread<ArmsFigures>(module, 'compareArms', 200, 1);
  expect(figures.thompson).toBeGreaterThanOrEqual(2 * figures.uniform);
  expect(figures.thompson).toBeGreaterThanOrEqual(figures.greedy);
  // Uniform choice has a known mean: 150 x (mean success x gain - 0.1 x 0.1).
  expect(Math.abs(figures.uniform - 150 * ((0.5025 + 8 * 0.0025) / 12 - 0.01))).toBeLessThan(0.6);
});
