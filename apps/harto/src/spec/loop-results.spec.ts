import { describe, expect, it } from '@jest/globals';
import type { HypothesisType, Verdict } from '@hartonomous/contracts';
import type { ActionDetail, ActionShown, CycleDetail, CycleShown } from '../gateway-documents.js';
import { LoopWatch } from '../start/loop-watch.js';
import { composeReport, reportText } from '../start/report.js';

const at = '2026-11-20T10:00:00.000Z';

function action(
  id: string,
  type: HypothesisType,
  verdict: Verdict | null,
  over: Partial<ActionDetail> = {},
): ActionDetail {
  return {
    id,
    cycleId: 'c1',
    type,
    target: `${type} target`,
    design: 'replay',
    actionClass: 'A',
    state: verdict === 'Kept' ? 'Kept' : verdict === null ? 'Verifying' : 'RevertedNoBenefit',
    planHash: 'h',
    reason: 'slow statement',
    verdict,
    effect: verdict === null ? null : { estimate: 0.61, low: 0.52, high: 0.7, unit: 'x latency' },
    pairs: verdict === null ? 0 : 24,
    traceId: 't',
    createdAt: at,
    concludedAt: verdict === null ? null : at,
    expiresAt: null,
    inverse: {},
    transitions: [
      { seq: 2, fromState: 'Verifying', toState: 'Kept', reason: 'E_gain 21.4 >= 20', by: 'act', at },
      { seq: 1, fromState: 'Proposed', toState: 'Applying', reason: 'auto', by: 'act', at },
    ],
    evidence: [],
    ...over,
  };
}

function cycle(number: number, chosen: number): CycleDetail {
  const candidate = {
    type: 'IndexOptimization',
    target: 't',
    reason: 'r',
  } as CycleDetail['hypotheses'][number]['candidate'];
  return {
    id: `c${number}`,
    number,
    state: 'Learned',
    scope: 'incremental',
    requestedBy: 'admin',
    requestedAt: at,
    dueAt: at,
    windowFrom: null,
    windowTo: null,
    traceId: null,
    outcome: null,
    finishedAt: at,
    observation: null,
    hypotheses: Array.from({ length: chosen }, (_, i) => ({
      id: `h${i}`,
      candidate,
      value: 1,
      selectionProbability: 1,
      chosen: true,
    })),
    rejected: [],
    actions: [],
  };
}

