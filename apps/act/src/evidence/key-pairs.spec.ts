import { describe, expect, it } from '@jest/globals';
import { pairKeys } from '@hartonomous/loop';
import type { ArmDuration } from '@hartonomous/store';
import { aaRowsOf, armsOf, blockRow, treatedKeys } from './key-pairs.js';

const pairs = pairKeys(Array.from({ length: 20 }, (_, i) => ({ key: `k${i}`, traffic: 10 })));
const requests = (count: number): ArmDuration[] =>
  Array.from({ length: count }, (_, i) => ({
    requestId: `r${i}`,
    inputHash: `k${i % 20}`,
    arm: null,
    durationMs: i,
    status: i % 10 === 9 ? 'error' : 'ok',
  }));

describe('matched key pairs', () => {
  it('draws the same arms for the same block, and others for the next one', () => {
    const drawn = [0, 1, 2].map((block) => treatedKeys(armsOf('a', 'AB', block, pairs)).join());
    expect(treatedKeys(armsOf('a', 'AB', 1, pairs)).join()).toBe(drawn[1]);
    expect(new Set(drawn).size).toBe(3);
    expect(treatedKeys(armsOf('b', 'AB', 0, pairs)).join()).not.toBe(drawn[0]);
  });

  it('treats exactly one key of each pair', () => {
    const arms = armsOf('a', 'AB', 5, pairs);
    for (const { first, second } of pairs) {
      expect([arms.get(first), arms.get(second)].sort()).toEqual(['control', 'treated']);
    }
  });

  it('makes a block only when both arms have their requests, and counts errors', () => {
    const head = { actionId: 'a', kind: 'AB' as const, pairNo: 0, measuredAt: new Date(0) };
    const arms = armsOf('a', 'AB', 0, pairs);
    expect(blockRow(head, arms, requests(30), 20)).toBeNull();
    const row = blockRow(head, arms, requests(40), 20)!;
    expect(row.countControl + row.countTreated).toBe(40);
    expect(row.errorsControl + row.errorsTreated).toBe(4);
  });

  it('cuts history into A/A blocks, the same ones again, at most as many as wanted', () => {
    const limits = { blockSize: 20, pairsMax: 3 };
    const rows = aaRowsOf({ id: 'a' }, pairs, requests(400), limits, new Date(0));
    expect(rows.map((r) => r.pairNo)).toEqual([0, 1, 2]);
    expect(aaRowsOf({ id: 'a' }, pairs, requests(400), limits, new Date(0))).toEqual(rows);
  });
});
