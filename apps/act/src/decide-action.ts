import { HartoError, type Envelope } from '@hartonomous/contracts';
import { voteOnApproval, type ApprovalOutcome, type ApprovalRequest } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { publishConcluded, publishNextBlock, refusalOf, step } from './action-step.js';
import { approvalOf } from './approvals.js';

type Decided = Envelope<'loop.action.decided'>;
type Unkeep = Envelope<'loop.action.unkeep.requested'>;

/**
 * A person's decision, written here, where all transitions are. A decision that comes too late, twice, or from the
 * wrong principal changes nothing and is told in the audit.
 */
export async function decideAction(deps: ActDeps, message: Decided): Promise<void> {
  const { actionId, decision, principalId } = message.refs;
  // Undoing and refusing go on while the loop is stopped; letting something happen waits.
  if (decision === 'approve') await deps.assertRunning();
  await deps.once(message, async (tx) => {
    const action = await existing(tx, actionId);
    const said =
      decision === 'revert'
        ? await undo(deps, tx, message, action, {
            event: 'operator-revert',
            reason: 'reverted by a person',
            by: principalId,
          })
        : await vote(deps, tx, message, action);
    await tx.audit.append({
      what: `action.${decision}${said.refused ? '.refused' : ''}`,
      subject: actionId,
      who: principalId,
      why: said.why,
      traceId: deps.traceId(),
    });
  });
}

interface Said {
  refused: boolean;
  why: string;
}

async function vote(
  deps: ActDeps,
  tx: TenantTransaction,
  message: Decided,
  action: ActionRow,
): Promise<Said> {
  const { decision, principalId } = message.refs;
  const request = approvalOf(action, deps.scale);
  const { planHash } = request;
  const ballot = { principalId, planHash, decision: decision === 'approve' ? decision : 'reject' } as const;
  const outcome = voteOnApproval(request, ballot, planHash, (await tx.now()).getTime(), deps.scale);
  const why = { by: principalId, traceId: deps.traceId() };
  switch (outcome.kind) {
    case 'refused': {
      if (outcome.code === 'expired' && action.state === 'AwaitingApproval') {
        await publishConcluded(
          tx,
          message,
          await step(tx, action, 'expire', { reason: outcome.reason, ...why }),
        );
      }
      return { refused: true, why: outcome.reason };
    }
    case 'rejected': {
      const event = action.design === 'proposal' ? 'proposal-dismiss' : 'reject';
      const reason = 'rejected by a person';
      await publishConcluded(tx, message, await step(tx, action, event, { reason, ...why }));
      return { refused: false, why: reason };
    }
    default:
      return approve(tx, message, action, outcome, why);
  }
}

async function approve(
  tx: TenantTransaction,
  message: Decided,
  action: ActionRow,
  outcome: Extract<ApprovalOutcome, { request: ApprovalRequest }>,
  why: { by: string; traceId: string | null },
): Promise<Said> {
  const approvedBy = [...outcome.request.approverIds];
  if (outcome.kind === 'needs-another') {
    const reason = `approved by ${approvedBy.length}; another principal is needed`;
    const seen = await tx.actions.transition(
      action,
      action.state,
      { name: 'approve', reason, ...why },
      { approvedBy },
    );
    if (!seen) throw new HartoError('STATE_STALE', `action ${action.id} moved on`, { retryable: true });
    return { refused: false, why: reason };
  }
  const reason = 'approved';
  if (action.design === 'proposal') {
    const accepted = await step(tx, action, 'proposal-accept', { reason, ...why }, { approvedBy });
    await publishConcluded(tx, message, accepted);
  } else {
    const approved = await step(tx, action, 'approve', { reason, ...why }, { approvedBy });
    await publishNextBlock(tx, message, approved, 0, 0);
  }
  return { refused: false, why: reason };
}

/** Learn found that a kept gain has gone. */
export async function unkeepAction(deps: ActDeps, message: Unkeep): Promise<void> {
  const { actionId, reason } = message.refs;
  await deps.assertRunning();
  await deps.once(message, async (tx) => {
    const action = await existing(tx, actionId);
    const said = await undo(deps, tx, message, action, { event: 'unkeep-requested', reason, by: 'learn' });
    await tx.audit.append({
      what: `action.unkeep${said.refused ? '.refused' : ''}`,
      subject: actionId,
      who: 'learn',
      why: said.why,
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
  deps: ActDeps,
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
  { event, reason, by }: { event: 'operator-revert' | 'unkeep-requested'; reason: string; by: string },
): Promise<Said> {
  const refusal = refusalOf(action, event);
  if (refusal) return { refused: true, why: `${action.state}: ${refusal}` };
  const progress = { ...action.progress, verdictReason: reason };
  const reverting = await step(tx, action, event, { reason, by, traceId: deps.traceId() }, { progress });
  if (reverting.state === 'Reverting') await publishNextBlock(tx, message, reverting, 0, 0);
  return { refused: false, why: reason };
}
