import { newId, type EffectInterval } from '@hartonomous/contracts';
import {
  assess,
  defaultLearning,
  honestNetGain,
  rescore,
  rescoresDue,
  successScore,
  type Assessment,
  type Rescoring,
} from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow, Store, TenantTransaction } from '@hartonomous/store';
import { measureGlobal, recordReplay } from './global-benefit.js';
import {
  isGlobal,
  lastReplays,
  replayDue,
  replayEvery,
  replayRequestedName,
  replaySettledName,
  type Replay,
} from './global-replays.js';
import type { RunningCost } from './running-cost.js';
import { costsOf, measured, roundBase, settingsOf } from './score-action.js';

/** One row when a re-scoring is asked for, and one when it is settled; the label is `action id|hours`. */
const requestedName = 'rescore.requested';
const settledName = 'rescore.settled';
const keptMax = 200;
const metricsMax = 2_000;

const hourMs = 3_600_000;

/** A measurement that is asked for, or to be settled. */
interface Round {
  hours: number;
  round: number;
  /** Beyond the re-scorings that every kept action has: by turns, as long as it is kept. */
  periodic: boolean;
}

const labelOf = (action: ActionRow, hours: number): string => `${action.id}|${hours}`;
const { rescoreHours } = defaultLearning;
const lastRescoreHours = Math.max(...rescoreHours);

const hoursIn = (labels: ReadonlySet<string>, action: ActionRow): number[] =>
  rescoreHours.filter((hours) => labels.has(labelOf(action, hours)));

const rescoringAt = (hours: number): Round => ({
  hours,
  round: rescoreHours.indexOf(hours) + 1,
  periodic: false,
});

async function labelsOf(tx: TenantTransaction, name: string): Promise<Set<string>> {
  return new Set((await tx.analysis.metrics(name, metricsMax)).map((row) => row.label));
}

/**
 * Asks Act to measure again what was kept 24 hours or 7 days ago, and, as long as they are kept, the global actions once
 * a period (all unscaled); the number of requests written.
 */
export async function requestRescores(
  store: Store,
  tenantId: string,
  now: Date,
  scale: number,
): Promise<number> {
  return store.withTenant(tenantId, async (tx) => {
    const requested = await labelsOf(tx, requestedName);
    const replays = await lastReplays(tx);
    const schedule = { fromHours: lastRescoreHours, everyHours: await replayEvery(tx) };
    let count = 0;
    for (const action of await tx.actions.list({ states: ['Kept'], limit: keptMax })) {
      if (!action.concludedAt || action.type === 'Placebo') continue;
      const keptAtMs = action.concludedAt.getTime();
      const done = hoursIn(requested, action);
      const rounds = rescoresDue(keptAtMs, done, now.getTime(), scale).map(rescoringAt);
      const last = replays.get(action.id) ?? null;
      const ageHours = ((now.getTime() - keptAtMs) * scale) / hourMs;
      const hours = isGlobal(action) ? replayDue(ageHours, last, schedule) : null;
      if (hours !== null) rounds.push({ hours, round: nextRound(last), periodic: true });
      for (const round of rounds) await ask(tx, action, round);
      count += rounds.length;
    }
    return count;
  });
}

const nextRound = (last: Replay | null): number => (last?.round ?? rescoreHours.length) + 1;

async function ask(tx: TenantTransaction, action: ActionRow, asked: Round): Promise<void> {
  const { cycleId, id: actionId } = action;
  const name = asked.periodic ? replayRequestedName : requestedName;
  const label = labelOf(action, asked.hours);
  await tx.analysis.addMetrics([{ cycleId, name, label, value: asked.round, low: null, high: null }]);
  await tx.outbox.add({
    id: newId(),
    name: 'loop.evidence.block.due',
    epoch: 0,
    refs: { cycleId, actionId, blockNo: asked.round * roundBase },
  });
}

/**
 * What was asked for and is not settled: of several the one that pairs came of, else the first. 'settled' when all of it
 * is, null when nothing was asked for yet.
 */
