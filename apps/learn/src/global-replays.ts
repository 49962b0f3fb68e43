import type { ActionRow, TenantTransaction } from '@hartonomous/store';

/** One row when a periodic replay is asked for (its value is the round), and one when it is settled: `action id|hours`. */
export const replayRequestedName = 'replay.requested';
export const replaySettledName = 'replay.settled';
/** Setting: hours (unscaled) between two replays of a kept global action. */
export const replayEverySetting = 'learn.replay-every-hours';

const replayEveryHours = 168;
const replayEveryHoursMin = 1;
const rowsMax = 2_000;

export interface Replay {
  /** Age of the kept action when it was asked for, hours (unscaled). */
  hours: number;
  round: number;
  settled: boolean;
}

/**
 * What every request meets, and what a replay can take away for itself: no request key can be held out of it. A dropped
 * index is global too, but nothing is left that a replay could bring back.
 */
export const isGlobal = (action: ActionRow): boolean =>
  action.type === 'QueryRegression' ||
  (action.type === 'IndexOptimization' && (action.parameters['operation'] ?? 'create') === 'create');

export async function replayEvery(tx: TenantTransaction): Promise<number> {
  const hours = Number((await tx.settings.get(replayEverySetting)) ?? replayEveryHours);
  return hours >= replayEveryHoursMin ? hours : replayEveryHours;
}

/** The last replay of each action that had one; every kept action is among so many rows, for all are replayed by turns. */
export async function lastReplays(tx: TenantTransaction): Promise<Map<string, Replay>> {
  const settled = new Set((await tx.analysis.metrics(replaySettledName, rowsMax)).map((row) => row.label));
  const last = new Map<string, Replay>();
  for (const { label, value } of await tx.analysis.metrics(replayRequestedName, rowsMax)) {
    const [id, hours] = label.split('|') as [string, string];
    if ((last.get(id)?.round ?? 0) >= value) continue;
    last.set(id, { hours: Number(hours), round: value, settled: settled.has(label) });
  }
  return last;
}

/**
 * Age in whole hours (unscaled) at which the next replay is asked for, null while none is due. The first one counts from
 * the last re-scoring; one that never came back is waited for twice as long.
 */
export function replayDue(
  ageHours: number,
  last: Replay | null,
  schedule: { fromHours: number; everyHours: number },
): number | null {
  const patience = last && !last.settled ? 2 : 1;
  const dueHours = (last?.hours ?? schedule.fromHours) + patience * schedule.everyHours;
  return ageHours >= dueHours ? Math.floor(ageHours) : null;
}
