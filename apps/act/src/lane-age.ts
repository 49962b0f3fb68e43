import { ticketQueue, type QueueAge } from '@hartonomous/bus';
import { defaultGuardrails } from '@hartonomous/loop';
import type { ActionRow } from '@hartonomous/store';

/** Lanes of this service, and since when it takes from them. */
export interface LaneWatch {
  /** How long messages wait in the lanes of Act; null: they cannot be read now. */
  lanes: () => Promise<QueueAge[] | null>;
  upSince: Date;
  now: () => Date;
}

/**
 * Age of the oldest message that waits for Act, ms, as far as it may be this action's doing: it counts from when the
 * change was applied, and from when this process began to take messages. Computations wait for their turn by design,
 * so their lane says nothing. Null, which neither passes nor fails: unreadable, or not read, because the change is not in
 * place for as long as the limit yet.
 */
export async function queueAgeOf(
  deps: LaneWatch,
  action: Pick<ActionRow, 'appliedAt'>,
): Promise<number | null> {
  const since = Math.max(deps.upSince.getTime(), action.appliedAt?.getTime() ?? 0);
  const sinceMs = deps.now().getTime() - since;
  if (sinceMs <= defaultGuardrails.queueAgeMsMax) return null;
  const lanes = await deps.lanes();
  if (!lanes) return null;
  const oldestMs = Math.max(0, ...lanes.map((lane) => (lane.queue === ticketQueue ? 0 : lane.oldestMs)));
  return Math.min(oldestMs, sinceMs);
}
