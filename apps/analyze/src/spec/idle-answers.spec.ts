import { describe, expect, it } from '@jest/globals';
import type { KeptAnswer } from '@hartonomous/store';
import { budgetBytesDefault, budgetOf, idleAnswerFindings } from '../findings/idle-answers.js';

const now = new Date('2026-11-21T12:00:00Z');
const context = {
  now,
  scale: 1,
  corpusVersion: 3,
  budgetBytes: 1_000_000,
  inputOf: (_action: string, inputHash: string) => ({ query: inputHash, limit: 10 }),
};

const answers = (
  actionId: string,
  hits: number[],
  hoursAgo = 6,
  patch: Partial<KeptAnswer> = {},
): KeptAnswer[] =>
  hits.map((n, i) => ({
    actionId,
    since: new Date(now.getTime() - hoursAgo * 3_600_000),
    modelId: 'm',
    inputHash: `${actionId}-${i}`,
    hits: n,
    computeMs: 20,
    sizeBytes: 1_000,
    ...patch,
  }));

const keptOf = (all: KeptAnswer[]) => ({
  answers: all,
  count: all.length,
  sizeBytes: all.reduce((sum, a) => sum + a.sizeBytes, 0),
});

const times = (n: number, hits: number): number[] => Array<number>(n).fill(hits);

describe('answers that hardly anybody asks for', () => {
  it('are named with what they take, least used first', () => {
    const kept = keptOf([
      ...answers('a', [0, ...times(9, 0.5), ...times(5, 40)]),
      ...answers('b', times(20, 50)),
    ]);
    const [finding, ...more] = idleAnswerFindings(kept, context);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'idle-answers',
      rowCount: 10,
      facts: { actionId: 'a', modelId: 'm', answers: 15, idle: 10, overBudget: false, givenBytes: 10_000 },
    });
    expect(finding!.rowIds).toHaveLength(10);
    expect(finding!.rowIds[0]).toBe('a-0');
    expect(finding!.summary).toBe('10 of 15 kept answers were asked for 4.5 times in 6 h and take 9.77 KiB');
  });

  it('are left alone while they are young, few, or asked for as often as loading needs', () => {
    expect(idleAnswerFindings(keptOf(answers('a', times(20, 0), 0.5)), context)).toEqual([]);
    expect(idleAnswerFindings(keptOf(answers('a', [...times(7, 0), ...times(20, 9)])), context)).toEqual([]);
    // Four uses a day are what loading asks for: one in six hours.
    expect(idleAnswerFindings(keptOf(answers('a', times(20, 1))), context)).toEqual([]);
    // An hour passes in a minute at a scale of 60.
    const soon = keptOf(answers('a', times(20, 0), 0.1));
    expect(idleAnswerFindings(soon, { ...context, scale: 60 })).toHaveLength(1);
  });

  it('are those that save the least for their size, when the cache is over its budget', () => {
    const kept = keptOf([
      ...answers('a', times(10, 90)),
      ...answers('b', times(10, 90), 6, { sizeBytes: 9_000 }),
      ...answers('c', times(10, 90), 6, { computeMs: 2_000 }),
    ]);
    const found = idleAnswerFindings(kept, { ...context, budgetBytes: 65_000 });
    expect(found.map((f) => [f.facts['actionId'], f.rowCount])).toEqual([['b', 5]]);
    expect(found[0]!.summary).toMatch(/; the cache holds 107 KiB of answers, its budget is 63.5 KiB$/);
    expect(found[0]!.facts).toMatchObject({ overBudget: true, cacheBytes: 110_000, budgetBytes: 65_000 });
    const all = idleAnswerFindings(kept, { ...context, budgetBytes: 0 });
    expect(all.map((f) => f.rowCount)).toEqual([10, 10, 10]);
  });

  it('have a budget by setting, and a default for what is no size', () => {
    expect([budgetOf('1000'), budgetOf('0')]).toEqual([1_000, 0]);
    for (const text of [undefined, 'much', '-1', 'NaN']) expect(budgetOf(text)).toBe(budgetBytesDefault);
  });
});
