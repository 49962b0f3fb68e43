import { HartoError } from '@hartonomous/contracts';
import { median } from '@hartonomous/numerics';
import { blockStatistic, scaleOf } from './block-statistic.js';
import { bet, evidenceOf, noEvidence, type BetProducts } from './e-process.js';
import {
  allowedErrorShare,
  foldErrors,
  foldP99,
  freshErrorGuardrail,
  freshP99Guardrail,
  guardrailStatus,
  type ErrorGuardrail,
  type GuardrailStatus,
  type P99Guardrail,
} from './guardrails.js';
import { gainBand } from './metrics.js';
import type { MeasurementSettings } from './settings.js';

/** One pair of blocks as stored. Values are milliseconds (or the metric's unit), time-outs as their value. */
export interface PairRow {
  readonly pairNo: number;
  /** AA: both arms without the change, measured before the first AB pair. */
  readonly kind: 'AA' | 'AB';
  readonly control: readonly number[];
  readonly treated: readonly number[];
  readonly errorsControl: number;
  readonly errorsTreated: number;
  /** Requests of the arm, failed ones included. */
  readonly countControl: number;
  readonly countTreated: number;
}

/** All that the stopping rule reads; plain data, folded pair by pair. */
export interface Evidence {
  readonly differencesAA: readonly number[];
  /** Levels S of both arms of the A/A pairs: where the metric stands without the change. */
  readonly levelsAA: readonly number[];
  readonly differences: readonly number[];
  /** Fixed by the A/A pairs when the first A/B pair arrives; null before. */
  readonly frozen: { readonly scale: number; readonly gainBand: number; readonly levelAA: number } | null;
  readonly harm: BetProducts;
  readonly gain: BetProducts;
  readonly nonInferior: BetProducts;
  /** Evidence that the gain is at most the material one. */
  readonly immaterial: BetProducts;
  readonly baselineRequests: number;
  readonly baselineErrors: number;
  readonly errors: ErrorGuardrail;
  readonly p99: P99Guardrail;
  /** Blocks running, up to now, that were too empty to use. */
  readonly emptyRunning: number;
}

export const freshEvidence: Evidence = {
  differencesAA: [],
  levelsAA: [],
  differences: [],
  frozen: null,
  harm: noEvidence,
  gain: noEvidence,
  nonInferior: noEvidence,
  immaterial: noEvidence,
  baselineRequests: 0,
  baselineErrors: 0,
  errors: freshErrorGuardrail,
  p99: freshP99Guardrail,
  emptyRunning: 0,
};

/** Adds one pair. A/B pairs that come before enough A/A pairs are refused: the scale must not see them. */
export function addPair(evidence: Evidence, row: PairRow, settings: MeasurementSettings): Evidence {
  checkRow(row);
  const guarded = addGuardrails(evidence, row, settings);
  if (!isUsable(row, settings)) return { ...guarded, emptyRunning: evidence.emptyRunning + 1 };
  const { metric } = settings;
  const control = armStatistic(row.control, row.errorsControl, row.countControl, settings);
  const treated = armStatistic(row.treated, row.errorsTreated, row.countTreated, settings);
  const d = metric.worse * (treated - control);
  if (row.kind === 'AA') {
    if (evidence.frozen) throw invalid(row, 'is an A/A pair after the first A/B pair');
    return {
      ...guarded,
      emptyRunning: 0,
      differencesAA: [...evidence.differencesAA, d],
      levelsAA: [...evidence.levelsAA, control, treated],
    };
  }
  return addDifference({ ...guarded, emptyRunning: 0 }, d, row, settings);
}

function addDifference(evidence: Evidence, d: number, row: PairRow, settings: MeasurementSettings): Evidence {
  const { metric, materialGain } = settings;
  const frozen = evidence.frozen ?? freeze(evidence, row, settings);
  const { scale } = frozen;
  return {
    ...evidence,
    frozen,
    differences: [...evidence.differences, d],
    harm: bet(evidence.harm, (d - metric.delta) / scale),
    gain: bet(evidence.gain, (-d - frozen.gainBand) / scale),
    nonInferior: bet(evidence.nonInferior, (metric.margin - d) / scale),
    immaterial: bet(evidence.immaterial, (d + Math.max(materialGain, frozen.gainBand)) / scale),
  };
}

