import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { inputHashOf } from '@hartonomous/retrieval';
import { advanceAction } from '../advance-action.js';
import {
  candidateOf,
  dispatchDue,
  envelope,
  ingestParagraphs,
  reread,
  started,
  startRig,
  type Rig,
} from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

describe('re-scoring', () => {
  it('measures a kept action again, beside the rows of its verdict', async () => {
    const tenantId = await rig.tenant();
    const queries = await ingestParagraphs(rig, tenantId, 6);
    const [action] = await started(rig, tenantId, [candidateOf('Placebo')]);
    const captured = queries.map((query) => ({ query, limit: 10 }));
    expect(inputHashOf(captured[0]!)).toMatch(/^[0-9a-f]{64}$/);
    const due = (blockNo: number) =>
      envelope('loop.evidence.block.due', tenantId, {
        cycleId: action!.cycleId,
        actionId: action!.id,
        blockNo,
      });
    await rig.store.withTenant(tenantId, async (tx) => {
      const why = { name: 'test', reason: 'test', by: 'test', traceId: null };
      const patch = { progress: { captured }, verdict: 'Kept' as const, concludedAt: new Date() };
      await tx.actions.transition(action!, 'Kept', why, patch);
      const ms = Array.from({ length: 20 }, () => 10);
      await tx.actions.addEvidence(
        (['AA', 'AB'] as const).flatMap((kind) =>
          Array.from({ length: 10 }, (_, pairNo) => ({
            actionId: action!.id,
            pairNo,
            kind,
            control: ms,
            treated: ms,
            errorsControl: 0,
            errorsTreated: 0,
            countControl: 20,
            countTreated: 20,
            order: 'mixed' as const,
            measuredAt: new Date(),
          })),
        ),
      );
    });
    // A straggler of the first measurement changes nothing.
    await advanceAction(rig.deps, due(12));
    const before = await rig.store.withTenant(tenantId, (tx) => tx.actions.evidence(action!.id));
    expect(before).toHaveLength(20);
    await advanceAction(rig.deps, due(1_000));
    const rows = await rig.store.withTenant(tenantId, (tx) => tx.actions.evidence(action!.id));
    const added = rows.slice(20);
    expect(added.length).toBeGreaterThan(0);
    expect(added.every((r) => r.kind === 'AB' && r.pairNo >= 1_000)).toBe(true);
    expect(added[0]!.pairNo).toBe(1_000);
    expect((await reread(rig, tenantId, action!.id)).state).toBe('Kept');
    await dispatchDue(rig, tenantId);
  });

  it('says that an action which cannot be measured any more is over', async () => {
    const tenantId = await rig.tenant();
    const definition = { name: `earned_gone_${newId().slice(0, 8)}`, table: 'session', columns: ['outcome'] };
    const [action] = await started(rig, tenantId, [
      candidateOf('IndexOptimization', { parameters: { operation: 'drop', definition } }),
    ]);
    await rig.store.withTenant(tenantId, async (tx) => {
      const why = { name: 'test', reason: 'test', by: 'test', traceId: null };
      await tx.actions.transition(action!, 'Kept', why, { verdict: 'Kept', concludedAt: new Date() });
    });
    const refs = { cycleId: action!.cycleId, actionId: action!.id, blockNo: 2_000 };
    await advanceAction(rig.deps, envelope('loop.evidence.block.due', tenantId, refs));
    const written = await rig.store.withSystem('test', (tx) => tx.plumbing.claimOutbox(500, 0, 1));
    const concluded = written.filter((r) => r.tenantId === tenantId && r.name === 'loop.action.concluded');
    expect(concluded).toHaveLength(1);
  });
});
