import type { ActionMode } from '@hartonomous/contracts';
import { autonomyOf, type AutonomyRun } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';

const runsMax = 200;

const runOf = (action: ActionRow): AutonomyRun => ({
  verdict: action.verdict!,
  supervised: action.approvedBy.length > 0,
  earnsTrust: action.design !== 'before-after',
});

/** Tells when this run earned or lost the type its autonomy; Act derives the mode from the same rows. */
export async function auditAutonomy(tx: TenantTransaction, action: ActionRow): Promise<void> {
  const configured = (await tx.settings.get(`mode.${action.type}`)) as ActionMode | null;
  const concluded = (await tx.actions.list({ type: action.type, limit: runsMax }))
    .filter((a) => a.verdict !== null && a.concludedAt !== null)
    .sort((a, b) => a.concludedAt!.getTime() - b.concludedAt!.getTime());
  const others = concluded.filter((a) => a.id !== action.id).map(runOf);
  const before = autonomyOf(action.actionClass, configured, others);
  const after = autonomyOf(action.actionClass, configured, [...others, runOf(action)]);
  if (before.mode === after.mode) return;
  await tx.audit.append({
    what: `autonomy.${after.mode}`,
    subject: action.type,
    who: 'learn',
    why: after.reason,
    traceId: action.traceId,
  });
}
