import { HartoError, type Verdict } from '@hartonomous/contracts';
import { anytimeInterval, hodgesLehmann } from '@hartonomous/numerics';
import {
  addPair,
  eGain,
  eHarm,
  eNonInferior,
  freshEvidence,
  type Evidence,
  type PairRow,
} from './evidence.js';
import type { Assessment, EffectBounds } from './assessment.js';
import { differenceMax, effectOf, type Metric } from './metrics.js';
import { describe } from './reason.js';
import { defaultMeasurement, type MeasurementSettings } from './settings.js';
import { decide, type Decision, type MeasurementContext } from './stopping-rule.js';

const noContext: MeasurementContext = {};

/**
 * The verdict of stored rows. Rows are read in the order AA, AB, then pairNo, and the rule is applied after each,
 * so the same rows give the same verdict however often, late or shuffled they are read.
 * @throws HartoError INPUT_INVALID for malformed rows, a pair twice, or A/B pairs before enough A/A pairs.
 */
export function assess(
  rows: readonly PairRow[],
  settings: MeasurementSettings = defaultMeasurement,
  context: MeasurementContext = noContext,
): Assessment {
  let evidence = freshEvidence;
  for (const row of inOrder(rows)) {
    evidence = addPair(evidence, row, settings);
    const soFar = decide(evidence, settings);
    if (soFar.decision !== 'continue') break;
  }
  return assessEvidence(evidence, settings, context);
}

/** The same for evidence that was folded incrementally. */
export function assessEvidence(
  evidence: Evidence,
  settings: MeasurementSettings,
  context: MeasurementContext = noContext,
): Assessment {
  const { metric } = settings;
  const { differences, frozen } = evidence;
  const ruling = decide(evidence, settings, context);
  const shown = {
    ...ruling,
    eHarm: eHarm(evidence),
    eGain: eGain(evidence),
    eNonInferior: eNonInferior(evidence),
    scale: frozen?.scale ?? null,
    estimate: differences.length > 0 ? effectOf(metric, hodgesLehmann(differences)) : null,
    interval: frozen ? boundsOf(metric, differences, frozen.scale, settings.intervalEvidence) : null,
    unit: metric.unit,
    pairs: differences.length,
    aaPairs: evidence.differencesAA.length,
    next: evidence.differencesAA.length < settings.aaPairsMin ? ('AA' as const) : ('AB' as const),
  };
  return { ...shown, reason: describe(shown, evidence, settings, context) };
}

function boundsOf(
  metric: Metric,
  differences: readonly number[],
  scale: number,
  threshold: number,
): EffectBounds {
  const { low, high } = anytimeInterval(differences, { scale, threshold });
  const most = differenceMax(metric);
  const better = { value: effectOf(metric, Math.max(low, -most)), bounded: low > -Infinity };
  const worse = { value: effectOf(metric, Math.min(high, most)), bounded: high < Infinity };
  const [least, greatest] = metric.worse === 1 ? [better, worse] : [worse, better];
  return {
    low: least.value,
    high: greatest.value,
    lowBounded: least.bounded,
    highBounded: greatest.bounded,
  };
}

function inOrder(rows: readonly PairRow[]): PairRow[] {
  const ordered = rows.toSorted((a, b) =>
    a.kind === b.kind ? a.pairNo - b.pairNo : a.kind === 'AA' ? -1 : 1,
  );
  for (let i = 1; i < ordered.length; i++) {
    const [before, row] = [ordered[i - 1], ordered[i]];
    if (before.kind === row.kind && before.pairNo === row.pairNo) {
      throw new HartoError('INPUT_INVALID', `evidence pair ${row.kind} ${row.pairNo} is there twice`);
    }
  }
  return ordered;
}

const verdictByDecision: Readonly<Record<Exclude<Decision, 'continue'>, Verdict>> = {
  harm: 'RevertedHarm',
  keep: 'Kept',
  'no-benefit': 'RevertedNoBenefit',
  inconclusive: 'Inconclusive',
};

/** The verdict that a final decision leads to once the action is kept or undone; null while it continues. */
export const verdictOfDecision = (decision: Decision): Verdict | null =>
  decision === 'continue' ? null : verdictByDecision[decision];
