import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ForcedPlan, PlanMaintenance } from '@hartonomous/store';
import { advanceAction } from '../advance-action.js';
import { decideAction } from '../decide-action.js';
import { executors } from '../executors/registry.js';
import { recordRequests } from './recorded-requests.js';
import { candidateOf, envelope, ingestParagraphs, reread, started, startRig, type Rig } from './rig.js';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

/** Stands for Query Store, which no server here has: holds each statement to one plan at most, and keeps what is asked. */
class RecordedPlans implements PlanMaintenance {
  readonly asked: string[] = [];
  constructor(readonly held: ForcedPlan[] = []) {}

  regressions = async () => [];
  forced = async () => this.held.map((plan) => ({ ...plan }));

  async force(queryId: string, planId: string) {
    this.asked.push(`force ${queryId} ${planId}`);
    this.letGo(queryId);
    this.held.push({ queryId, planId });
    return { forced: true };
  }

  async unforce(queryId: string, planId: string) {
    this.asked.push(`unforce ${queryId} ${planId}`);
    this.letGo(queryId);
    return { forced: false };
  }

  private letGo(queryId: string): void {
    const others = this.held.filter((plan) => plan.queryId !== queryId);
    this.held.splice(0, this.held.length, ...others);
  }
}

/** The rig on its real store, whose plans are those. */
function over(plans: PlanMaintenance): Rig {
  const maintenance = { ...rig.store.maintenance, plans };
  const store = Object.assign(Object.create(rig.store) as typeof rig.store, { maintenance });
  return { ...rig, store: rig.store, deps: { ...rig.deps, store } };
}

const forcing = () =>
  candidateOf('QueryRegression', {
    parameters: { operation: 'force-plan', statementId: '7', planId: '3' },
  });

/** As if the other nine A/A pairs had been measured already. */
async function calibrated(tenantId: string, actionId: string): Promise<void> {
  await rig.store.withTenant(tenantId, async (tx) => {
    const [first] = await tx.actions.evidence(actionId);
    await tx.actions.addEvidence(Array.from({ length: 9 }, (_, i) => ({ ...first!, pairNo: i + 1 })));
  });
}

describe('plan forcing', () => {
  it('takes turns with the plan, holds to it between the blocks, and lets go of it when it is undone', async () => {
    const plans = new RecordedPlans([{ queryId: '9', planId: '1' }]);
    const on = over(plans);
    const tenantId = await rig.tenant();
    await recordRequests(rig, tenantId, await ingestParagraphs(rig, tenantId, 6));
    const [action] = await started(on, tenantId, [forcing()]);
    expect(action).toMatchObject({
      state: 'Scheduled',
      inverse: { kind: 'unforce-plan', statementId: '7', planId: '3', previous: null },
    });
    on.deps.stepMs = 0;
    const due = (blockNo: number) =>
      envelope('loop.evidence.block.due', tenantId, {
        cycleId: action!.cycleId,
        actionId: action!.id,
        blockNo,
      });
    // Applied, its requests captured, and one A/A pair: both of its arms are without the plan.
    for (const blockNo of [0, 1, 2]) await advanceAction(on.deps, due(blockNo));
    const one = ['unforce 7 3', 'unforce 7 3', 'force 7 3'];
    expect(plans.asked).toEqual(['force 7 3', ...one]);
    await calibrated(tenantId, action!.id);
    await advanceAction(on.deps, due(3));
    expect(plans.asked.slice(4).sort()).toEqual(['force 7 3', 'force 7 3', 'unforce 7 3']);
    expect(plans.held).toContainEqual({ queryId: '7', planId: '3' });
    const revert = { cycleId: action!.cycleId, actionId: action!.id, decision: 'revert' as const };
    await decideAction(
      on.deps,
      envelope('loop.action.decided', tenantId, { ...revert, principalId: newId() }),
    );
    await advanceAction(on.deps, due(4));
    expect((await reread(rig, tenantId, action!.id)).state).toBe('RevertedByOperator');
    expect(plans.held).toEqual([{ queryId: '9', planId: '1' }]);
  });

  it('goes back to the plan that the statement was held to before', async () => {
    const plans = new RecordedPlans([{ queryId: '7', planId: '2' }]);
    const { deps } = over(plans);
    const tenantId = await rig.tenant();
    const [action] = await started(over(plans), tenantId, [forcing()]);
    const executor = executors.QueryRegression!;
    await executor.apply(deps, tenantId, action!);
    await executor.apply(deps, tenantId, action!);
    expect(await executor.stateHash(deps, tenantId, action!)).not.toBe(action!.snapshotHash);
    await executor.beforeKeep!(deps, tenantId, action!);
    expect(plans.held).toEqual([{ queryId: '7', planId: '3' }]);
    await executor.revert(deps, tenantId, action!);
    await executor.revert(deps, tenantId, action!);
    expect(plans.held).toEqual([{ queryId: '7', planId: '2' }]);
    expect(await executor.stateHash(deps, tenantId, action!)).toBe(action!.snapshotHash);
  });

  it('is gated where the server has no Query Store, the plan is in force, or the plan is no number', async () => {
    const unavailable = () =>
      Promise.resolve({ unavailable: 'plans: Query Store is not on in this database' });
    const none = { regressions: unavailable, forced: unavailable, force: unavailable, unforce: unavailable };
    const there = new RecordedPlans([{ queryId: '7', planId: '3' }]);
    const named = candidateOf('QueryRegression', {
      parameters: { operation: 'force-plan', statementId: 'x', planId: '3' },
    });
    const cases = [
      [none, forcing(), /^unavailable: plans: Query Store is not on/],
      [there, forcing(), /^INPUT_INVALID: statement 7 is held to plan 3 already/],
      [there, named, /^INPUT_INVALID: plan to force/],
    ] as const;
    for (const [plans, candidate, reason] of cases) {
      const tenantId = await rig.tenant();
      const [action] = await started(over(plans), tenantId, [candidate]);
      expect(action!.state).toBe('Gated');
      const [step] = await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(action!.id));
      expect(step!.reason).toMatch(reason);
    }
    expect(there.asked).toEqual([]);
  });
});
