import { newId } from '@hartonomous/contracts';
import { isConcluded, nextCycleDelayMs, rngOfText } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { measureHoldOut } from './hold-out.js';

/** Concluded, or parked: awaiting a person, or verifying over many blocks. It no longer holds its cycle open. */
export function isOffTheCycle(action: ActionRow): boolean {
  return (
    isConcluded(action.state) || action.state === 'AwaitingApproval' || action.progress['parked'] === true
  );
}

/** Ends the cycle once none of its actions holds it open, and asks for the next one. */
export async function closeCycle(
  tx: TenantTransaction,
  cycleId: string,
  context: { scale: number; traceId: string | null },
): Promise<boolean> {
  const cycle = await tx.cycles.get(cycleId);
  if (!cycle || cycle.state !== 'Acting') return false;
  const actions = await tx.actions.list({ cycleId, limit: 100 });
  if (!actions.every(isOffTheCycle)) return false;
  const rejected = await tx.cycles.rejectedOf(cycleId);
  const outcome = {
    summary: summaryOf(actions, rejected.length),
    actions: actions.length,
    rejected: rejected.length,
  };
  if (!(await tx.cycles.advance(cycleId, cycle.epoch, 'Acting', 'Learned', { outcome }))) return false;
  await tx.outbox.add({ id: newId(), name: 'loop.cycle.learned', epoch: cycle.epoch + 1, refs: { cycleId } });
  await measureHoldOut(tx, cycle);
  const severities = await openSeverities(tx, cycleId, actions);
  await requestNextCycle(
    tx,
    nextCycleDelayMs(severities, rngOfText(`${cycleId}|delay`), context.scale),
    'learn',
  );
  const why = outcome.summary;
  await tx.audit.append({
    what: 'cycle.learned',
    subject: cycleId,
    who: 'learn',
    why,
    traceId: context.traceId,
  });
  return true;
}

/** The next cycle and its message, delivered when it is due; the row keeps the time, so a wiped queue loses nothing. */
export async function requestNextCycle(
  tx: TenantTransaction,
  delayMs: number,
  requestedBy: string,
): Promise<void> {
  const dueAt = new Date((await tx.now()).getTime() + delayMs);
  const next = await tx.cycles.request({ id: newId(), scope: 'incremental', requestedBy, dueAt });
  if (!next.created) return;
  await tx.outbox.add({
    id: newId(),
    name: 'loop.cycle.requested',
    epoch: next.cycle.epoch,
    refs: { cycleId: next.cycle.id },
    deliverAt: dueAt,
  });
}

/** Findings that a kept action has answered no longer press. */
async function openSeverities(
  tx: TenantTransaction,
  cycleId: string,
  actions: ActionRow[],
): Promise<number[]> {
  const observation = await tx.cycles.observationOf(cycleId);
  const answered = new Set(actions.filter((a) => a.state === 'Kept').map((a) => a.reason));
  const { findings = [], incidents } = observation?.document ?? {};
  const open = (i: number): boolean => !answered.has(findings[i]?.summary ?? '');
  return incidents
    ? incidents.filter((incident) => incident.findings.some(open)).map((incident) => incident.severity)
    : findings.filter((_, i) => open(i)).map((f) => f.severity);
}

function summaryOf(actions: ActionRow[], rejected: number): string {
  if (actions.length === 0) return `nothing worth trying (${rejected} candidates left out)`;
  const counts = new Map<string, number>();
  for (const action of actions) counts.set(action.state, (counts.get(action.state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => `${count} ${state}`);
  return `${parts.join(', ')}; ${rejected} candidates left out`;
}
