import { handleOnce } from '@hartonomous/bus';
import { newId, planHash, type Candidate, type Envelope, type Verdict } from '@hartonomous/contracts';
import { createLogger, KillSwitch, type Bus, type ServiceConfig } from '@hartonomous/service-kit';
import type { ActionRow, EvidencePairRow, OutboxRow } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, patientClock, removeTestFolder } from '@hartonomous/testing';
import { LearnHandler } from '../learn.handler.js';

/** Learn on a real store; what Act would have written is written by the test. */
export interface Rig {
  test: TestStore;
  handler: LearnHandler;
  tenant(): Promise<string>;
  /** A concluded action of a cycle that is acting, with ten A/A and 24 A/B pairs. */
  concluded(
    tenantId: string,
    verdict: Verdict & ActionRow['state'],
    ratio: number,
    patch?: Partial<Candidate>,
    progress?: Record<string, unknown>,
  ): Promise<ActionRow>;
  outboxOf(tenantId: string): Promise<OutboxRow[]>;
  /** What Act brings back: pairs of the n-th round, then the message that they are in. */
  remeasured(tenantId: string, action: ActionRow, round: number, ratio: number): Promise<void>;
  close(): Promise<void>;
}

export async function startRig(): Promise<Rig> {
  const test = await openTestStore();
  const home = createTestFolder();
  const { store } = test;
  const bus = {
    once: (message: Envelope, work: never) => handleOnce({ store, service: 'learn' }, message, work),
  } as unknown as Bus;
  const killSwitch = new KillSwitch({ store, clock: patientClock(), home, forced: false });
  const log = createLogger({ service: 'learn', instance: 'test', level: 'silent' });
  const handler = new LearnHandler(store, bus, { loopScale: 1 } as ServiceConfig, killSwitch, log);
  return {
    test,
    handler,
    tenant: async () => (await store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`))).id,
    concluded: (...conclusion) => concluded(test, ...conclusion),
    outboxOf: async (tenantId) =>
      (await store.withSystem('test', (tx) => tx.plumbing.claimOutbox(500, 0, 1))).filter(
        (row) => row.tenantId === tenantId,
      ),
    remeasured: async (tenantId, action, round, ratio) => {
      const rows = pairsOf(action.id, ratio, 60, round * 1_000);
      await store.withTenant(tenantId, (tx) => tx.actions.addEvidence(rows));
      await handler.onConcluded(message(tenantId, action));
    },
    close: async () => {
      await test.close();
      removeTestFolder(home);
    },
  };
}

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

async function concluded(
  test: TestStore,
  tenantId: string,
  verdict: Verdict & ActionRow['state'],
  ratio: number,
  patch: Partial<Candidate> = {},
  progress: Record<string, unknown> = {},
): Promise<ActionRow> {
  const tried = { ...candidate, ...patch };
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
      candidate: tried,
      planHash: planHash(tried),
      value: 1,
      selectionProbability: 1,
      chosen: true,
    };
    await tx.cycles.addHypotheses([hypothesis]);
    const { type, target, targetClass, design, actionClass, parameters, reason, expected, exposure } = tried;
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
      progress,
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

export const message = (tenantId: string, action: ActionRow): Envelope<'loop.action.concluded'> => ({
  v: 1,
  messageId: newId(),
  name: 'loop.action.concluded',
  tenantId,
  epoch: 3,
  refs: { cycleId: action.cycleId, actionId: action.id, verdict: action.verdict },
});
