import { eGain, eHarm, eImmaterial, eNonInferior, guardrailOf, type Evidence } from './evidence.js';
import type { GuardrailStatus } from './guardrails.js';
import type { MeasurementSettings } from './settings.js';

export const decisions = ['continue', 'harm', 'keep', 'no-benefit', 'inconclusive'] as const;
export type Decision = (typeof decisions)[number];

/** Stable code beside the sentence; the console groups by it. */
export type DecisionCode =
  | 'needs-aa-pairs'
  | 'needs-pairs'
  | 'guardrail-pending'
  | 'harm-evidence'
  | 'guardrail-errors'
  | 'guardrail-p99'
  | 'guardrail-queue-age'
  | 'gain-evidence'
  | 'non-inferior'
  | 'gain-excluded'
  | 'gain-impossible'
  | 'pairs-exhausted'
  | 'time-exhausted'
  | 'no-data';

export interface Ruling {
  readonly decision: Decision;
  readonly code: DecisionCode;
  readonly guardrail: GuardrailStatus;
}

/** What the rows do not tell. Stored with the verdict, so that Learn recomputes from the same. */
export interface MeasurementContext {
  /** Hours since the change was applied, already multiplied by the time scale. */
  readonly hoursElapsed?: number;
  /** Blocks running that came due and left no row at all. */
  readonly blocksWithoutData?: number;
  /** Age of the oldest waiting message; null or absent: unknown, which neither passes nor fails. */
  readonly queueAgeMs?: number | null;
}

/**
 * The stopping rule, applied after every pair: harm first, then keep, then the reasons to give up. A verdict from
 * evidence alone does not depend on the clock; time and missing data only end what is still undecided.
 */
export function decide(
  evidence: Evidence,
  settings: MeasurementSettings,
  context: MeasurementContext = {},
): Ruling {
  const guardrail = guardrailOf(evidence, context.queueAgeMs ?? null, settings);
  const ruling = (decision: Decision, code: DecisionCode): Ruling => ({ decision, code, guardrail });
  if (guardrail.status === 'fired') return ruling('harm', `guardrail-${guardrail.rule}`);
  if (eHarm(evidence) >= settings.harmEvidence) return ruling('harm', 'harm-evidence');
  const proven = proofOf(evidence, settings);
  if (proven && guardrail.status === 'clear') return ruling('keep', proven);
  if (settings.goal === 'gain' && evidence.frozen) {
    if (evidence.frozen.gainBand === Infinity) return ruling('no-benefit', 'gain-impossible');
    if (eImmaterial(evidence) >= settings.intervalEvidence) return ruling('no-benefit', 'gain-excluded');
  }
  if (evidence.differences.length >= settings.pairsMax) return ruling('inconclusive', 'pairs-exhausted');
  if ((context.hoursElapsed ?? 0) >= settings.hoursMax) return ruling('inconclusive', 'time-exhausted');
  if (evidence.emptyRunning + (context.blocksWithoutData ?? 0) >= settings.blocksWithoutDataMax) {
    return ruling('inconclusive', 'no-data');
  }
  if (proven) return ruling('continue', 'guardrail-pending');
  const calibrated = evidence.differencesAA.length >= settings.aaPairsMin;
  return ruling('continue', calibrated ? 'needs-pairs' : 'needs-aa-pairs');
}

function proofOf(evidence: Evidence, settings: MeasurementSettings): DecisionCode | null {
  if (evidence.differences.length < settings.keepPairsMin) return null;
  if (settings.goal === 'gain') return eGain(evidence) >= settings.keepEvidence ? 'gain-evidence' : null;
  return eNonInferior(evidence) >= settings.keepEvidence ? 'non-inferior' : null;
}
