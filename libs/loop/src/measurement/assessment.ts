import type { GuardrailStatus } from './guardrails.js';
import type { Decision, DecisionCode } from './stopping-rule.js';

/** Ratio treated / control (log metrics) or treated - control in points. */
export interface EffectBounds {
  readonly low: number;
  readonly high: number;
  /**
   * False where the evidence bounds that end not yet (about 8 pairs are needed): it then stands at the metric's
   * own bound (floor and ceiling of the values).
   */
  readonly lowBounded: boolean;
  readonly highBounded: boolean;
}

export interface Assessment {
  readonly decision: Decision;
  readonly code: DecisionCode;
  /** One sentence for an operator. */
  readonly reason: string;
  readonly eHarm: number;
  readonly eGain: number;
  readonly eNonInferior: number;
  /** s, in transformed units; null before the first A/B pair. */
  readonly scale: number | null;
  /** Hodges-Lehmann; null before the first A/B pair. */
  readonly estimate: number | null;
  /** 95 % anytime-valid; null before the first A/B pair. */
  readonly interval: EffectBounds | null;
  readonly unit: string;
  /** A/B pairs the decision rests on; later rows are not read. */
  readonly pairs: number;
  readonly aaPairs: number;
  /** Which kind of pair to measure next, while the decision is 'continue'. */
  readonly next: 'AA' | 'AB';
  readonly guardrail: GuardrailStatus;
}
