import { requireInside, requireSameLength } from './preconditions.js';

/** Running maximum and sum of exp(x - max): enough to normalise a stream in one pass. Plain data, mergeable. */
export interface SoftmaxState {
  max: number;
  sum: number;
}

/** State of an empty stream. */
export function emptySoftmax(): SoftmaxState {
  return { max: -Infinity, sum: 0 };
}

/** Adds one logit (Milakov & Gimelshein 2018). -Infinity adds nothing; +Infinity or NaN makes the sum NaN. O(1). */
export function addLogit(state: SoftmaxState, logit: number): void {
  if (logit === -Infinity) return;
  if (logit <= state.max) {
    state.sum += Math.exp(logit - state.max);
  } else {
    state.sum = (state.sum === 0 ? 0 : state.sum * Math.exp(state.max - logit)) + Math.exp(logit - logit);
    state.max = logit;
  }
}

/** State of two streams joined. */
export function mergeSoftmax(a: SoftmaxState, b: SoftmaxState): SoftmaxState {
  if (a.sum === 0) return { ...b };
  if (b.sum === 0) return { ...a };
  const max = Math.max(a.max, b.max);
  return { max, sum: a.sum * Math.exp(a.max - max) + b.sum * Math.exp(b.max - max) };
}

/** ln sum exp(x); -Infinity for an empty stream. */
export function logSumExp(values: ArrayLike<number>): number {
  const state = emptySoftmax();
  for (let i = 0; i < values.length; i++) addLogit(state, values[i]);
  return state.sum === 0 ? -Infinity : state.max + Math.log(state.sum);
}

/**
 * exp(x / T) / sum exp(x / T) without overflow; sums to 1. All -Infinity (or an empty input) gives zeros. O(n).
 * Throws `SOFTMAX_INVALID` unless the temperature is positive and finite, `SOFTMAX_SHAPE` for a wrong `out`.
 */
export function softmax(
  logits: ArrayLike<number>,
  temperature = 1,
  out: Float64Array = new Float64Array(logits.length),
): Float64Array {
  requireInside('SOFTMAX', 'temperature', temperature, 0, Infinity);
  requireSameLength('SOFTMAX', logits, out);
  const state = emptySoftmax();
  for (let i = 0; i < logits.length; i++) addLogit(state, logits[i] / temperature);
  if (state.sum === 0) return out.fill(0);
  for (let i = 0; i < logits.length; i++) out[i] = Math.exp(logits[i] / temperature - state.max) / state.sum;
  return out;
}
