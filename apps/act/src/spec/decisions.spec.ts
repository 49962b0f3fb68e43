import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ActionRow } from '@hartonomous/store';
import { advanceAction } from '../advance-action.js';
import { decideAction } from '../decide-action.js';
import { startActions } from '../start-actions.js';
import { candidateOf, decided, envelope, pump, reread, started, startRig, type Rig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const setMode = (tenantId: string, type: string, mode: string) =>
  rig.store.withTenant(tenantId, (tx) => tx.settings.set(`mode.${type}`, mode, 'test'));

async function awaiting(tenantId: string, candidate = candidateOf('Placebo')): Promise<ActionRow> {
  await setMode(tenantId, candidate.type, 'Approve');
  const [action] = await started(rig, tenantId, [candidate]);
  expect(action).toMatchObject({ state: 'AwaitingApproval', approvedBy: [] });
  return action!;
}

const vote = (tenantId: string, action: ActionRow, decision: 'approve' | 'reject' | 'revert', by = newId()) =>
  envelope('loop.action.decided', tenantId, {
    cycleId: action.cycleId,
    actionId: action.id,
    decision,
    principalId: by,
  });

const due = (tenantId: string, action: ActionRow) =>
  envelope('loop.evidence.block.due', tenantId, { cycleId: action.cycleId, actionId: action.id, blockNo: 0 });

const auditOf = async (tenantId: string, subject: string) =>
  (await rig.store.withTenant(tenantId, (tx) => tx.audit.latest(50)))
    .filter((row) => row.subject === subject)
    .map((row) => row.what);

const definition = (column: string) => ({
  name: `earned_session_${column}_${newId().slice(0, 8).replaceAll('-', '')}`,
  table: 'session',
  columns: [column],
});

describe('approvals', () => {
  it('executes what was approved', async () => {
    const tenantId = await rig.tenant();
    const action = await awaiting(tenantId);
    await decideAction(rig.deps, vote(tenantId, action, 'approve'));
    expect((await reread(rig, tenantId, action.id)).state).toBe('Scheduled');
    await advanceAction(rig.deps, due(tenantId, action));
    const applied = await reread(rig, tenantId, action.id);
    expect(applied).toMatchObject({ state: 'Verifying' });
    expect(applied.approvedBy).toHaveLength(1);
    expect(applied.appliedAt).toBeInstanceOf(Date);
  });

  it('lets one of two racing approvals win and tells the other', async () => {
    const tenantId = await rig.tenant();
    const action = await awaiting(tenantId);
    const votes = [vote(tenantId, action, 'approve'), vote(tenantId, action, 'approve')];
    const raced = await Promise.allSettled(votes.map((v) => decideAction(rig.deps, v)));
    // The bus delivers again what lost the race.
    for (const [i, result] of raced.entries()) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'STATE_STALE', retryable: true });
        await decideAction(rig.deps, votes[i]!);
      }
    }
    const approved = await reread(rig, tenantId, action.id);
    expect(approved).toMatchObject({ state: 'Scheduled' });
    expect(approved.approvedBy).toHaveLength(1);
    const told = await auditOf(tenantId, action.id);
    expect(told.filter((what) => what === 'action.approve')).toHaveLength(1);
    expect(told.filter((what) => what === 'action.approve.refused')).toHaveLength(1);
    const steps = await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(action.id));
    expect(steps.filter((s) => s.event === 'approve')).toHaveLength(1);
  });

  it('refuses the proposer, and needs two principals for class D', async () => {
    const tenantId = await rig.tenant();
    const action = await awaiting(tenantId, candidateOf('Placebo', { actionClass: 'D' }));
    const proposer = newId();
    const progress = { ...action.progress, proposedBy: proposer };
    await rig.store.withTenant(tenantId, (tx) => tx.actions.saveProgress(action, progress));
    await decideAction(rig.deps, vote(tenantId, action, 'approve', proposer));
    expect((await reread(rig, tenantId, action.id)).approvedBy).toEqual([]);
    const [first, second] = [newId(), newId()];
    await decideAction(rig.deps, vote(tenantId, action, 'approve', first));
    await decideAction(rig.deps, vote(tenantId, action, 'approve', first));
    expect(await reread(rig, tenantId, action.id)).toMatchObject({
      state: 'AwaitingApproval',
      approvedBy: [first],
    });
    await decideAction(rig.deps, vote(tenantId, action, 'approve', second));
    expect(await reread(rig, tenantId, action.id)).toMatchObject({
      state: 'Scheduled',
      approvedBy: [first, second],
    });
  });

  it('asks again when the target has changed since', async () => {
    const tenantId = await rig.tenant();
    const plan = definition('started_at');
    const action = await awaiting(
      tenantId,
      candidateOf('IndexOptimization', { parameters: { definition: plan } }),
    );
    await decideAction(rig.deps, vote(tenantId, action, 'approve'));
    const other = definition('outcome');
    await rig.store.maintenance.createIndex(other, { lockTimeoutMs: 60_000 });
    try {
      await advanceAction(rig.deps, due(tenantId, action));
      const asked = await reread(rig, tenantId, action.id);
      expect(asked).toMatchObject({ state: 'AwaitingApproval', approvedBy: [], appliedAt: null });
      expect(asked.snapshotHash).not.toBe(action.snapshotHash);
      expect(await auditOf(tenantId, action.id)).toContain('action.asked-again');
      expect((await rig.store.maintenance.indexes()).map((i) => i.name)).not.toContain(plan.name);
    } finally {
      await rig.store.maintenance.dropIndex(other.name, { lockTimeoutMs: 60_000 });
    }
  });

  it('expires what nobody decided, and an approval that comes too late', async () => {
    const hours = 24 * 3_600_000;
    const [early, late] = [await rig.tenant(), await rig.tenant()];
    const fast = { ...rig, deps: { ...rig.deps, scale: hours / 20 } };
    for (const tenantId of [early, late]) await setMode(tenantId, 'Placebo', 'Approve');
    const [unseen] = await started(fast, early, [candidateOf('Placebo')]);
    const [missed] = await started(fast, late, [candidateOf('Placebo')]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    await decideAction(fast.deps, vote(late, missed!, 'approve'));
    expect((await reread(rig, late, missed!.id)).state).toBe('Expired');
    expect((await pump(fast, early, unseen!.id)).state).toBe('Expired');
  });
});

