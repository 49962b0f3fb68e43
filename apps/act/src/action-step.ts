import { HartoError, newId, type ActionState, type Envelope, type Verdict } from '@hartonomous/contracts';
import { stepAction, type ActionEvent, type RevertCause } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';

type Patch = Parameters<TenantTransaction['actions']['transition']>[3];

export const revertCauseOf = (action: ActionRow): RevertCause | null =>
  (action.progress['revertCause'] as RevertCause | undefined) ?? null;

/** Why the table would not take the event, or null. */
export function refusalOf(action: ActionRow, event: ActionEvent): string | null {
  const outcome = stepAction({ state: action.state, revertCause: revertCauseOf(action) }, event);
  return outcome.kind === 'moved' || outcome.kind === 'stayed' ? null : outcome.reason;
}

/**
 * One event through the action table, written conditionally. Ignored events return the row as it is; a refused one
 * and a lost race are faults, so that the caller's transaction leaves nothing behind.
 */
export async function step(
  tx: TenantTransaction,
  action: ActionRow,
  event: ActionEvent,
  why: { reason: string; by: string; traceId: string | null },
  patch: NonNullable<Patch> = {},
): Promise<ActionRow> {
  const outcome = stepAction({ state: action.state, revertCause: revertCauseOf(action) }, event);
  if (outcome.kind === 'refused') {
    throw new HartoError(
      'STATE_CONFLICT',
      `action ${action.id} is ${action.state}: ${event} is ${outcome.reason}`,
      {
        details: { state: action.state, event, reason: outcome.reason },
      },
    );
  }
  if (outcome.kind !== 'moved') return action;
  const { state, revertCause } = outcome.snapshot;
  const progress = { ...action.progress, ...patch.progress, ...(revertCause ? { revertCause } : {}) };
  const verdict = verdictStates[state];
  const full = { ...patch, progress, ...(verdict ? { verdict } : {}) };
  const moved = await tx.actions.transition(action, state, { name: event, ...why }, full);
  if (!moved)
    throw new HartoError('STATE_STALE', `action ${action.id} moved on while ${event} was decided`, {
      retryable: true,
    });
  return { ...action, ...full, state, version: action.version + 1 } as ActionRow;
}

/** Tells Learn that the action has its verdict. */
export async function publishConcluded(
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
): Promise<void> {
  await tx.outbox.add({
    id: newId(),
    name: 'loop.action.concluded',
    epoch: message.epoch,
    refs: { cycleId: action.cycleId, actionId: action.id, verdict: verdictOf(action.state) },
  });
}

/** States that are a verdict of their own. */
const verdictStates: Partial<Record<ActionState, Verdict>> = {
  Gated: 'Gated',
  Kept: 'Kept',
  Unkept: 'Unkept',
  RevertedHarm: 'RevertedHarm',
  RevertedNoBenefit: 'RevertedNoBenefit',
  Inconclusive: 'Inconclusive',
  RevertedByOperator: 'RevertedByOperator',
  FailedToApply: 'FailedToApply',
  FailedToRevert: 'FailedToRevert',
};

export const verdictOf = (state: ActionState): Verdict | null => verdictStates[state] ?? null;

/** Asks for the next evidence step of the action. */
export async function publishNextBlock(
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
  blockNo: number,
  inMs: number,
): Promise<void> {
  const deliverAt = inMs > 0 ? new Date((await tx.now()).getTime() + inMs) : undefined;
  await tx.outbox.add({
    id: newId(),
    name: 'loop.evidence.block.due',
    epoch: message.epoch,
    refs: { cycleId: action.cycleId, actionId: action.id, blockNo },
    ...(deliverAt ? { deliverAt } : {}),
  });
}

export async function auditAction(
  tx: TenantTransaction,
  deps: { traceId: () => string | null },
  action: ActionRow,
  why: string,
): Promise<void> {
  await tx.audit.append({
    what: `action.${action.state}`,
    subject: action.id,
    who: 'act',
    why,
    traceId: deps.traceId(),
  });
}
