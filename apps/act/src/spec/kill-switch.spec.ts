import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { codeOf, newId } from '@hartonomous/contracts';
import type { ActionRow } from '@hartonomous/store';
import type { ActDeps } from '../act-deps.js';
import { advanceAction } from '../advance-action.js';
import { decideAction, unkeepAction } from '../decide-action.js';
import { recordRequests } from './recorded-requests.js';
import { candidateOf, envelope, ingestParagraphs, reread, started, startRig, type Rig } from './rig.js';

const running = 50;
/** Steps under way at once, as in a service; the others' messages come after the switch. */
const atOnce = 4;

let rig: Rig;
let tenantId: string;
let actions: ActionRow[];
beforeAll(async () => {
  rig = await startRig();
  tenantId = await rig.tenant();
  await recordRequests(rig, tenantId, await ingestParagraphs(rig, tenantId, 6));
}, 240_000);
afterAll(() => rig?.close());

const due = (action: ActionRow, blockNo: number) =>
  envelope('loop.evidence.block.due', tenantId, { cycleId: action.cycleId, actionId: action.id, blockNo });

const vote = (action: ActionRow, decision: 'approve' | 'reject' | 'revert') =>
  envelope('loop.action.decided', tenantId, {
    cycleId: action.cycleId,
    actionId: action.id,
    decision,
    principalId: newId(),
  });

/** Throws or arms the switch, and waits until the service reads it so. */
async function flip(on: boolean): Promise<void> {
  await rig.store.withSystem('test', (tx) => tx.plumbing.setKillSwitch(on, 'test', 'test'));
  while ((await rig.killSwitch.isOn()) !== on) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Every row that an action may write. */
const written = () =>
  rig.store.withTenant(tenantId, async (tx) => {
    const rows = [];
    for (const { id } of actions) {
      rows.push(await tx.actions.get(id), await tx.actions.transitions(id), await tx.actions.evidence(id));
    }
    return rows;
  });

const codes = (results: PromiseSettledResult<void>[]): string[] => [
  ...new Set(results.map((r) => (r.status === 'rejected' ? codeOf(r.reason) : 'done'))),
];

describe('kill switch', () => {
  it(`freezes ${running} actions in the middle of their replays; nothing is written after it`, async () => {
    // Steps that would go on for an hour: each one is under way when the switch is thrown.
    let replaying = 0;
    let thrown = () => {};
    const switched = new Promise<void>((resolve) => (thrown = resolve));
    const deps: ActDeps = {
      ...rig.deps,
      scale: 1,
      stepMs: 3_600_000,
      answer: async (tx, request) => {
        // No step comes to its end before the switch is thrown, however long that takes.
        if (++replaying > 100) await switched;
        return rig.deps.answer(tx, request);
      },
    };
    const candidates = Array.from({ length: running }, () => candidateOf('Placebo'));
    actions = await started({ ...rig, deps }, tenantId, candidates);
    expect(actions.map((a) => a.state)).toEqual(candidates.map(() => 'Scheduled'));
    for (const action of actions) {
      await advanceAction(deps, due(action, 0));
      await advanceAction(deps, due(action, 1));
    }
    const before = await written();
    const states = before.flatMap((row) => (row && 'state' in row ? [row.state] : []));
    expect(states).toEqual(candidates.map(() => 'Verifying'));
    const midway = actions.slice(0, atOnce);
    const stopped = Promise.allSettled(midway.map((action) => advanceAction(deps, due(action, 2))));
    while (replaying < 100) await new Promise((resolve) => setTimeout(resolve, 20));
    await flip(true);
    thrown();
    expect(codes(await stopped)).toEqual(['KILL_SWITCH_ON']);
    for (const action of actions) {
      await expect(advanceAction(deps, due(action, 2))).rejects.toMatchObject({ code: 'KILL_SWITCH_ON' });
    }
    expect(await written()).toEqual(before);
  }, 240_000);

  it('lets a person revert and refuse, and nobody approve or un-keep', async () => {
    const [first, second] = actions;
    await expect(decideAction(rig.deps, vote(second!, 'approve'))).rejects.toMatchObject({
      code: 'KILL_SWITCH_ON',
    });
    const refs = { cycleId: second!.cycleId, actionId: second!.id, reason: 'gone' };
    const unkeep = envelope('loop.action.unkeep.requested', tenantId, refs);
    await expect(unkeepAction(rig.deps, unkeep)).rejects.toMatchObject({ code: 'KILL_SWITCH_ON' });
    await decideAction(rig.deps, vote(first!, 'revert'));
    await advanceAction(rig.deps, due(first!, 0));
    expect((await reread(rig, tenantId, first!.id)).state).toBe('RevertedByOperator');
  });

  it('lets the others go on where they were, once it is armed', async () => {
    await flip(false);
    const [, second] = actions;
    await advanceAction({ ...rig.deps, scale: 1, stepMs: 300 }, due(second!, 2));
    const evidence = await rig.store.withTenant(tenantId, (tx) => tx.actions.evidence(second!.id));
    expect(evidence.length).toBeGreaterThan(0);
    expect(evidence.map((row) => row.pairNo)).toEqual(evidence.map((_, i) => i));
    expect(await reread(rig, tenantId, second!.id)).toMatchObject({ state: 'Verifying' });
  });
});
