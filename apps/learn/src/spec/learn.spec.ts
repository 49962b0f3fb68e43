import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handleOnce } from '@hartonomous/bus';
import { newId, planHash, type Candidate, type Envelope, type Verdict } from '@hartonomous/contracts';
import { isHeldOut } from '@hartonomous/loop';
import { createLogger, KillSwitch, type Bus, type ServiceConfig } from '@hartonomous/service-kit';
import type { ActionRow, EvidencePairRow, OutboxRow } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, FakeClock, patientClock, removeTestFolder } from '@hartonomous/testing';
import { holdOutBenefit } from '../hold-out.js';
import { LearnHandler } from '../learn.handler.js';
import { requestRescores } from '../rescoring.js';
import { scoreAction } from '../score-action.js';

const hourMs = 3_600_000;

let test: TestStore;
let home: string;
let handler: LearnHandler;
beforeAll(async () => {
  test = await openTestStore();
  home = createTestFolder();
  const { store } = test;
  const bus = {
    once: (message: Envelope, work: never) => handleOnce({ store, service: 'learn' }, message, work),
  } as unknown as Bus;
  const killSwitch = new KillSwitch({ store, clock: patientClock(), home, forced: false });
  const log = createLogger({ service: 'learn', instance: 'test', level: 'silent' });
  handler = new LearnHandler(store, bus, { loopScale: 1 } as ServiceConfig, killSwitch, log);
});
afterAll(async () => {
  await test?.close();
  removeTestFolder(home);
});

