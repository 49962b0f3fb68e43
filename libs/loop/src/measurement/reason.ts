import type { Assessment } from './assessment.js';
import type { Evidence } from './evidence.js';
import type { MeasurementSettings } from './settings.js';
import type { MeasurementContext } from './stopping-rule.js';

type Shown = Omit<Assessment, 'reason'>;

const number = (value: number): string =>
  !Number.isFinite(value) ? String(value) : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);

function effectText(shown: Shown, settings: MeasurementSettings): string {
  const { estimate, interval } = shown;
  const { metric } = settings;
  if (estimate === null || interval === null) return `no ${metric.label} measured yet`;
  const low = interval.lowBounded ? number(interval.low) : 'open';
  const high = interval.highBounded ? number(interval.high) : 'open';
  const what =
    metric.scale === 'log' ? `${number(estimate)} x control` : `${number(estimate)} against control`;
  return `${metric.label} ${what} (95 % interval ${low} to ${high}) after ${shown.pairs} pairs`;
}

/** The sentence an operator reads: what happens, the effect, the number that decided it. */
export function describe(
  shown: Shown,
  evidence: Evidence,
  settings: MeasurementSettings,
  context: MeasurementContext,
): string {
  const effect = effectText(shown, settings);
  const guardrail = shown.guardrail.status === 'clear' ? '' : shown.guardrail.reason;
  switch (shown.code) {
    case 'harm-evidence':
      return `Reverted for harm: ${effect}; evidence of harm ${number(shown.eHarm)}, ${settings.harmEvidence} needed.`;
    case 'guardrail-errors':
    case 'guardrail-p99':
    case 'guardrail-queue-age':
      return `Reverted for harm by a guardrail: ${guardrail}; ${effect}.`;
    case 'gain-evidence':
      return `Kept: ${effect}; evidence of a gain ${number(shown.eGain)}, ${settings.keepEvidence} needed.`;
    case 'non-inferior':
      return `Kept as not worse: ${effect}; evidence ${number(shown.eNonInferior)}, ${settings.keepEvidence} needed.`;
    case 'gain-excluded':
      return `Reverted, no benefit: ${effect}; a gain worth having (${gainText(evidence, settings)}) is excluded.`;
    case 'gain-impossible':
      return `Reverted, no benefit: ${settings.metric.label} without the change is too low for a gain of ${settings.metric.minAbsoluteGain} ms to be possible.`;
    case 'pairs-exhausted':
      return `Reverted, inconclusive: ${effect}; ${settings.pairsMax} pairs decided nothing (harm ${number(shown.eHarm)} of ${settings.harmEvidence}, gain ${number(shown.eGain)} of ${settings.keepEvidence})${guardrail && `; ${guardrail}`}.`;
    case 'time-exhausted':
      return `Reverted, inconclusive: ${effect}; undecided after ${settings.hoursMax} h${guardrail && `; ${guardrail}`}.`;
    case 'no-data':
      return `Reverted, inconclusive: no data for ${evidence.emptyRunning + (context.blocksWithoutData ?? 0)} blocks running; ${effect}.`;
    case 'guardrail-pending':
      return `Measuring: ${effect}; a gain is proven, but a guardrail is pending (${guardrail}).`;
    case 'needs-aa-pairs':
      return `Measuring without the change first: ${shown.aaPairs} of ${settings.aaPairsMin} A/A pairs.`;
    case 'needs-pairs':
      return `Measuring: ${effect}; harm ${number(shown.eHarm)} of ${settings.harmEvidence}, gain ${number(shown.eGain)} of ${settings.keepEvidence}.`;
  }
}

function gainText(evidence: Evidence, settings: MeasurementSettings): string {
  const gain = Math.max(settings.materialGain, evidence.frozen?.gainBand ?? 0);
  return settings.metric.scale === 'log'
    ? `above ${(100 * (1 - Math.exp(-gain))).toFixed(1)} %`
    : `above ${number(gain)} points`;
}
