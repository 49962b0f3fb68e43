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
): Promise<SettledRescore | null> {
  if (action.state !== 'Kept') return null;
  const settled = hoursIn(await labelsOf(tx, settledName), action);
  const open = hoursIn(await labelsOf(tx, requestedName), action).filter((h) => !settled.includes(h));
  const hours = open[0];
  if (hours === undefined) return null;
  const rows = rowsOfRound(evidence, (rescoreHours.indexOf(hours) + 1) * roundBase);
  const assessment = assess(rows, settingsOf(action));
  const outcome = rescore(assessment);
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
  const gain = honestNetGain('Kept', measured(effect), costsOf(action, rows));
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
      pairs: assessment.pairs,
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
  return { ...outcome, hours, pairs: assessment.pairs };
}

function rowsOfRound(rows: readonly EvidencePairRow[], base: number): EvidencePairRow[] {
  return rows.filter((r) => r.kind === 'AA' || (r.pairNo >= base && r.pairNo < base + roundBase));
}