/** Looks at the scripted states of a loop, one per poll; the last one stays. */
function watch(
  script: { actions: ActionShown[]; cycles: CycleDetail[] }[],
  earlier: string[] = [],
  seen = true,
) {
  let step = -1;
  let asked = 0;
  const now = () => script[Math.min(step, script.length - 1)];
  const said: string[] = [];
  const loop = new LoopWatch({
    client: {
      actions: async () => {
        step++;
        return now().actions;
      },
      cycles: async () => now().cycles as CycleShown[],
      cycle: async (id) => now().cycles.find((row) => row.id === id)!,
      requestCycle: async () => {
        asked++;
        return { cycle: cycle(1, 0), created: true };
      },
    },
    pollMs: 1,
    earlier: new Set(earlier),
    cyclesBefore: 0,
    hurry: true,
    enoughSeen: () => seen,
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  return { ended: (ms = 50_000) => loop.untilResults(ms), loop, said, asked: () => asked };
}

describe('the end of a run', () => {
  it('is two types with a verdict, placebo not counted', async () => {
    const index = action('a', 'IndexOptimization', 'Kept');
    const placebo = action('p', 'Placebo', 'RevertedNoBenefit');
    const open = action('b', 'CacheWarming', null);
    const run = watch([
      { actions: [index, placebo], cycles: [cycle(1, 1)] },
      { actions: [index, placebo, open], cycles: [cycle(1, 1)] },
      {
        actions: [index, placebo, { ...open, verdict: 'Kept', concludedAt: at, state: 'Kept' }],
        cycles: [cycle(1, 1)],
      },
    ]);
    expect(await run.ended()).toBe('verdicts');
    expect(run.said.filter((line) => line.startsWith('CacheWarming'))).toHaveLength(2);
  });

  it('is not what earlier runs concluded', async () => {
    const known = [action('a', 'IndexOptimization', 'Kept'), action('b', 'CacheWarming', 'Kept')];
    const run = watch([{ actions: known, cycles: [cycle(2, 0), cycle(1, 0)] }], ['a', 'b']);
    expect(await run.ended()).toBe('nothing-worth-trying');
    expect(run.said.some((line) => line.startsWith('IndexOptimization'))).toBe(false);
  });

  it('is nothing worth trying only after two idle cycles on enough requests with nothing open', async () => {
    const idle = { actions: [], cycles: [cycle(2, 0), cycle(1, 0)] };
    expect(await watch([{ actions: [], cycles: [cycle(1, 0)] }, idle]).ended()).toBe('nothing-worth-trying');
    expect(await watch([idle], [], false).ended(30)).toBe('time');
    expect(await watch([{ actions: [], cycles: [cycle(2, 0), cycle(1, 1)] }]).ended(30)).toBe('time');
    const open = { ...idle, actions: [action('b', 'CacheWarming', null)] };
    expect(await watch([open]).ended(30)).toBe('time');
  });

  it('asks for the next cycle when the last one has ended, not more often than every few seconds', async () => {
    const run = watch([{ actions: [], cycles: [cycle(1, 1)] }]);
    await run.ended(40);
    expect(run.asked()).toBe(1);
  });
});

describe('the report', () => {
  const sources = {
    corpus: { files: 10, atoms: 100 },
    actions: [
      action('a', 'IndexOptimization', 'Kept'),
      action('b', 'CacheWarming', 'RevertedNoBenefit'),
      action('n', 'Placebo', null),
    ],
    rejected: [
      {
        type: 'ModelRetraining' as const,
        target: '',
        reason: 'its executor is not built',
        reasonCode: 'unavailable',
        cycleId: 'c1',
      },
      {
        type: 'ModelRetraining' as const,
        target: '',
        reason: 'its executor is not built',
        reasonCode: 'unavailable',
        cycleId: 'c2',
      },
      {
        type: 'IndexOptimization' as const,
        target: 'x(y)',
        reason: 'cooling down',
        reasonCode: 'cooling-down',
        cycleId: 'old',
      },
    ],
    cycles: [cycle(2, 0), cycle(1, 1)],
    console: 'http://127.0.0.1:4280/',
  };
  const report = composeReport(sources, {
    ended: 'verdicts',
    requests: 1234,
    cycles: 2,
    earlier: new Set(['b']),
    cyclesBefore: 0,
  });

  it('has the stable shape, from rows alone', () => {
    expect(report).toEqual({
      ended: 'verdicts',
      corpus: { files: 10, atoms: 100 },
      workload: { requests: 1234 },
      cycles: 2,
      actions: [
        {
          id: 'a',
          run: 'this',
          type: 'IndexOptimization',
          target: 'IndexOptimization target',
          design: 'replay',
          pairs: 24,
          effect: { estimate: 0.61, low: 0.52, high: 0.7, unit: 'x latency' },
          verdict: 'Kept',
          reason: 'E_gain 21.4 >= 20',
          traceId: 't',
        },
        expect.objectContaining({ id: 'b', run: 'earlier', verdict: 'RevertedNoBenefit' }),
        expect.objectContaining({ id: 'n', verdict: null, effect: null, reason: 'slow statement' }),
      ],
      rejected: [{ type: 'ModelRetraining', reason: 'its executor is not built' }],
      console: 'http://127.0.0.1:4280/',
    });
  });

  it('says for people what was tried, undone and rejected', () => {
    const text = reportText(report, ['12 slow reads of atom_term']);
    expect(text).toMatch(/two types of action have a verdict: 2 cycles over 1234 requests/);
    expect(text).toMatch(/12 slow reads of atom_term/);
    expect(text).toMatch(
      /IndexOptimization +IndexOptimization target +24 +0\.610 \[0\.520, 0\.700\] x latency +Kept/,
    );
    expect(text).toMatch(/earlier +CacheWarming .* undone/);
    expect(text).toMatch(/ModelRetraining: its executor is not built/);
  });
});
