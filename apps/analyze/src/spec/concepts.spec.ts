import { describe, expect, it } from '@jest/globals';
import { createRng } from '@hartonomous/numerics';
import { conceptDriftFindings, measureConcept } from '../findings/concept-drift.js';
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

/** A kept concept of 30 atoms around the first axis, of which `away` lie around the second now. */
function keptOf(away: number, id = 'c1') {
  const { data } = sampleOf(2, 0);
  const rows = Array.from({ length: 30 }, (_, i) => (i < 30 - away ? i : 30 + i));
  return {
    id,
    embeddingModel: 'm',
    label: 'leases',
    meanDistance: 0.02,
    atomIds: rows.map((_, i) => `${id}-a${i}`),
    dimensions,
    data: Float32Array.from(rows.flatMap((r) => [...data.subarray(r * dimensions, (r + 1) * dimensions)])),
  };
}

describe('drift of concepts', () => {
  it('is ten members or more that lie twice as far from the centre as they did on average', () => {
    const found = conceptDriftFindings({ total: 400, concepts: [keptOf(12), keptOf(9, 'c2')] });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      kind: 'concept-drift',
      rowCount: 12,
      facts: { conceptId: 'c1', members: 30, otherConcepts: 1, measured: '2 of 400 kept concepts' },
    });
    const away = Array.from({ length: 12 }, (_, i) => `c1-a${18 + i}`);
    expect(found[0]!.rowIds.toSorted()).toEqual(away.toSorted());
    expect(found[0]!.facts['staying']).toHaveLength(18);
    expect(found[0]!.summary).toMatch(/^12 of 30 atoms of the concept "leases" lie more than 2 x as far/);
  });

  it('does not follow those that left: the centre is that of the nearer half', () => {
    const measured = measureConcept(keptOf(12));
    expect(Math.max(...measured.slice(0, 18).map((m) => m.distance))).toBeLessThan(0.04);
    expect(Math.min(...measured.slice(18).map((m) => m.distance))).toBeGreaterThan(0.5);
    expect(measureConcept({ ...keptOf(0), atomIds: [], data: new Float32Array(0) })).toEqual([]);
  });

  it('is none where nothing moved, and none without concepts', () => {
    expect(conceptDriftFindings({ total: 1, concepts: [keptOf(0)] })).toEqual([]);
    expect(conceptDriftFindings({ total: 0, concepts: [] })).toEqual([]);
  });
});
