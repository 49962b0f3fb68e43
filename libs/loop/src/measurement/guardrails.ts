import { quantile } from '@hartonomous/numerics';
import type { GuardrailSettings } from './settings.js';

/** The alternatives the error e-process bets on: the odds of the allowed share times these. */
const oddsFactors = [1.6, 2.4, 4, 7, 16] as const;
const allowedMax = 0.99;

/** State of the error guardrail; plain data, folded request by request or block by block. */
export interface ErrorGuardrail {
  readonly requests: number;
  readonly errors: number;
  /** Likelihood ratios against the allowed share, one per alternative. */
  readonly products: readonly number[];
}

export const freshErrorGuardrail: ErrorGuardrail = {
  requests: 0,
  errors: 0,
  products: oddsFactors.map(() => 1),
};

/** Largest error share that is still no harm: max(2 x baseline, baseline + 2 points). */
export const allowedErrorShare = (baseline: number, settings: GuardrailSettings): number =>
  Math.min(allowedMax, Math.max(settings.errorFactor * baseline, baseline + settings.errorPoints));

/** Folds in `requests` of the treated arm, `errors` of them failed. `allowed` must not depend on them. */
export function foldErrors(
  state: ErrorGuardrail,
  requests: number,
  errors: number,
  allowed: number,
): ErrorGuardrail {
  const products = state.products.map((product, i) => {
    const odds = (allowed / (1 - allowed)) * oddsFactors[i];
    const share = odds / (1 + odds);
    const log =
      errors * Math.log(share / allowed) + (requests - errors) * Math.log((1 - share) / (1 - allowed));
    return product * Math.exp(log);
  });
  return { requests: state.requests + requests, errors: state.errors + errors, products };
}

/** E of "the error share is at most the allowed one"; P(ever >= c) <= 1/c without harm. */
export const errorEvidence = (state: ErrorGuardrail): number =>
  state.products.reduce((sum, product) => sum + product, 0) / state.products.length;

export const errorGuardrailFired = (state: ErrorGuardrail, settings: GuardrailSettings): boolean =>
  state.errors >= settings.errorsMin && errorEvidence(state) >= settings.errorEvidence;

/** Blocks of latencies of both arms since the last full p99 window, and how many windows running exceeded. */
export interface P99Guardrail {
  readonly control: readonly (readonly number[])[];
  readonly treated: readonly (readonly number[])[];
  readonly exceededRunning: number;
  readonly last: { readonly controlMs: number; readonly treatedMs: number } | null;
}

export const freshP99Guardrail: P99Guardrail = { control: [], treated: [], exceededRunning: 0, last: null };

/** Folds in one block; closes the window once both arms have enough requests. Windows do not overlap. */
export function foldP99(
  state: P99Guardrail,
  controlMs: readonly number[],
  treatedMs: readonly number[],
  settings: GuardrailSettings,
): P99Guardrail {
  const control = [...state.control, controlMs];
  const treated = [...state.treated, treatedMs];
  if (Math.min(countOf(control), countOf(treated)) < settings.p99RequestsMin) {
    return { ...state, control, treated };
  }
  const last = { controlMs: quantile(control.flat(), 0.99), treatedMs: quantile(treated.flat(), 0.99) };
  const exceeded = last.treatedMs > settings.p99Factor * last.controlMs;
  return { control: [], treated: [], exceededRunning: exceeded ? state.exceededRunning + 1 : 0, last };
}

const countOf = (blocks: readonly (readonly number[])[]): number =>
  blocks.reduce((count, block) => count + block.length, 0);

export const p99GuardrailFired = (state: P99Guardrail, settings: GuardrailSettings): boolean =>
  state.exceededRunning >= settings.p99WindowsRunning;

/** 'pending' holds back a keep; 'fired' reverts. */
export type GuardrailStatus =
  | { readonly status: 'clear' }
  | {
      readonly status: 'pending' | 'fired';
      readonly rule: 'errors' | 'p99' | 'queue-age';
      readonly reason: string;
    };

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The strongest of the three guardrails. `queueAgeMs` null: not known, which is neither pass nor fail. */
export function guardrailStatus(
  errors: ErrorGuardrail,
  allowed: number,
  p99: P99Guardrail,
  queueAgeMs: number | null,
  settings: GuardrailSettings,
): GuardrailStatus {
  const share = errors.requests === 0 ? 0 : errors.errors / errors.requests;
  if (errorGuardrailFired(errors, settings)) {
    const reason = `errors: ${errors.errors} of ${errors.requests} treated requests failed (${percent(share)}, at most ${percent(allowed)} allowed)`;
    return { status: 'fired', rule: 'errors', reason };
  }
  if (p99GuardrailFired(p99, settings)) {
    return { status: 'fired', rule: 'p99', reason: p99Reason(p99, settings) };
  }
  if (queueAgeMs !== null && queueAgeMs > settings.queueAgeMsMax) {
    const reason = `queue: the oldest message waits ${Math.round(queueAgeMs)} ms, limit ${settings.queueAgeMsMax} ms`;
    return { status: 'fired', rule: 'queue-age', reason };
  }
  if (errorEvidence(errors) >= settings.errorEvidencePending) {
    const reason = `errors: ${percent(share)} of the treated requests failed, not yet certain`;
    return { status: 'pending', rule: 'errors', reason };
  }
  if (p99.exceededRunning > 0) return { status: 'pending', rule: 'p99', reason: p99Reason(p99, settings) };
  return { status: 'clear' };
}

function p99Reason(p99: P99Guardrail, settings: GuardrailSettings): string {
  const treated = p99.last?.treatedMs.toFixed(2) ?? '?';
  const control = p99.last?.controlMs.toFixed(2) ?? '?';
  return `p99: ${treated} ms treated against ${control} ms control in ${p99.exceededRunning} window(s) running (limit ${settings.p99Factor} x)`;
}