const tenant = async (): Promise<string> =>
  (await test.store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`))).id;

const candidate: Candidate = {
  type: 'IndexOptimization',
  target: 'atom_term(tenant_id, term)',
  targetClass: 'index',
  design: 'replay',
  actionClass: 'B',
  blastRadius: 'one table',
  undoTime: 'a minute',
  parameters: {},
  reason: 'test',
  evidence: { findingKinds: [], rowIds: [] },
  expected: { metric: 'latency', direction: 'lower', size: -0.2, low: -0.4, high: -0.1 },
  exposure: { requestsPerHour: 3_600, meanSeconds: 0.1 },
  costSeconds: 1,
  risk: 'none',
  inverse: { kind: 'drop-index' },
};

/** Pairs whose treated arm takes `ratio` of the control's 100 ms, a little noise included. */
function pairsOf(actionId: string, ratio: number, count: number, from = 0): EvidencePairRow[] {
  const row = (kind: 'AA' | 'AB', pairNo: number, factor: number): EvidencePairRow => {
    const ms = (f: number) => Array.from({ length: 20 }, (_, i) => f * 100 * (1 + ((pairNo + i) % 7) / 200));
    return {
      actionId,
      pairNo,
      kind,
      control: ms(1),
      treated: ms(factor),
      errorsControl: 0,
      errorsTreated: 0,
      countControl: 20,
      countTreated: 20,
      order: 'mixed',
      measuredAt: new Date(),
    };
  };
  const aa = Array.from({ length: 10 }, (_, i) => row('AA', i, 1));
  const ab = Array.from({ length: count }, (_, i) => row('AB', from + i, ratio));
  return from === 0 ? [...aa, ...ab] : ab;
}

async function concluded(tenantId: string, verdict: Verdict & ActionRow['state'], ratio: number) {
  return test.store.withTenant(tenantId, async (tx) => {
    const { cycle } = await tx.cycles.request({
      id: newId(),
      scope: 'full',
      requestedBy: 'test',
      dueAt: new Date(),
    });
    await tx.cycles.advance(cycle.id, 0, 'Requested', 'Observed');
    await tx.cycles.advance(cycle.id, 1, 'Observed', 'Decided');
    await tx.cycles.advance(cycle.id, 2, 'Decided', 'Acting');
    const hypothesis = {
      id: newId(),
      cycleId: cycle.id,
      candidate,
      planHash: planHash(candidate),
      value: 1,
      selectionProbability: 1,
      chosen: true,
    };
    await tx.cycles.addHypotheses([hypothesis]);
    const { type, target, targetClass, design, actionClass, parameters, reason, expected, exposure } =
      candidate;
    const action = await tx.actions.create({
      id: newId(),
      cycleId: cycle.id,
      hypothesisId: hypothesis.id,
      type,
      target,
      targetClass,
      design,
      actionClass,
      state: 'Proposed',
      planHash: hypothesis.planHash,
      parameters,
      inverse: { kind: 'drop-index' },
      snapshotHash: null,
      progress: {},
      fingerprint: null,
      reason,
      expected,
      exposure,
      traceId: null,
      expiresAt: null,
    });
    await tx.actions.addEvidence(pairsOf(action.id, ratio, 24));
    const why = { name: 'test', reason: 'test', by: 'test', traceId: null };
    const effect = { estimate: ratio, low: ratio * 0.9, high: ratio * 1.1, unit: 'ratio' };
    const at = new Date();
    await tx.actions.transition(action, verdict, why, {
      verdict,
      effect,
      pairs: 24,
      appliedAt: at,
      concludedAt: at,
    });
    return (await tx.actions.get(action.id))!;
  });
}

const message = (tenantId: string, action: ActionRow): Envelope<'loop.action.concluded'> => ({
  v: 1,
  messageId: newId(),
  name: 'loop.action.concluded',
  tenantId,
  epoch: 3,
  refs: { cycleId: action.cycleId, actionId: action.id, verdict: action.verdict },
});

const outboxOf = async (tenantId: string): Promise<OutboxRow[]> =>
  (await test.store.withSystem('test', (tx) => tx.plumbing.claimOutbox(500, 0, 1))).filter(
    (row) => row.tenantId === tenantId,
  );

describe('learn', () => {
  it('learns a kept action once: belief, history, forecast, calibration; and closes its cycle', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 0.6);
    const first = message(tenantId, action);
    await handler.onConcluded(first);
    await handler.onConcluded(first);
    const read = await test.store.withTenant(tenantId, async (tx) => ({
      history: await tx.history.latest(10),
      beliefs: await tx.beliefs.all(),
      brier: await tx.analysis.metrics('calibration.brier', 5),
      cycle: await tx.cycles.get(action.cycleId),
      audit: (await tx.audit.latest(20)).map((row) => row.what),
    }));
    expect(read.history).toHaveLength(1);
    // 34 % proven of 360 s an hour, less the replays.
    expect(read.history[0]!.netGainSeconds).toBeGreaterThan(100);
    expect(read.history[0]!.successScore).toBe(1);
    expect(read.beliefs.map((b) => [b.kind, b.trials])).toEqual(
      expect.arrayContaining([
        ['arm', 1],
        ['type', 1],
      ]),
    );
    // Cold start: a third, so (1/3 - 1)^2.
    expect(read.brier[0]!.value).toBeCloseTo(4 / 9, 5);
    expect(read.cycle).toMatchObject({ state: 'Learned' });
    expect(read.audit).not.toContain('alarm.verdict-differs');
    const next = (await test.store.withTenant(tenantId, (tx) => tx.cycles.latest(1)))[0]!;
    const minutes = (next.dueAt.getTime() - Date.now()) / 60_000;
    expect(next.state).toBe('Requested');
    expect(minutes).toBeGreaterThan(4);
    expect(minutes).toBeLessThanOrEqual(60.1);
  });

  it('raises an alarm when the rows do not lead to the stored verdict', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 1.5);
    await handler.onConcluded(message(tenantId, action));
    const audit = await test.store.withTenant(tenantId, (tx) => tx.audit.latest(20));
    expect(audit.map((row) => row.what)).toContain('alarm.verdict-differs');
  });

  it('scores harm below one half and counts its cost', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'RevertedHarm', 1.5);
    const rows = await test.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    const scored = scoreAction(action, rows);
    expect(scored.agrees).toBe(true);
    expect(scored.successScore).toBeLessThan(0.5);
    expect(scored.netGain.net).toBeLessThan(0);
  });
});

describe('re-scoring', () => {
  /** What Act brings back: pairs of the n-th round, then the message that they are in. */
  const remeasured = async (tenantId: string, action: ActionRow, round: number, ratio: number) => {
    await test.store.withTenant(tenantId, (tx) =>
      tx.actions.addEvidence(pairsOf(action.id, ratio, 60, round * 1_000)),
    );
    await handler.onConcluded(message(tenantId, action));
  };

  it('comes due at 24 h and 7 d, holds what still gains and un-keeps what has decayed', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 0.6);
    await handler.onConcluded(message(tenantId, action));
    await outboxOf(tenantId);
    const clock = new FakeClock(action.concludedAt!.getTime());
    const due = () => requestRescores(test.store, tenantId, clock.now(), 1);
    await clock.advance(23 * hourMs);
    expect(await due()).toBe(0);
    await clock.advance(hourMs);
    expect(await due()).toBe(1);
    expect(await due()).toBe(0);
    const asked = (await outboxOf(tenantId)).filter((row) => row.name === 'loop.evidence.block.due');
    expect(asked.at(-1)!.refs).toMatchObject({ actionId: action.id, blockNo: 1_000 });
    await remeasured(tenantId, action, 1, 0.6);
    const held = await test.store.withTenant(tenantId, (tx) => tx.history.latest(1));
    expect(held[0]!.document).toMatchObject({ rescoredAfterHours: 24, decision: 'hold' });

    await clock.advance(144 * hourMs);
    expect(await due()).toBe(1);
    await remeasured(tenantId, action, 2, 1);
    const [last] = await test.store.withTenant(tenantId, (tx) => tx.history.latest(1));
    expect(last!.document).toMatchObject({ rescoredAfterHours: 168, decision: 'unkeep' });
    expect(last!.netGainSeconds).toBe(0);
    const unkeep = (await outboxOf(tenantId)).filter((row) => row.name === 'loop.action.unkeep.requested');
    expect(unkeep).toHaveLength(1);
    // The rows of re-scorings leave the first verdict as it was.
    const rows = await test.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    expect(scoreAction(action, rows)).toMatchObject({ agrees: true, fromRows: 'Kept' });
  });
});

describe('hold-out', () => {
  it('compares held-out keys with the others, with an interval; none while a side is small', () => {
    const keys = Array.from({ length: 400 }, (_, i) => {
      const inputHash = `key${i}`;
      const ms = (isHeldOut('t', inputHash) ? 100 : 50) * (1 + (i % 10) / 50);
      return { inputHash, input: { query: 'q', limit: 10 }, count: 5, meanMs: ms, cacheHits: 0 };
    });
    const benefit = holdOutBenefit(keys, 't')!;
    expect(benefit.ratio).toBeCloseTo(0.5, 1);
    expect(benefit.low).toBeLessThan(benefit.ratio);
    expect(benefit.high).toBeLessThan(1);
    expect(benefit.heldOutKeys).toBeGreaterThanOrEqual(5);
    expect(holdOutBenefit(keys.slice(0, 4), 't')).toBeNull();
  });
});
