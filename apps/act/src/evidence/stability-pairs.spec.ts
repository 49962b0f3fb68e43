import { describe, expect, it } from '@jest/globals';
import { assess, measurementOf, rngOfText } from '@hartonomous/loop';
import { dealingsAsGood, stabilityPairs, type LabelledVectors } from './stability-pairs.js';

/** Atoms dealt to `groups` labels in turn; `signal` moves each one along the axis of its group. */
function atomsOf(seed: string, size: number, dimensions: number, groups: number, signal: number) {
  const rng = rngOfText(seed);
  return Array.from({ length: size }, (_, i): LabelledVectors[number] => {
    const v = Float32Array.from(
      { length: dimensions },
      (_v, k) => rng() - 0.5 + (k === i % groups ? signal : 0),
    );
    const length = Math.hypot(...v);
    return { concept: `group ${i % groups}`, vector: v.map((x) => x / length) };
  });
}

/** What the executor and the stopping rule make of them. */
function verdictOf(id: string, atoms: LabelledVectors): string {
  if (dealingsAsGood(id, atoms) > 0) return 'chance';
  const rows = stabilityPairs(id, atoms, { aaPairs: 10, abPairs: 60 }, new Date(0));
  const time = { hoursElapsed: 0, blocksWithoutData: 0, queueAgeMs: null };
  return assess(rows, measurementOf('error-share', {}), time).decision;
}

const share = (runs: number, verdict: string, of: (run: number) => string): number =>
  Array.from({ length: runs }, (_, run) => of(run)).filter((v) => v === verdict).length / runs;

describe('held-out stability', () => {
  it('keeps labels that mean nothing in at most 1 % of 40 sets', () => {
    const kept = share(40, 'keep', (run) => verdictOf(`a${run}`, atomsOf(`nothing ${run}`, 50, 16, 2, 0)));
    expect(kept).toBeLessThanOrEqual(0.01);
  });

  it('keeps groups that hold together in at least 97 % of 10 sets', () => {
    const kept = share(10, 'keep', (run) => verdictOf(`a${run}`, atomsOf(`groups ${run}`, 50, 16, 2, 1)));
    expect(kept).toBeGreaterThanOrEqual(0.97);
  });

  it('is the same again for the same action', () => {
    const atoms = atomsOf('again', 50, 16, 2, 0.3);
    expect(dealingsAsGood('a', atoms)).toBe(dealingsAsGood('a', atoms));
    const rows = () => stabilityPairs('a', atoms, { aaPairs: 2, abPairs: 3 }, new Date(0));
    expect(rows()).toEqual(rows());
  });
});
