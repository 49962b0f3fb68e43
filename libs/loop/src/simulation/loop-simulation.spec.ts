import { describe, expect, it, jest } from '@jest/globals';
import { offThread } from '../testing/off-thread.js';
import { simulateLoop, type LoopSimulationOptions, type LoopSimulationReport } from './loop-simulation.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

const module = new URL('./loop-simulation.js', import.meta.url);
const run = (options: LoopSimulationOptions): Promise<LoopSimulationReport> =>
  offThread(module, 'simulateLoop', options);

describe('loop simulation', () => {
  it('gives the same report for the same seed and another one for another', async () => {
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => run({ seed, cycles: 40 })));
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
    expect(JSON.parse(JSON.stringify(a))).toEqual(a);
  });

  it('keeps little that does nothing, reverts little that helps, and gains at least twice what uniform choice does', async () => {
    const reports = await Promise.all([1, 2, 3].map((seed) => run({ seed, cycles: 200 })));
    const sum = (pick: (report: LoopSimulationReport) => number): number =>
      reports.reduce((total, report) => total + pick(report), 0);
    const [thompson, greedy, uniform] = [0, 1, 2].map((i) => sum((r) => r.policies[i].totalGain));
    expect(sum((r) => r.policies[0].falseKeepRate ?? 1) / 3).toBeLessThanOrEqual(0.01);
    expect(sum((r) => r.policies[0].falseRevertRate ?? 1) / 3).toBeLessThanOrEqual(0.02);
    expect(thompson).toBeGreaterThan(2 * uniform);
    // The turn that every safe arm gets within 50 cycles costs more here than exploring brings (README).
    expect(thompson).toBeGreaterThan(0.85 * greedy);
    for (const { policies, cycles } of reports) {
      for (const { verdicts, trials, nothingWorthTrying, placebosKept, placebos } of policies) {
        expect(Object.values(verdicts).reduce((a, b) => a + b)).toBe(trials);
        expect(trials + nothingWorthTrying).toBe(cycles);
        expect(placebosKept).toBeLessThanOrEqual(placebos);
      }
    }
  });

  it('tries nothing in a world that nothing touches, but for the turn of each arm', async () => {
    const world = [
      {
        type: 'IndexOptimization',
        targetClass: 'index',
        gainProbability: 0,
        harmProbability: 0,
        gainRatio: 1,
        harmRatio: 1,
        exposure: 0,
      },
    ] as const;
    const { policies } = await run({ seed: 1, cycles: 100, world });
    expect(policies[0].trials - policies[0].placebos).toBeLessThanOrEqual(3);
    expect(policies[1].trials).toBe(policies[1].placebos);
  });

  it('refuses what is out of range', () => {
    for (const [seed, cycles] of [
      [1, 0],
      [1, 1.5],
      [-1, 10],
      [1, 1e9],
    ]) {
      expect(() => simulateLoop({ seed, cycles })).toThrow(/whole number/);
    }
  });
});