async function openRound(
  tx: TenantTransaction,
  action: ActionRow,
  evidence: readonly EvidencePairRow[],
): Promise<Round | 'settled' | null> {
  const settled = hoursIn(await labelsOf(tx, settledName), action);
  const asked = hoursIn(await labelsOf(tx, requestedName), action);
  const open = asked.filter((hours) => !settled.includes(hours)).map(rescoringAt);
  const replay = (await lastReplays(tx)).get(action.id);
  if (replay && !replay.settled) open.push({ ...replay, periodic: true });
  const measured = open.find(({ round }) => pairsIn(rowsOfRound(evidence, round * roundBase)) > 0);
  return measured ?? open[0] ?? (asked.length > 0 || replay ? 'settled' : null);
}

const pairsIn = (rows: readonly EvidencePairRow[]): number => rows.filter((r) => r.kind === 'AB').length;

export interface SettledRescore extends Rescoring {
  hours: number;
  pairs: number;
}

/**
 * Settles what was asked for and has been measured; null when the message was not about a re-scoring. A round that ends
 * twice, or after a later one was asked for, changes nothing: the action was learned from when it was concluded.
 */
export async function settleRescore(
  tx: TenantTransaction,
  action: ActionRow,
  evidence: readonly EvidencePairRow[],
  runningCost: RunningCost,
): Promise<SettledRescore | 'settled' | null> {
  if (action.state !== 'Kept') return null;
  const settling = await openRound(tx, action, evidence);
  if (settling === null || settling === 'settled') return settling;
  const { hours } = settling;
  const rows = rowsOfRound(evidence, settling.round * roundBase);
  const assessment = assess(rows, settingsOf(action));
  const pairs = pairsIn(rows);
  const outcome = pairs === 0 ? await notMeasured(tx, action) : rescore(assessment);
  const value = { hold: 1, undecided: 0, unkeep: -1 }[outcome.decision];
  const { cycleId, id: actionId } = action;
  const name = settling.periodic ? replaySettledName : settledName;
  await tx.analysis.addMetrics([
    { cycleId, name, label: labelOf(action, hours), value, low: null, high: null },
  ]);
  const effect = pairs === 0 ? null : effectOf(assessment);
  await recordReplay(tx, action, { effect, hours, requests: requestsIn(rows) });
  const gain = honestNetGain('Kept', measured(effect), costsOf(action, rows, runningCost.perHour));
  await tx.history.add({
    id: newId(),
    actionId,
    cycleId,
    verdict: 'Kept',
    netGainSeconds: outcome.decision === 'hold' ? gain.net : 0,
    successScore: successScore('Kept', measured(effect)),
    document: {
      rescoredAfterHours: hours,
      ...outcome,
      effect,
      pairs,
      runningCost,
      traceId: action.traceId,
    },
  });
  if (outcome.decision === 'unkeep') {
    const reason = outcome.reason.slice(0, 200);
    await tx.outbox.add({
      id: newId(),
      name: 'loop.action.unkeep.requested',
      epoch: 0,
      refs: { cycleId, actionId, reason },
    });
  }
  await measureGlobal(tx, cycleId);
  return { ...outcome, hours, pairs };
}

function effectOf({ estimate, interval, unit }: Assessment): EffectInterval | null {
  if (estimate === null || !interval) return null;
  const { low, high, lowBounded, highBounded } = interval;
  return { estimate, low: lowBounded ? low : null, high: highBounded ? high : null, unit };
}

const requestsIn = (rows: readonly EvidencePairRow[]): number =>
  rows.filter((r) => r.kind === 'AB').reduce((sum, r) => sum + r.countControl + r.countTreated, 0);

/** No pair came back: nothing is proven, and the reason says whether anything could have been. */
async function notMeasured(tx: TenantTransaction, action: ActionRow): Promise<Rescoring> {
  const undecided = (why: string): Rescoring => ({
    decision: 'undecided',
    reason: `not measured again: ${why}`,
  });
  if (action.type === 'CacheWarming') {
    const left = (await tx.cache.entries(action.id)).length;
    return undecided(
      `kept answers serve every request, so none is left to compare with; ${left} are in the cache`,
    );
  }
  if (action.parameters['operation'] === 'drop') {
    return undecided('the index is gone, and without it there is nothing to compare with');
  }
  if (action.design === 'held-out') return undecided('its held-out atoms have been used up');
  return undecided('no pair of blocks came together');
}

function rowsOfRound(rows: readonly EvidencePairRow[], base: number): EvidencePairRow[] {
  return rows.filter((r) => r.kind === 'AA' || (r.pairNo >= base && r.pairNo < base + roundBase));
}
