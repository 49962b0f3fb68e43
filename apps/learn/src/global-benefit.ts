import type { EffectInterval } from '@hartonomous/contracts';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { isGlobal } from './global-replays.js';
import { settingsOf } from './score-action.js';

/** What a replay found of one kept action; the label is `action id|hours|requests`. */
const effectName = 'replay.effect';
/** All kept global actions together. */
export const globalName = 'hold-out.global';

const keptMax = 200;
const rowsMax = 2_000;
/** The column's width, characters. */
const labelMax = 200;
const targetsMax = 3;
const noneLabel = 'global actions: none is kept';

export interface ReplayedAction {
  target: string;
  /** Seconds an hour of the requests that meet it. */
  weight: number;
  ratio: number;
  /** Null: open on this side. */
  low: number | null;
  high: number | null;
  requests: number;
}

export interface GlobalBenefit {
  /** Latency with the kept changes over latency without them: below 1 is faster. */
  ratio: number;
  low: number | null;
  high: number | null;
  requests: number;
}

/**
 * The mean ratio, weighted by the time of the requests that meet each change. Its ends are the same means of the ends:
 * wider than 95 %, since independent errors do not all fall on one side.
 */
export function globalBenefit(replayed: readonly ReplayedAction[]): GlobalBenefit | null {
  if (replayed.length === 0) return null;
  const sum = replayed.reduce((total, { weight }) => total + weight, 0);
  const mean = (of: (action: ReplayedAction) => number): number =>
    replayed.reduce((total, action) => total + of(action) * (sum > 0 ? action.weight : 1), 0) /
    (sum > 0 ? sum : replayed.length);
  const end = (side: 'low' | 'high'): number | null =>
    replayed.some((action) => action[side] === null) ? null : mean((action) => action[side]!);
  return {
    ratio: mean(({ ratio }) => ratio),
    low: end('low'),
    high: end('high'),
    requests: replayed.reduce((total, { requests }) => total + requests, 0),
  };
}

/** Keeps what a re-measurement found of a global action, for the headline. */
export async function recordReplay(
  tx: TenantTransaction,
  action: ActionRow,
  { effect, hours, requests }: { effect: EffectInterval | null; hours: number; requests: number },
): Promise<void> {
  if (!isGlobal(action) || !effect || settingsOf(action).metric.name !== 'latency') return;
  const { estimate: value, low, high } = effect;
  const label = `${action.id}|${hours}|${requests}`;
  await tx.analysis.addMetrics([{ cycleId: action.cycleId, name: effectName, label, value, low, high }]);
}

/** One metric row from the latest replays of what is kept now; one that says so when nothing is left of what was. */
export async function measureGlobal(tx: TenantTransaction, cycleId: string): Promise<void> {
  const kept = (await tx.actions.list({ states: ['Kept'], limit: keptMax })).filter(isGlobal);
  const replayed = await replayedOf(tx, kept);
  const benefit = globalBenefit(replayed);
  const row = { cycleId, name: globalName };
  if (benefit) {
    const { ratio: value, low, high } = benefit;
    await tx.analysis.addMetrics([
      { ...row, label: labelOf(replayed, kept.length, benefit), value, low, high },
    ]);
    return;
  }
  const [last] = await tx.analysis.metrics(globalName, 1);
  if (!last || last.label === noneLabel) return;
  await tx.analysis.addMetrics([{ ...row, label: noneLabel, value: 1, low: 1, high: 1 }]);
}

/** The latest replay of each of these actions that had one. */
async function replayedOf(tx: TenantTransaction, kept: readonly ActionRow[]): Promise<ReplayedAction[]> {
  const latest = new Map<string, ReplayedAction & { hours: number }>();
  const byId = new Map(kept.map((action) => [action.id, action]));
  for (const row of await tx.analysis.metrics(effectName, rowsMax)) {
    const [id, hours, requests] = row.label.split('|') as [string, string, string];
    const action = byId.get(id);
    if (!action || (latest.get(id)?.hours ?? 0) >= Number(hours)) continue;
    const { requestsPerHour, meanSeconds } = action.exposure;
    latest.set(id, {
      target: action.target,
      weight: requestsPerHour * meanSeconds * Number(action.progress['usingShare'] ?? 1),
      ratio: row.value,
      low: row.low,
      high: row.high,
      requests: Number(requests),
      hours: Number(hours),
    });
  }
  return [...latest.values()];
}

function labelOf(replayed: readonly ReplayedAction[], kept: number, { requests }: GlobalBenefit): string {
  const targets = replayed.slice(0, targetsMax).map(({ target }) => target);
  if (replayed.length > targetsMax) targets.push(`${replayed.length - targetsMax} more`);
  const of = `${replayed.length} of ${kept} kept`;
  const text = `global actions: ${of}, ${requests} requests replayed with and without: ${targets.join(', ')}`;
  return text.length > labelMax ? `${text.slice(0, labelMax - 3)}...` : text;
}
