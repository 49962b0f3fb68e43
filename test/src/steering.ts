import { hypothesisTypes, type HypothesisType } from '@hartonomous/contracts';
import type { ActionDetail, ActionDocument } from './loop-documents.js';
import type { RunningSystem } from './running-system.js';
import { pause } from './traffic.js';

/** Each safe type has its turn within 50 cycles, whatever is believed of it. */
const cyclesMax = 60;
const cycleMs = 120_000;
const verdictMs = 700_000;

/** Only this type may act, and only when a person says so: one cause is looked at at a time. */
export async function onlyType(system: RunningSystem, type: HypothesisType): Promise<void> {
  for (const other of hypothesisTypes) {
    await system.send('PUT', `/v1/modes/${other}`, { mode: other === type ? 'Approve' : 'Off' });
  }
}

/** Asks for a cycle and waits until it, or the one that was open, has ended. */
export async function oneCycle(system: RunningSystem): Promise<void> {
  const { cycle } = await system.send<{ cycle: { id: string } }>('POST', '/v1/loop/cycles', {
    scope: 'incremental',
  });
  await system.until(
    'end of a cycle',
    async () => {
      const { state } = await system.get<{ state: string }>(`/v1/cycles/${cycle.id}`);
      // A cycle whose action is measured goes on: what there is to wait for is the action.
      return ['Acting', 'Learned', 'Failed'].includes(state) ? state : null;
    },
    cycleMs,
  );
}

/** The first new action of this type on this target that waits for a person; others of the type are refused. */
export async function proposal(
  system: RunningSystem,
  type: HypothesisType,
  target: RegExp,
  between: () => Promise<void>,
): Promise<ActionDetail> {
  for (let cycle = 0; cycle < cyclesMax; cycle++) {
    await oneCycle(system);
    await pause(500);
    const { items } = await system.get<{ items: ActionDocument[] }>(
      `/v1/actions?type=${type}&state=AwaitingApproval`,
    );
    for (const { id } of items) {
      const action = await system.get<ActionDetail>(`/v1/actions/${id}`);
      if (target.test(action.target)) return action;
      await decide(system, action, 'reject');
    }
    await between();
  }
  throw new Error(`no proposal ${type} of ${target} in ${cyclesMax} cycles`);
}

export const decide = (
  system: RunningSystem,
  { id, planHash }: Pick<ActionDetail, 'id' | 'planHash'>,
  decision: 'approve' | 'reject' | 'revert',
  as: 'admin' | 'approver' = 'approver',
): Promise<unknown> => {
  const body = decision === 'approve' ? { decision, planHash } : { decision };
  return system.send('POST', `/v1/actions/${id}/decisions`, body, as);
};

/** The action once it is in one of these states, with its evidence. */
export const reached = (
  system: RunningSystem,
  { id }: Pick<ActionDetail, 'id'>,
  states: readonly ActionDetail['state'][],
  timeoutMs = verdictMs,
): Promise<ActionDetail> =>
  system.until(
    `action ${id} in ${states.join(' or ')}`,
    async () => {
      const action = await system.get<ActionDetail>(`/v1/actions/${id}`);
      return states.includes(action.state) ? action : null;
    },
    timeoutMs,
  );

const ends: readonly ActionDetail['state'][] = [
  'Gated',
  'Rejected',
  'Expired',
  'Kept',
  'RevertedHarm',
  'RevertedNoBenefit',
  'Inconclusive',
  'RevertedByOperator',
  'FailedToApply',
  'FailedToRevert',
];

/** The action with its verdict, told on the console of the test. */
export async function concluded(
  system: RunningSystem,
  action: Pick<ActionDetail, 'id'>,
): Promise<ActionDetail> {
  const end = await reached(system, action, ends);
  const { type, target, state, pairs, effect } = end;
  const reason = end.transitions.at(-1)?.reason ?? '';
  console.log(type, target, state, pairs, JSON.stringify(effect), reason);
  return end;
}
