import { describe, expect, it } from '@jest/globals';
import { createRng } from '@hartonomous/numerics';
import { conceptFinding, stableClusters, type VectorSample } from '../findings/concepts.js';

const dimensions = 16;

/** `groups` dense groups of 30 around an axis each, and `noise` atoms anywhere. */
function sampleOf(groups: number, noise: number): VectorSample {
  const rng = createRng(5);
  const rows: number[][] = [];
  const unit = (v: number[]): number[] => v.map((x) => x / Math.hypot(...v));
  for (let g = 0; g < groups; g++) {
    for (let i = 0; i < 30; i++) {
      rows.push(unit(Array.from({ length: dimensions }, (_, k) => (k === g ? 1 : 0.1 * (rng() - 0.5)))));
    }
  }
  for (let i = 0; i < noise; i++) rows.push(unit(Array.from({ length: dimensions }, () => rng() - 0.5)));
  return { atomIds: rows.map((_, i) => `a${i}`), dimensions, data: Float32Array.from(rows.flat()) };
}

describe('concepts', () => {
  it('are the dense groups that both halves of the sample have', () => {
    const clusters = stableClusters(sampleOf(3, 30), 'seed');
    expect(clusters).toHaveLength(3);
    for (const { members, meanDistance } of clusters) {
      const groups = members.map((m) => Math.floor(Number(m.atomId.slice(1)) / 30));
      expect(new Set(groups).size).toBe(1);
      expect(meanDistance).toBeLessThan(0.1);
    }
    expect(stableClusters(sampleOf(3, 30), 'seed')).toEqual(clusters);
  });

  it('are told from 21 unassigned atoms on, all of them counted', () => {
    const sample = sampleOf(2, 0);
    const finding = conceptFinding({ embeddingModel: 'm', count: 5_000 }, sample, 's')!;
    expect(finding).toMatchObject({ kind: 'concepts', rowCount: 5_000, facts: { sampled: 60 } });
    expect(conceptFinding({ embeddingModel: 'm', count: 20 }, sample, 's')).toBeNull();
  });
});
