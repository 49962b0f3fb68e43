import { describe, expect, it, jest } from '@jest/globals';
import { offThread } from '../testing/off-thread.js';
import type { GuardrailFigures, GuardrailScenario } from './guardrail-simulation.js';
import type { ReferenceFigures, ReferenceScenario } from './reference-simulation.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

const runs = 2_000;
const seed = 20261121;

const reference = (scenario: Partial<ReferenceScenario> & { ratio: number }): Promise<ReferenceFigures> =>
  offThread(new URL('./reference-simulation.js', import.meta.url), 'simulateReference', {
    seed,
    runs,
    ...scenario,
  });

const guardrail = (scenario: Omit<GuardrailScenario, 'seed' | 'runs'>): Promise<GuardrailFigures> =>
  offThread(new URL('./guardrail-simulation.js', import.meta.url), 'simulateErrorGuardrail', {
    seed,
    runs: 1_000,
    ...scenario,
  });

describe(`stopping rule on the reference workload, ${runs} runs, seed ${seed}`, () => {
  it('keeps or harm-reverts at most 1 % of actions without effect, and its interval holds', async () => {
    const figures = await reference({ ratio: 1 });
    expect(figures.kept).toBeLessThanOrEqual(0.01 * runs);
    expect(figures.harm).toBeLessThanOrEqual(0.01 * runs);
    expect(figures.intervalMissed).toBeLessThanOrEqual(0.05 * runs);
  });

  it('reverts latency x 1.5 in at least 99 %, at the median within 9 pairs', async () => {
    const figures = await reference({ ratio: 1.5 });
    expect(figures.harm).toBeGreaterThanOrEqual(0.99 * runs);
    expect(figures.pairsMedian).toBeLessThanOrEqual(9);
    expect(figures.intervalMissed).toBeLessThanOrEqual(0.05 * runs);
  });

  it('keeps latency x 0.8 in at least 97 %, at the median within 24 pairs', async () => {
    const figures = await reference({ ratio: 0.8 });
    expect(figures.kept).toBeGreaterThanOrEqual(0.97 * runs);
    expect(figures.pairsMedian).toBeLessThanOrEqual(24);
    expect(figures.intervalMissed).toBeLessThanOrEqual(0.05 * runs);
  });

  it('is not fooled by unlike halves when the treated one is drawn anew for every block', async () => {
    const fixed = await reference({ ratio: 1, runs: 1_000, halves: { slower: 1.1, assignment: 'fixed' } });
    const drawn = await reference({ ratio: 1, runs: 1_000, halves: { slower: 1.1, assignment: 'drawn' } });
    expect(fixed.kept).toBeGreaterThan(200);
    expect(drawn.kept).toBeLessThanOrEqual(10);
    expect(drawn.harm).toBeLessThanOrEqual(10);
  });

  it('gives the same figures for the same seed', async () => {
    const [a, b] = await Promise.all([
      reference({ ratio: 0.9, runs: 100 }),
      reference({ ratio: 0.9, runs: 100 }),
    ]);
    expect(b).toEqual(a);
    expect(await reference({ ratio: 0.9, runs: 100, seed: seed + 1 })).not.toEqual(a);
  });
});

describe('error guardrail, 1,000 runs', () => {
  it('stays silent on 1 % errors in both arms over 1,200 requests', async () => {
    const figures = await guardrail({ baselineShare: 0.01, treatedShare: 0.01, requests: 1_200 });
    expect(figures.fired).toBeLessThanOrEqual(5);
  });

  it('is still within its bound when the errors rise to just the allowed share', async () => {
    const figures = await guardrail({
      baselineShare: 0.02,
      treatedShare: 0.04,
      requests: 1_200,
      baselineRequests: 100_000,
    });
    // Ville: at most 1 in 100.
    expect(figures.fired).toBeLessThanOrEqual(15);
  });

  it('catches 10 % errors within 300 requests and 30 % within 40, in at least 95 % of runs', async () => {
    const some = await guardrail({ baselineShare: 0.01, treatedShare: 0.1, requests: 300 });
    const many = await guardrail({ baselineShare: 0.01, treatedShare: 0.3, requests: 40 });
    expect(some.fired).toBeGreaterThanOrEqual(950);
    expect(many.fired).toBeGreaterThanOrEqual(950);
  });
});
