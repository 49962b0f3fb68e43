import type { EffectInterval } from '@hartonomous/contracts';
import {
  assess,
  honestNetGain,
  measurementOf,
  successScore,
  verdictOfDecision,
  verdictsDiffer,
  type CostsOfAction,
  type MeasurementSettings,
  type Metric,
  type MeasuredEffect,
  type NetGain,
} from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';

export interface Scored {
  /** False when the rows no longer lead to the stored verdict: an alarm. */
  agrees: boolean;
  fromRows: string | null;
  reason: string;
  netGain: NetGain;
  successScore: number;
}

/** Verdict, net gain and success score of a concluded action, from its rows alone. */
export function scoreAction(
  action: ActionRow,
  evidence: readonly EvidencePairRow[],
  runningCostPerHour: number,
): Scored {
  const assessment = assess(verdictRows(evidence), settingsOf(action), { queueAgeMs: queueAgeOf(action) });
  const fromRows = verdictOfDecision(assessment.decision);
  const verdict = action.verdict!;
  // Time, missing data and people end an action without its rows; such an end cannot be recomputed.
  const byRows = verdict !== 'Inconclusive' || fromRows !== null;
  const effect = latencyEffect(action);
  return {
    agrees: !byRows || !verdictsDiffer(fromRows, verdict),
    fromRows,
    reason: assessment.reason,
    netGain: honestNetGain(verdict, effect, costsOf(action, evidence, runningCostPerHour)),
    successScore: successScore(verdict, effect),
  };
}

/** Pairs from here on belong to re-scorings: the n-th round is numbered from n times this. */
export const roundBase = 1_000;

export const verdictRows = (evidence: readonly EvidencePairRow[]): EvidencePairRow[] =>
  evidence.filter((row) => row.pairNo < roundBase);

/** Metric and goal that the executor chose; Act reads the same. */
export function settingsOf(action: ActionRow): MeasurementSettings {
  const chosen = action.progress['measurement'] as
    { metric?: Metric['name']; goal?: MeasurementSettings['goal'] } | undefined;
  return measurementOf(chosen?.metric ?? 'latency', chosen?.goal ? { goal: chosen.goal } : {});
}

/** How long messages waited at the block that decided, as Act stored it; null: not known. */
const queueAgeOf = ({ progress }: ActionRow): number | null =>
  typeof progress['queueAgeMs'] === 'number' ? progress['queueAgeMs'] : null;

/** Gains are counted in seconds: an effect on another metric proves none. */
export const latencyEffect = (action: ActionRow): MeasuredEffect | null =>
  settingsOf(action).metric.name === 'latency' ? measured(action.effect) : null;

/** An open end proves nothing on its side: no gain below, no bound above. */
export const measured = (effect: EffectInterval | null): MeasuredEffect | null =>
  effect && {
    estimate: effect.estimate,
    low: effect.low ?? 0,
    high: effect.high ?? Math.max(1, effect.estimate),
  };

/** Replays run off the hot path, so their requests harm nobody; split designs treat half of the touched ones. */
export function costsOf(
  action: ActionRow,
  evidence: readonly EvidencePairRow[],
  runningCostPerHour: number,
): CostsOfAction {
  const { requestsPerHour, meanSeconds } = action.exposure;
  const replaySeconds =
    action.design === 'replay'
      ? evidence.reduce((sum, row) => sum + total(row.control) + total(row.treated), 0) / 1_000
      : 0;
  const applied = action.progress['applied'] as { buildMs?: number } | undefined;
  const from = action.appliedAt ?? action.createdAt;
  const hours = ((action.concludedAt ?? from).getTime() - from.getTime()) / 3_600_000;
  return {
    exposure: requestsPerHour * meanSeconds * Number(action.progress['usingShare'] ?? 1),
    runningCostPerHour,
    testCostSeconds: replaySeconds + (applied?.buildMs ?? 0) / 1_000,
    treatedHours: action.design === 'replay' ? 0 : Math.max(0, hours),
    treatedShare: 0.5,
  };
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
