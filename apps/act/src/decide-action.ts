import { HartoError, type Envelope } from '@hartonomous/contracts';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { publishConcluded, publishNextBlock, step } from './action-step.js';

type Decided = Envelope<'loop.action.decided'>;
type Unkeep = Envelope<'loop.action.unkeep.requested'>;

/** A person's decision, checked by the gateway against the plan hash and written here, where all transitions are. */
export async function decideAction(deps: ActDeps, message: Decided): Promise<void> {
  const { actionId, decision, principalId } = message.refs;
  await deps.once(message, async (tx) => {
    const action = await existing(tx, actionId);
    const why = { by: principalId, traceId: deps.traceId() };
    if (decision === 'approve') {
      if (action.expiresAt && action.expiresAt <= (await tx.now())) {
        const expired = await step(tx, action, 'expire', { reason: 'the approval came too late', ...why });
        return publishConcluded(tx, message, expired);
      }
      const approvedBy = [...new Set([...action.approvedBy, principalId])];
      const approved = await step(tx, action, 'approve', { reason: 'approved', ...why }, { approvedBy });
      await publishNextBlock(tx, message, approved, 0, 0);
    } else if (decision === 'reject') {
      const rejected = await step(tx, action, 'reject', { reason: 'rejected by a person', ...why });
      await publishConcluded(tx, message, rejected);
    } else {
      await undo(tx, message, action, 'operator-revert', 'reverted by a person', principalId, deps.traceId());
    }
    await tx.audit.append({
      what: `action.${decision}`,
      subject: actionId,
      who: principalId,
      why: decision,
      traceId: deps.traceId(),
    });
  });
}

/** Learn found that a kept gain has gone. */
export async function unkeepAction(deps: ActDeps, message: Unkeep): Promise<void> {
  const { actionId, reason } = message.refs;
  await deps.once(message, async (tx) => {
    const action = await existing(tx, actionId);
    await undo(tx, message, action, 'unkeep-requested', reason, 'learn', deps.traceId());
    await tx.audit.append({
      what: 'action.unkeep',
      subject: actionId,
      who: 'learn',
      why: reason,
      traceId: deps.traceId(),
    });
  });
}

async function existing(tx: TenantTransaction, id: string): Promise<ActionRow> {
  const action = await tx.actions.get(id);
  if (!action) throw new HartoError('NOT_FOUND', `no action ${id}`);
  return action;
}

async function undo(
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
  event: 'operator-revert' | 'unkeep-requested',
  reason: string,
  by: string,
  traceId: string | null,
): Promise<void> {
  const progress = { ...action.progress, verdictReason: reason };
  const reverting = await step(tx, action, event, { reason, by, traceId }, { progress });
  if (reverting.state === 'Reverting') await publishNextBlock(tx, message, reverting, 0, 0);
}
