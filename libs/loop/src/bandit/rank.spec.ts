import type { Candidate } from '@hartonomous/contracts';
import { createRng } from '@hartonomous/numerics';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultBandit, freshArm, priorOf } from './belief.js';
import {
  rankCandidates,
  rejectionCodes,
  type RankContext,
  type RankInput,
  type RejectionCode,
} from './rank.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 200 });

const candidateOf = (target: string, type: Candidate['type'] = 'IndexOptimization'): Candidate => ({
  type,
  target,
  targetClass: 'index',
  design: 'replay',
  actionClass: 'B',
  blastRadius: 'one table',
  undoTime: 'a minute',
  parameters: {},
  reason: 'slow',
  evidence: { findingKinds: ['missing-index'], rowIds: [] },
  expected: { metric: 'latency', direction: 'lower', size: 0.2, low: 0.1, high: 0.3 },
  exposure: { requestsPerHour: 1_000, meanSeconds: 0.01 },
  costSeconds: 1,
  risk: 'writes',
  inverse: {},
});

function inputOf(id: string, changes: Partial<RankInput> = {}, type?: Candidate['type']): RankInput {
  return {
    id,
    candidate: candidateOf(id, type),
    scopes: [`table ${id}`],
    available: true,
    mode: 'Auto',
    settled: null,
    arm: freshArm(`arm ${id}`, 0),
    prior: priorOf(null),
    economics: { exposure: 10, costSeconds: 1, buildHours: 0.1, testHours: 0.1, harmSize: 0.2 },
    ...changes,
  };
}

// The logged probability is tested with the selection; here it would only cost time.
const settings = { ...defaultBandit, probabilityDraws: 10 };
const context: RankContext = {
  cycle: 1,
  slots: 3,
  lockedScopes: new Set(),
  settings,
};
const codeOf = (input: RankInput, changes: Partial<RankContext> = {}): RejectionCode | undefined =>
  rankCandidates([input], { ...context, ...changes }, createRng(1)).rejected[0]?.reasonCode;

describe('ranking', () => {
  it('gives each kind of refusal its code', () => {
    expect(codeOf(inputOf('a'))).toBeUndefined();
    expect(codeOf(inputOf('a', { available: false }))).toBe('unavailable');
    expect(codeOf(inputOf('a', { mode: 'Off' }))).toBe('mode');
    expect(codeOf(inputOf('a', { mode: 'Observe' }))).toBe('mode');
    expect(codeOf(inputOf('a', { mode: 'Recommend' }))).toBeUndefined();
    for (const code of ['already-kept', 'cooling-down', 'fingerprint-unchanged'] as const) {
      expect(codeOf(inputOf('a', { settled: { code, reason: 'before' } }))).toBe(code);
    }
    expect(codeOf(inputOf('a'), { lockedScopes: new Set(['table a']) })).toBe('scope-locked');
    const dear = { exposure: 10, costSeconds: 1e9, buildHours: 1, testHours: 1, harmSize: 0.2 };
    expect(codeOf(inputOf('a', { economics: dear }))).toBe('value-not-positive');
    expect(codeOf(inputOf('a'), { slots: 0 })).toBe('not-selected');
    const twice = [inputOf('a'), inputOf('b', { candidate: candidateOf('a') })];
    expect(rankCandidates(twice, context, createRng(1)).rejected).toMatchObject([
      { id: 'b', reasonCode: 'duplicate-target' },
    ]);
  });

  it('says so when nothing is worth trying', () => {
    expect(rankCandidates([], context, createRng(1)).nothingWorthTrying).toContain('no candidate');
    const { nothingWorthTrying } = rankCandidates([inputOf('a', { mode: 'Off' })], context, createRng(1));
    expect(nothingWorthTrying).toBe('nothing worth trying: 1 mode');
  });

  it('takes a placebo whenever it was drawn, beside the bets', () => {
    const inputs = [inputOf('a'), inputOf('b'), inputOf('p', { scopes: [] }, 'Placebo')];
    const { chosen, rejected } = rankCandidates(inputs, { ...context, slots: 1 }, createRng(1));
    expect(chosen[0]).toMatchObject({ input: { id: 'p' }, score: { probability: 1 } });
    expect(chosen).toHaveLength(2);
    expect(rejected.map(({ reasonCode }) => reasonCode)).toEqual(['not-selected']);
  });

  it('forces an overdue safe arm, but not against a lock', () => {
    const dear = { exposure: 10, costSeconds: 1e9, buildHours: 1, testHours: 1, harmSize: 0.2 };
    const input = inputOf('a', { economics: dear });
    const late = { ...context, cycle: 49 };
    const [chosen] = rankCandidates([input], late, createRng(1)).chosen;
    expect(chosen.score.forced).toBe(true);
    expect(chosen.reason).toContain('once in 50 cycles');
    expect(codeOf(input, { cycle: 49, lockedScopes: new Set(['table a']) })).toBe('scope-locked');
  });

  it('proposes or rejects each candidate once, never two on a scope, never more than the slots', () => {
    const anyInput = fc.record({
      scope: fc.constantFrom('x', 'y', 'z'),
      mode: fc.constantFrom('Off', 'Approve', 'Auto'),
      available: fc.boolean(),
      target: fc.constantFrom('t1', 't2', 't3', 't4'),
    });
    const lists = fc.array(anyInput, { maxLength: 12 });
    fc.assert(
      fc.property(lists, fc.nat({ max: 4 }), fc.nat(), (list, slots, seed) => {
        const inputs = list.map(({ scope, mode, available, target }, i) =>
          inputOf(`${i}`, { scopes: [scope], mode, available, candidate: candidateOf(target) }),
        );
        const { chosen, rejected } = rankCandidates(inputs, { ...context, slots }, createRng(seed));
        const ids = [...chosen.map(({ input }) => input.id), ...rejected.map(({ id }) => id)];
        expect(ids.toSorted()).toEqual(inputs.map(({ id }) => id).toSorted());
        expect(chosen.length).toBeLessThanOrEqual(slots);
        const scopes = chosen.flatMap(({ input }) => input.scopes);
        expect(new Set(scopes).size).toBe(scopes.length);
        expect(chosen.every(({ input }) => input.available && input.mode !== 'Off')).toBe(true);
        expect(
          rejected.every(({ reason, reasonCode }) => reason !== '' && rejectionCodes.includes(reasonCode)),
        ).toBe(true);
      }),
    );
  });
});
