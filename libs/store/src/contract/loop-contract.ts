import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ActionRow, EvidencePairRow } from '../port/loop.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { actionOf, beliefOf, candidateOf, observationDocument, openCycle, sha256 } from './samples.js';

type InTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId?: string) => Promise<T>;

export function loopContract(fixture: EngineFixture): void {
  describe('loop', () => {
    const c = contractStore(fixture);
    const inTenant: InTenant = (work, tenantId = c().tenantId) => c().store.withTenant(tenantId, work);
    cycleLaws(inTenant, c);
    decisionLaws(inTenant);
    actionLaws(inTenant);
    outcomeLaws(inTenant);
    evidenceLaws(inTenant);
    learningLaws(inTenant, c);
  });
}

const request = (tx: TenantTransaction, id = newId()) =>
  tx.cycles.request({
    id,
    scope: 'incremental',
    requestedBy: 'contract',
    dueAt: new Date('2026-11-01T00:00:00Z'),
  });

/** Ends the open cycle, if there is one. */
async function finish(inTenant: InTenant): Promise<void> {
  await inTenant(async (tx) => {
    const [cycle] = await tx.cycles.latest(1);
    if (cycle && cycle.state !== 'Learned' && cycle.state !== 'Failed') {
      await tx.cycles.advance(cycle.id, cycle.epoch, cycle.state, 'Failed');
    }
  });
}

function cycleLaws(inTenant: InTenant, contract: Contract): void {
  it('has one open cycle a tenant, whoever asks at once', async () => {
    const asked = await Promise.all(Array.from({ length: 6 }, () => inTenant((tx) => request(tx))));
    expect(asked.filter((a) => a.created)).toHaveLength(1);
    expect(new Set(asked.map((a) => a.cycle.id)).size).toBe(1);
    expect(asked[0].cycle).toMatchObject({
      number: 1,
      state: 'Requested',
      epoch: 0,
      windowFrom: null,
      outcome: null,
    });
    const theirs = await inTenant((tx) => request(tx), contract().otherTenantId);
    expect(theirs).toMatchObject({ created: true, cycle: { number: 1 } });
  });

  it('advances under its state and epoch only', async () => {
    const [cycle] = await inTenant((tx) => tx.cycles.latest(1));
    const windowTo = new Date('2026-11-01T10:00:00.250Z');
    const advance = (epoch: number, tenantId?: string) =>
      inTenant(
        (tx) =>
          tx.cycles.advance(cycle.id, epoch, 'Requested', 'Observed', {
            windowTo,
            traceId: 'abc',
            outcome: { a: 1 },
          }),
        tenantId,
      );
    expect(await advance(1)).toBe(false);
    expect(await advance(0, contract().otherTenantId)).toBe(false);
    expect(await inTenant((tx) => tx.cycles.watermark())).toBeNull();
    expect(await advance(0)).toBe(true);
    expect(await advance(0)).toBe(false);
    expect(await inTenant((tx) => tx.cycles.get(cycle.id))).toMatchObject({
      state: 'Observed',
      epoch: 1,
      windowTo,
      traceId: 'abc',
      outcome: { a: 1 },
      finishedAt: null,
    });
    expect(await inTenant((tx) => tx.cycles.watermark())).toEqual(windowTo);
    expect(await inTenant((tx) => tx.cycles.get(cycle.id), contract().otherTenantId)).toBeNull();
  });

  it('opens the next cycle when the last has ended, and knows a redelivered request', async () => {
    await finish(inTenant);
    const id = newId();
    expect(await inTenant((tx) => request(tx, id))).toMatchObject({
      created: true,
      cycle: { id, number: 2 },
    });
    await finish(inTenant);
    expect(await inTenant((tx) => request(tx, id))).toMatchObject({
      created: false,
      cycle: { id, state: 'Failed' },
    });
    expect((await inTenant((tx) => tx.cycles.latest(5))).map((row) => row.number)).toEqual([2, 1]);
  });
}

