import { describe, expect, it } from '@jest/globals';
import { rngOfText } from '@hartonomous/loop';
import { dropsAsGood, updatePairs, type UpdatedConcept } from './update-pairs.js';

const dimensions = 16;

/** Thirty atoms of a concept, of which twelve are to leave; `drifted` lie where the concept beside it lies. */
function setOf(seed: string, drifted: boolean): UpdatedConcept {
  const rng = rngOfText(seed);
  const vectorOf = (axis: number): Float32Array => {
    const v = Float32Array.from({ length: dimensions }, (_, k) => (k === axis ? 1 : 0) + 0.4 * (rng() - 0.5));
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  };
  return {
    concept: 'own',
    staying: Array.from({ length: 18 }, () => vectorOf(0)),
    leaving: Array.from({ length: 12 }, () => vectorOf(drifted ? 1 : 0)),
    others: Array.from({ length: 30 }, () => ({ concept: 'other', vector: vectorOf(1) })),
  };
}

describe('atoms that leave a concept', () => {
  it('must do better than all random choices: those that drifted do, any others do not', () => {
    const asGood = (drifted: boolean) =>
      Array.from({ length: 12 }, (_, i) => dropsAsGood(`a${i}`, setOf(`${drifted}${i}`, drifted)));
    expect(asGood(true)).toEqual(Array<number>(12).fill(0));
    for (const count of asGood(false)) expect(count).toBeGreaterThan(0);
  });

  it('are measured by held-out misses, the same for the same action', () => {
    const set = setOf('pairs', true);
    const rows = updatePairs('a', set, { aaPairs: 3, abPairs: 4 }, new Date(0));
    expect(rows.map((r) => r.kind)).toEqual(['AA', 'AA', 'AA', 'AB', 'AB', 'AB', 'AB']);
    for (const row of rows) expect([row.control.length, row.treated.length]).toEqual([20, 20]);
    const ab = rows.filter((r) => r.kind === 'AB');
    expect(ab.reduce((sum, r) => sum + r.errorsTreated, 0)).toBe(0);
    expect(ab.reduce((sum, r) => sum + r.errorsControl, 0)).toBeGreaterThan(4);
    expect(updatePairs('a', set, { aaPairs: 3, abPairs: 4 }, new Date(0))).toEqual(rows);
  });
});