function freeze(
  evidence: Evidence,
  row: PairRow,
  settings: MeasurementSettings,
): NonNullable<Evidence['frozen']> {
  if (evidence.differencesAA.length < settings.aaPairsMin) {
    throw invalid(row, `comes before ${settings.aaPairsMin} usable A/A pairs`);
  }
  const levelAA = median(evidence.levelsAA);
  return {
    scale: scaleOf(evidence.differencesAA, settings.metric.delta),
    gainBand: gainBand(settings.metric, levelAA),
    levelAA,
  };
}

/** Guardrails see every A/B request, also of blocks too small to use; the baseline is all without the change. */
function addGuardrails(evidence: Evidence, row: PairRow, settings: MeasurementSettings): Evidence {
  const aa = row.kind === 'AA';
  const baselineRequests = evidence.baselineRequests + row.countControl + (aa ? row.countTreated : 0);
  const baselineErrors = evidence.baselineErrors + row.errorsControl + (aa ? row.errorsTreated : 0);
  const based = { ...evidence, baselineRequests, baselineErrors };
  if (aa) return based;
  const { guardrails, metric } = settings;
  const isLatency = metric.name === 'latency' || metric.name === 'latency-p95';
  return {
    ...based,
    errors: foldErrors(evidence.errors, row.countTreated, row.errorsTreated, allowedOf(based, settings)),
    p99: isLatency ? foldP99(evidence.p99, row.control, row.treated, guardrails) : evidence.p99,
  };
}

function allowedOf(evidence: Evidence, settings: MeasurementSettings): number {
  const baseline = evidence.baselineRequests === 0 ? 0 : evidence.baselineErrors / evidence.baselineRequests;
  return allowedErrorShare(baseline, settings.guardrails);
}

export const guardrailOf = (
  evidence: Evidence,
  queueAgeMs: number | null,
  settings: MeasurementSettings,
): GuardrailStatus =>
  guardrailStatus(
    evidence.errors,
    allowedOf(evidence, settings),
    evidence.p99,
    queueAgeMs,
    settings.guardrails,
  );

export const eHarm = (evidence: Evidence): number => evidenceOf(evidence.harm);
export const eGain = (evidence: Evidence): number => evidenceOf(evidence.gain);
export const eNonInferior = (evidence: Evidence): number => evidenceOf(evidence.nonInferior);
export const eImmaterial = (evidence: Evidence): number => evidenceOf(evidence.immaterial);

function armStatistic(
  values: readonly number[],
  errors: number,
  count: number,
  { metric }: MeasurementSettings,
): number {
  return metric.name === 'error-share' ? errors / count : blockStatistic(metric, values);
}

/** A block needs its requests, and values from at least half of them (failed ones may carry none). */
function isUsable(row: PairRow, settings: MeasurementSettings): boolean {
  const enough = Math.min(row.countControl, row.countTreated) >= settings.blockSize;
  if (settings.metric.name === 'error-share') return enough;
  return enough && 2 * Math.min(row.control.length, row.treated.length) >= settings.blockSize;
}

function checkRow(row: PairRow): void {
  const counts = [row.countControl, row.countTreated, row.errorsControl, row.errorsTreated];
  if (!counts.every((count) => Number.isInteger(count) && count >= 0)) {
    throw invalid(row, 'has a count that is not a whole number');
  }
  if (row.errorsControl > row.countControl || row.errorsTreated > row.countTreated) {
    throw invalid(row, 'has more errors than requests');
  }
  if (![row.control, row.treated].every((values) => values.every((value) => Number.isFinite(value)))) {
    throw invalid(row, 'holds a value that is not a finite number');
  }
}

function invalid(row: PairRow, what: string): HartoError {
  return new HartoError('INPUT_INVALID', `evidence pair ${row.kind} ${row.pairNo} ${what}`, {
    details: { kind: row.kind, pairNo: row.pairNo },
  });
}