function decisionLaws(inTenant: InTenant): void {
  it('keeps observations, hypotheses and rejections as they were', async () => {
    const { cycleId, hypothesisId } = await inTenant(openCycle);
    const observationId = newId();
    await inTenant((tx) =>
      tx.cycles.addObservation({ id: observationId, cycleId, document: observationDocument }),
    );
    const row = { id: observationId, cycleId, document: observationDocument };
    expect(await inTenant((tx) => tx.cycles.observation(observationId))).toEqual(row);
    expect(await inTenant((tx) => tx.cycles.observationOf(cycleId))).toEqual({
      id: observationId,
      document: observationDocument,
    });
    expect(await inTenant((tx) => tx.cycles.observation(newId()))).toBeNull();
    await expect(
      inTenant((tx) => tx.cycles.addObservation({ id: newId(), cycleId, document: observationDocument })),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    const [hypothesis] = await inTenant((tx) => tx.cycles.hypothesesOf(cycleId));
    expect(hypothesis).toMatchObject({
      id: hypothesisId,
      value: 1.5,
      selectionProbability: 0.25,
      chosen: true,
    });
    expect(hypothesis.candidate).toEqual(candidateOf('atom_term(tenant_id, term)'));
    expect(await inTenant((tx) => tx.cycles.hypotheses([hypothesisId, newId()]))).toEqual([hypothesis]);
    const rejected = [1, 2, 3].map((n) => ({
      type: 'CacheWarming' as const,
      target: `t${n}`,
      reason: 'too cold',
      reasonCode: 'cooling-down',
    }));
    await inTenant((tx) => tx.cycles.addRejected(cycleId, rejected.slice(0, 2)));
    await inTenant((tx) => tx.cycles.addRejected(cycleId, rejected.slice(2)));
    expect(await inTenant((tx) => tx.cycles.rejectedOf(cycleId))).toEqual(rejected);
    const since = await inTenant((tx) => tx.cycles.rejectedSince(new Date(Date.now() - 60_000)));
    expect(since).toEqual(rejected.map((r) => ({ ...r, cycleId })));
    expect(await inTenant((tx) => tx.cycles.rejectedSince(new Date(Date.now() + 60_000)))).toEqual([]);
  });
}

const event = { name: 'apply', reason: 'due', by: 'act', traceId: 'trace' };

const creator =
  (inTenant: InTenant) =>
  (patch: Partial<ActionRow> = {}): Promise<ActionRow> =>
    inTenant(async (tx) => {
      const { cycleId, hypothesisId } = await openCycle(tx);
      return tx.actions.create(actionOf(cycleId, hypothesisId, patch));
    });

function actionLaws(inTenant: InTenant): void {
  const create = creator(inTenant);

  it('creates an action once per hypothesis', async () => {
    const first = await create({ progress: { block: 1 } });
    expect(first).toMatchObject({ version: 1, state: 'Proposed', verdict: null, approvedBy: [], pairs: 0 });
    const again = actionOf(first.cycleId, first.hypothesisId);
    expect((await inTenant((tx) => tx.actions.create(again))).id).toBe(first.id);
    expect(await inTenant((tx) => tx.actions.get(first.id))).toEqual(first);
    expect(await inTenant((tx) => tx.actions.list({ cycleId: first.cycleId, limit: 5 }))).toEqual([first]);
    expect(await inTenant((tx) => tx.actions.list({ states: ['Kept'], limit: 5 }))).toEqual([]);
  });

  it('moves under its version and state only, with the transition in the same statement', async () => {
    const action = await create();
    const inverse = { drop: 'x' };
    expect(await inTenant((tx) => tx.actions.transition(action, 'Scheduled', event, { inverse }))).toBe(true);
    expect(await inTenant((tx) => tx.actions.transition(action, 'Rejected', event))).toBe(false);
    const scheduled = (await inTenant((tx) => tx.actions.get(action.id)))!;
    expect(scheduled).toMatchObject({ state: 'Scheduled', version: 2, inverse });
    expect(await inTenant((tx) => tx.actions.saveProgress(scheduled, { block: 7 }))).toBe(true);
    expect(await inTenant((tx) => tx.actions.saveProgress(scheduled, { block: 8 }))).toBe(false);
    const appliedAt = new Date('2026-11-01T01:02:03.456Z');
    const effect = { estimate: 0.8, low: 0.7, high: 0.9, unit: 'ratio' };
    const patch = {
      appliedAt,
      effect,
      pairs: 12,
      approvedBy: ['ada'],
      progress: { block: 9 },
      verdict: 'Kept' as const,
    };
    expect(
      await inTenant((tx) => tx.actions.transition({ ...scheduled, version: 3 }, 'Applying', event, patch)),
    ).toBe(true);
    expect(await inTenant((tx) => tx.actions.get(action.id))).toMatchObject({
      ...patch,
      version: 4,
      state: 'Applying',
    });
    const steps = await inTenant((tx) => tx.actions.transitions(action.id));
    expect(steps.map((s) => [s.seq, s.fromState, s.toState, s.event, s.by, s.traceId])).toEqual([
      [1, 'Proposed', 'Scheduled', 'apply', 'act', 'trace'],
      [2, 'Scheduled', 'Applying', 'apply', 'act', 'trace'],
    ]);
    expect(steps[0].at).toBeInstanceOf(Date);
  });
}

function outcomeLaws(inTenant: InTenant): void {
  const create = creator(inTenant);

  it('refuses to apply what has no inverse', async () => {
    const action = await create();
    await expect(inTenant((tx) => tx.actions.transition(action, 'Applying', event))).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect(await inTenant((tx) => tx.actions.transitions(action.id))).toEqual([]);
  });

  it('lets one of many writers move an action', async () => {
    const action = await create();
    const moved = await Promise.all(
      Array.from({ length: 8 }, () => inTenant((tx) => tx.actions.transition(action, 'Gated', event))),
    );
    expect(moved.filter(Boolean)).toHaveLength(1);
    expect(await inTenant((tx) => tx.actions.transitions(action.id))).toHaveLength(1);
  });

  it('tells the newest outcome of each target and how often it was reverted', async () => {
    const target = `index-${newId()}`;
    const conclude = async (n: number, state: ActionRow['state'], fingerprint: string) => {
      const action = await create({ target, fingerprint, inverse: { none: true } });
      const concludedAt = new Date(Date.UTC(2026, 10, 1, n));
      await inTenant((tx) => tx.actions.transition(action, state, event, { concludedAt }));
    };
    await conclude(1, 'RevertedNoBenefit', 'f1');
    await conclude(2, 'Inconclusive', 'f2');
    await conclude(3, 'Kept', 'f3');
    const settled = (await inTenant((tx) => tx.actions.settledTargets())).filter((s) => s.target === target);
    expect(settled).toEqual([
      {
        type: 'IndexOptimization',
        target,
        state: 'Kept',
        concludedAt: new Date(Date.UTC(2026, 10, 1, 3)),
        fingerprint: 'f3',
        reverts: 2,
      },
    ]);
  });
}

function evidenceLaws(inTenant: InTenant): void {
  it('adds a pair once, however often its block is delivered', async () => {
    const action = await inTenant(async (tx) => {
      const { cycleId, hypothesisId } = await openCycle(tx);
      return tx.actions.create(actionOf(cycleId, hypothesisId));
    });
    const pair = (pairNo: number, kind: 'AA' | 'AB'): EvidencePairRow => ({
      actionId: action.id,
      pairNo,
      kind,
      control: [1.5, 2, 0.05],
      treated: [1],
      errorsControl: 0,
      errorsTreated: 1,
      countControl: 3,
      countTreated: 1,
      order: 'mixed',
      measuredAt: new Date('2026-11-01T00:00:00.007Z'),
    });
    expect(
      await inTenant((tx) => tx.actions.addEvidence([pair(1, 'AB'), pair(0, 'AB'), pair(0, 'AA')])),
    ).toBe(3);
    expect(await inTenant((tx) => tx.actions.addEvidence([pair(0, 'AB'), pair(2, 'AB')]))).toBe(1);
    expect(await inTenant((tx) => tx.actions.addEvidence([]))).toBe(0);
    expect(await inTenant((tx) => tx.actions.evidence(action.id))).toEqual([
      pair(0, 'AA'),
      pair(0, 'AB'),
      pair(1, 'AB'),
      pair(2, 'AB'),
    ]);
  });
}

function learningLaws(inTenant: InTenant, contract: Contract): void {
  it('saves a belief under its version', async () => {
    const key = `IndexOptimization|btree|${newId()}`;
    const save = (patch: Parameters<typeof beliefOf>[1]) =>
      inTenant((tx) => tx.beliefs.save(beliefOf(key, patch)));
    const saved = await Promise.all([1, 2, 3].map(() => save({})));
    expect(saved.filter(Boolean)).toHaveLength(1);
    expect(await save({ kind: 'type' })).toBe(true);
    expect(await save({ version: 1, trials: 4, lastTriedCycle: 7 })).toBe(true);
    expect(await save({ version: 1, trials: 5 })).toBe(false);
    const all = (await inTenant((tx) => tx.beliefs.all())).filter((b) => b.key === key);
    expect(all).toEqual([
      beliefOf(key, { version: 2, trials: 4, lastTriedCycle: 7 }),
      beliefOf(key, { version: 1, kind: 'type' }),
    ]);
  });

  it('keeps the history of improvements', async () => {
    const action = await inTenant(async (tx) => {
      const { cycleId, hypothesisId } = await openCycle(tx);
      return tx.actions.create(actionOf(cycleId, hypothesisId));
    });
    const row = {
      id: newId(),
      actionId: action.id,
      cycleId: action.cycleId,
      verdict: 'Kept' as const,
      netGainSeconds: 3.5,
      successScore: 0.75,
      document: { why: sha256('x').toString('hex') },
    };
    await inTenant((tx) => tx.history.add(row));
    await inTenant((tx) =>
      tx.history.addMetric({
        cycleId: action.cycleId,
        name: 'brier',
        value: 0.2,
        low: null,
        high: 0.3,
        label: 'b',
      }),
    );
    const [latest] = await inTenant((tx) => tx.history.latest(1));
    expect(latest).toEqual({ ...row, at: expect.any(Date) });
  });

  it('sums the net gain: each action by its newest row, gains of what is kept and costs of all', async () => {
    const tenant = await contract().store.withSystem('contract', (tx) =>
      tx.tenants.ensure(`gain-${newId()}`),
    );
    const within = <T>(work: (tx: TenantTransaction) => Promise<T>) => inTenant(work, tenant.id);
    expect(await within((tx) => tx.history.netGain())).toEqual({ secondsPerHour: 0, actions: 0 });
    const tried = async (kept: boolean, ...gains: number[]) => {
      const action = await within(async (tx) => {
        const { cycleId, hypothesisId } = await openCycle(tx);
        const state = kept ? 'Kept' : 'RevertedByOperator';
        return tx.actions.create({ ...actionOf(cycleId, hypothesisId), state, inverse: { drop: 'index' } });
      });
      const of = { actionId: action.id, cycleId: action.cycleId, verdict: 'Kept' as const };
      for (const netGainSeconds of gains) {
        const row = { ...of, id: newId(), netGainSeconds, successScore: 0.5, document: {} };
        await within((tx) => tx.history.add(row));
      }
    };
    await tried(true, 100, 7.5);
    await tried(true, -0.5);
    await tried(false, 40);
    await tried(false, -2);
    expect(await within((tx) => tx.history.netGain())).toEqual({ secondsPerHour: 5, actions: 4 });
  });
}