describe('limits and modes', () => {
  it('verifies one action a scope at a time', async () => {
    const tenantId = await rig.tenant();
    const candidates = ['started_at', 'outcome'].map((column) =>
      candidateOf('IndexOptimization', { parameters: { definition: definition(column) } }),
    );
    const actions = await started(rig, tenantId, candidates);
    expect(actions.map((a) => a.state).sort()).toEqual(['Gated', 'Scheduled']);
    const [gated] = actions.filter((a) => a.state === 'Gated');
    const [step] = await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(gated!.id));
    expect(step!.reason).toMatch(/^scope-locked/);
  });

  it('takes no more actions an hour than the limit', async () => {
    const tenantId = await rig.tenant();
    const slow = { ...rig, deps: { ...rig.deps, scale: 1 } };
    const actions = await started(
      slow,
      tenantId,
      Array.from({ length: 12 }, () => candidateOf('Placebo')),
    );
    for (const action of actions) await advanceAction(slow.deps, due(tenantId, action));
    await rig.store.withTenant(tenantId, async (tx) => {
      const [cycle] = await tx.cycles.latest(1);
      await tx.cycles.advance(cycle!.id, cycle!.epoch, 'Acting', 'Learned');
    });
    const [thirteenth] = await started(slow, tenantId, [candidateOf('Placebo')]);
    expect(thirteenth!.state).toBe('Gated');
  });

  it('takes Auto back after two harm reverts, and says why', async () => {
    const tenantId = await rig.tenant();
    const [a, b] = await started(rig, tenantId, [candidateOf('Placebo'), candidateOf('Placebo')]);
    const why = { name: 'test', reason: 'test', by: 'test', traceId: null };
    await rig.store.withTenant(tenantId, async (tx) => {
      for (const action of [a!, b!]) {
        const patch = { verdict: 'RevertedHarm' as const, concludedAt: new Date() };
        await tx.actions.transition(action, 'RevertedHarm', why, patch);
      }
      const [cycle] = await tx.cycles.latest(1);
      await tx.cycles.advance(cycle!.id, cycle!.epoch, 'Acting', 'Learned');
    });
    const [next] = await started(rig, tenantId, [candidateOf('Placebo')]);
    expect(next!.state).toBe('AwaitingApproval');
    const steps = await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(next!.id));
    expect(steps.at(-1)!.reason).toContain('2 harm reverts in the last 2 runs: 0 of 29');
  });
});

describe('messages', () => {
  it('have their effect once', async () => {
    const tenantId = await rig.tenant();
    const message = await decided(rig, tenantId, [candidateOf('Placebo')]);
    await startActions(rig.deps, message);
    await startActions(rig.deps, message);
    const { cycleId } = message.refs;
    const actions = await rig.store.withTenant(tenantId, (tx) => tx.actions.list({ cycleId, limit: 9 }));
    expect(actions).toHaveLength(1);
    const stale = { ...message, messageId: newId() };
    await startActions(rig.deps, stale);
    expect(await rig.store.withTenant(tenantId, (tx) => tx.actions.list({ cycleId, limit: 9 }))).toHaveLength(
      1,
    );
    const first = due(tenantId, actions[0]!);
    await advanceAction(rig.deps, first);
    const verifying = await reread(rig, tenantId, actions[0]!.id);
    await advanceAction(rig.deps, first);
    expect(await reread(rig, tenantId, actions[0]!.id)).toMatchObject({ state: verifying.state });
  });

  it('change nothing once the action has ended', async () => {
    const tenantId = await rig.tenant();
    const action = await awaiting(tenantId);
    await decideAction(rig.deps, vote(tenantId, action, 'reject'));
    await advanceAction(rig.deps, due(tenantId, action));
    await decideAction(rig.deps, vote(tenantId, action, 'revert'));
    expect((await reread(rig, tenantId, action.id)).state).toBe('Rejected');
    expect(await auditOf(tenantId, action.id)).toContain('action.revert.refused');
  });
});
