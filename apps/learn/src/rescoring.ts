import { newId } from '@hartonomous/contracts';
import {
  assess,
  defaultLearning,
  honestNetGain,
  rescore,
  rescoresDue,
  successScore,
  type Rescoring,
} from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow, Store, TenantTransaction } from '@hartonomous/store';
import type { RunningCost } from './running-cost.js';
import { costsOf, measured, roundBase, settingsOf } from './score-action.js';

/** One row when a re-scoring is asked for, and one when it is settled; the label is `action id|hours`. */
const requestedName = 'rescore.requested';
const settledName = 'rescore.settled';
const keptMax = 200;
const metricsMax = 2_000;

const labelOf = (action: ActionRow, hours: number): string => `${action.id}|${hours}`;
const { rescoreHours } = defaultLearning;

const hoursIn = (labels: ReadonlySet<string>, action: ActionRow): number[] =>
  rescoreHours.filter((hours) => labels.has(labelOf(action, hours)));

async function labelsOf(tx: TenantTransaction, name: string): Promise<Set<string>> {
  return new Set((await tx.analysis.metrics(name, metricsMax)).map((row) => row.label));
}

/** Asks Act to measure again what was kept 24 hours or 7 days ago (unscaled); the number of requests written. */
export async function requestRescores(
  store: Store,
  tenantId: string,
  now: Date,
  scale: number,
): Promise<number> {
  return store.withTenant(tenantId, async (tx) => {
    const requested = await labelsOf(tx, requestedName);
    let count = 0;
    for (const action of await tx.actions.list({ states: ['Kept'], limit: keptMax })) {
      if (!action.concludedAt || action.type === 'Placebo') continue;
      const done = hoursIn(requested, action);
      for (const hours of rescoresDue(action.concludedAt.getTime(), done, now.getTime(), scale)) {
        const round = rescoreHours.indexOf(hours) + 1;
        const { cycleId, id: actionId } = action;
        await tx.analysis.addMetrics([
          {
            cycleId,
            name: requestedName,
            label: labelOf(action, hours),
            value: round,
            low: null,
            high: null,
          },
        ]);
        await tx.outbox.add({
          id: newId(),
          name: 'loop.evidence.block.due',
          epoch: 0,
          refs: { cycleId, actionId, blockNo: round * roundBase },
        });
        count++;
      }
    }
    return count;
  });
}

export interface SettledRescore extends Rescoring {
  hours: number;
  pairs: number;
}

/** Settles what was asked for and has been measured; null when the message was not about a re-scoring. */
export async function settleRescore(
  tx: TenantTransaction,
  action: ActionRow,
  evidence: readonly EvidencePairRow[],
  runningCost: RunningCost,
): Promise<SettledRescore | null> {
  if (action.state !== 'Kept') return null;
  const settled = hoursIn(await labelsOf(tx, settledName), action);
  const open = hoursIn(await labelsOf(tx, requestedName), action).filter((h) => !settled.includes(h));
  const hours = open[0];
  if (hours === undefined) return null;
  const rows = rowsOfRound(evidence, (rescoreHours.indexOf(hours) + 1) * roundBase);
  const assessment = assess(rows, settingsOf(action));
  const pairs = rows.filter((r) => r.kind === 'AB').length;
  const outcome = pairs === 0 ? await notMeasured(tx, action) : rescore(assessment);
  const value = { hold: 1, undecided: 0, unkeep: -1 }[outcome.decision];
  const { cycleId, id: actionId } = action;
  await tx.analysis.addMetrics([
    { cycleId, name: settledName, label: labelOf(action, hours), value, low: null, high: null },
  ]);
  const { estimate, interval } = assessment;
  const effect =
    estimate !== null && interval
      ? {
          estimate,
          low: interval.lowBounded ? interval.low : null,
          high: interval.highBounded ? interval.high : null,
          unit: assessment.unit,
        }
      : null;
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
  return { ...outcome, hours, pairs };
}

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
