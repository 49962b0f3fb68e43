import { requireFinite, requireInRange, requireNonEmpty } from './preconditions.js';

/** Consistency constant: 1.4826 x MAD estimates the standard deviation of a normal sample. */
export const MAD_TO_SIGMA = 1.482602218505602;

/**
 * k-th smallest value (0-based) of `data`, partially reordering it in place (Floyd & Rivest 1975). Expected
 * O(n), duplicates included. `data` must not hold NaN.
 */
export function selectInPlace(data: Float64Array, k: number, from = 0, to = data.length - 1): number {
  let left = from;
  let right = to;
  while (right > left) {
    if (right - left > 600) {
      const n = right - left + 1;
      const i = k - left + 1;
      const z = Math.log(n);
      const s = 0.5 * Math.exp((2 * z) / 3);
      const sd = 0.5 * Math.sqrt((z * s * (n - s)) / n) * Math.sign(i - n / 2);
      const newLeft = Math.max(left, Math.floor(k - (i * s) / n + sd));
      const newRight = Math.min(right, Math.floor(k + ((n - i) * s) / n + sd));
      selectInPlace(data, k, newLeft, newRight);
    }
    const pivot = data[k];
    let i = left;
    let j = right;
    while (i <= j) {
      while (data[i] < pivot) i++;
      while (data[j] > pivot) j--;
      if (i <= j) {
        const kept = data[i];
        data[i++] = data[j];
        data[j--] = kept;
      }
    }
    if (j < k) left = i;
    if (k < i) right = j;
  }
  return data[k];
}

/** Quantile of ascending values by linear interpolation (Hyndman & Fan type 7, as numpy and R). O(1). */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  requireNonEmpty('QUANTILE', sorted);
  requireInRange('QUANTILE', 'q', q, 0, 1);
  const position = (sorted.length - 1) * q;
  const low = Math.floor(position);
  const weight = position - low;
  const value = sorted[low];
  return weight === 0 ? value : value + weight * (sorted[low + 1] - value);
}

/**
 * Quantile q in [0, 1] (type 7). Expected O(n); the input is copied. Throws `QUANTILE_EMPTY`,
 * `QUANTILE_INVALID` (q) and `QUANTILE_NOT_FINITE` (NaN or infinity).
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  requireNonEmpty('QUANTILE', values);
  requireInRange('QUANTILE', 'q', q, 0, 1);
  requireFinite('QUANTILE', values);
  return quantileInPlace(Float64Array.from(values), q);
}

function quantileInPlace(data: Float64Array, q: number): number {
  const position = (data.length - 1) * q;
  const low = Math.floor(position);
  const weight = position - low;
  const value = selectInPlace(data, low);
  if (weight === 0) return value;
  let next = Infinity;
  for (let i = low + 1; i < data.length; i++) if (data[i] < next) next = data[i];
  return value + weight * (next - value);
}

/** Several quantiles at the price of one sort: O(n log n + m). Errors as {@link quantile}. */
export function quantiles(values: ArrayLike<number>, qs: ArrayLike<number>): Float64Array {
  requireNonEmpty('QUANTILE', values);
  requireFinite('QUANTILE', values);
  const sorted = Float64Array.from(values).sort();
  return Float64Array.from(qs, (q) => quantileSorted(sorted, q));
}

/** Median. Errors as {@link quantile}. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Median absolute deviation from the median, unscaled (multiply by {@link MAD_TO_SIGMA}). */
export function medianAbsoluteDeviation(values: ArrayLike<number>): number {
  const center = median(values);
  return quantileInPlace(
    Float64Array.from(values, (value) => Math.abs(value - center)),
    0.5,
  );
}

/**
 * Robust z = (x - median) / (1.4826 MAD), against `baseline` when given, else against the values themselves.
 * `floor` bounds the scale from below (same unit as the values), so a constant baseline stays defined; with a
 * scale of 0 the result is 0 for the median itself and +-Infinity elsewhere. O(n).
 */
export function robustZ(values: ArrayLike<number>, baseline = values, floor = 0): Float64Array {
  if (values.length === 0) return new Float64Array(0);
  requireFinite('ROBUST_Z', values);
  const center = median(baseline);
  const scale = Math.max(MAD_TO_SIGMA * medianAbsoluteDeviation(baseline), floor);
  return Float64Array.from(values, (value) => {
    const deviation = value - center;
    return deviation === 0 ? 0 : deviation / scale;
  });
}
