import { normalQuantile } from './normal-distribution.js';
import { requireFinite, requireInside, requireInteger, requireNonEmpty } from './preconditions.js';

/** x_t - mean = sum coefficients[i] (x_{t-1-i} - mean) + noise. */
export interface ArModel {
  mean: number;
  coefficients: Float64Array;
  /** Variance of the innovations. */
  noiseVariance: number;
  /** Partial autocorrelations; all within [-1, 1], so the model is stable. */
  reflections: Float64Array;
}

/** How the coefficients are estimated. */
export type ArMethod = 'yule-walker' | 'burg';

function prepare(values: ArrayLike<number>, order: number): { centred: Float64Array; mean: number } {
  requireNonEmpty('AR', values);
  requireFinite('AR', values);
  requireInteger('AR', 'order', order, 0, values.length - 1);
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += (values[i] - mean) / (i + 1);
  return { centred: Float64Array.from(values, (value) => value - mean), mean };
}

/** One Levinson step: extends the coefficients of order m to m + 1 with reflection k. */
function levinsonStep(coefficients: Float64Array, m: number, k: number): void {
  const old = coefficients.slice(0, m);
  coefficients[m] = k;
  for (let i = 0; i < m; i++) coefficients[i] = old[i] - k * old[m - 1 - i];
}

function yuleWalker(x: Float64Array, order: number): Omit<ArModel, 'mean'> {
  const n = x.length;
  const covariance = new Float64Array(order + 1);
  for (let lag = 0; lag <= order; lag++) {
    for (let t = lag; t < n; t++) covariance[lag] += (x[t] * x[t - lag]) / n;
  }
  const coefficients = new Float64Array(order);
  const reflections = new Float64Array(order);
  let variance = covariance[0];
  for (let m = 0; m < order && variance > 0; m++) {
    let sum = covariance[m + 1];
    for (let i = 0; i < m; i++) sum -= coefficients[i] * covariance[m - i];
    reflections[m] = sum / variance;
    levinsonStep(coefficients, m, reflections[m]);
    variance *= 1 - reflections[m] ** 2;
  }
  return { coefficients, reflections, noiseVariance: Math.max(0, variance) };
}

function burg(x: Float64Array, order: number): Omit<ArModel, 'mean'> {
  const n = x.length;
  const forward = x.slice();
  const backward = x.slice();
  const coefficients = new Float64Array(order);
  const reflections = new Float64Array(order);
  let variance = x.reduce((sum, value) => sum + value * value, 0) / n;
  for (let m = 0; m < order; m++) {
    let numerator = 0;
    let denominator = 0;
    for (let t = m + 1; t < n; t++) {
      numerator += forward[t] * backward[t - 1];
      denominator += forward[t] ** 2 + backward[t - 1] ** 2;
    }
    if (!(denominator > 0)) break;
    const k = (2 * numerator) / denominator;
    reflections[m] = k;
    levinsonStep(coefficients, m, k);
    for (let t = n - 1; t > m; t--) {
      const f = forward[t];
      forward[t] = f - k * backward[t - 1];
      backward[t] = backward[t - 1] - k * f;
    }
    variance *= 1 - k * k;
  }
  return { coefficients, reflections, noiseVariance: Math.max(0, variance) };
}

/**
 * AR(p) by Yule-Walker (biased autocovariances, Levinson-Durbin: O(n p + p^2)) or Burg's method (Burg 1967, O(n p),
 * less biased on short series). Both give stable models. A constant series has coefficients and variance 0.
 * Throws `AR_EMPTY`, `AR_NOT_FINITE`, `AR_INVALID` (order must be below the length).
 */
export function fitAutoregression(
  values: ArrayLike<number>,
  order: number,
  method: ArMethod = 'burg',
): ArModel {
  const { centred, mean } = prepare(values, order);
  return { mean, ...(method === 'burg' ? burg(centred, order) : yuleWalker(centred, order)) };
}

/** The order in [0, maxOrder] of least AICc for the method; ties go to the lower order. */
export function selectArOrder(
  values: ArrayLike<number>,
  maxOrder: number,
  method: ArMethod = 'burg',
): number {
  const n = values.length;
  const { reflections } = fitAutoregression(values, maxOrder, method);
  let best = 0;
  let logVariance = 0;
  let least = n > 2 ? (2 * n) / (n - 2) : Infinity;
  for (let p = 1; p <= maxOrder && n - p - 2 > 0; p++) {
    logVariance += Math.log(Math.max(Number.MIN_VALUE, 1 - reflections[p - 1] ** 2));
    const criterion = n * logVariance + (2 * (p + 1) * n) / (n - p - 2);
    if (criterion < least) {
      least = criterion;
      best = p;
    }
  }
  return best;
}

/** Forecasts with a normal prediction interval per step. */
export interface Forecast {
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

/**
 * `steps` forecasts after `history` (at least `order` values) with intervals from the innovation variance through
 * the moving-average weights (Box & Jenkins). O(steps x order). Throws `AR_INVALID`, `AR_NOT_FINITE`.
 */
export function forecastAutoregression(
  model: ArModel,
  history: ArrayLike<number>,
  steps: number,
  confidence = 0.95,
): Forecast {
  const { coefficients, mean, noiseVariance } = model;
  const p = coefficients.length;
  requireInteger('AR', 'steps', steps, 0);
  requireInteger('AR', 'history length', history.length, p);
  requireInside('AR', 'confidence', confidence, 0, 1);
  requireFinite('AR', history);
  const z = -normalQuantile((1 - confidence) / 2);
  const path = new Float64Array(p + steps);
  for (let i = 0; i < p; i++) path[i] = history[history.length - p + i] - mean;
  const weights = new Float64Array(Math.max(1, steps));
  weights[0] = 1;
  const result = {
    mean: new Float64Array(steps),
    low: new Float64Array(steps),
    high: new Float64Array(steps),
  };
  let variance = 0;
  for (let h = 0; h < steps; h++) {
    for (let i = 0; i < p; i++) {
      path[p + h] += coefficients[i] * path[p + h - 1 - i];
      if (h > i) weights[h] += coefficients[i] * weights[h - 1 - i];
    }
    variance += noiseVariance * weights[h] ** 2;
    result.mean[h] = mean + path[p + h];
    result.low[h] = result.mean[h] - z * Math.sqrt(variance);
    result.high[h] = result.mean[h] + z * Math.sqrt(variance);
  }
  return result;
}
