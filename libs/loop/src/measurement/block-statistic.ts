import { MAD_TO_SIGMA, median, quantileSorted } from '@hartonomous/numerics';
import { transform, type Metric } from './metrics.js';

/** Sorts a copy; blocks are about 20 long, where insertion beats the general sort. */
function ascending(values: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(values);
  if (out.length > 64) return out.sort();
  for (let i = 1; i < out.length; i++) {
    const value = out[i];
    let at = i;
    for (; at > 0 && out[at - 1] > value; at--) out[at] = out[at - 1];
    out[at] = value;
  }
  return out;
}

/** S of one block: median, p95 (interpolated) or mean of the transformed values. `values` is not empty. */
export function blockStatistic(metric: Metric, values: ArrayLike<number>): number {
  if (metric.statistic === 'mean') {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += transform(metric, values[i]);
    return sum / values.length;
  }
  const ordered = ascending(values);
  const position = (ordered.length - 1) * (metric.statistic === 'median' ? 0.5 : 0.95);
  // The transform is monotone, so it is needed for the two neighbouring order statistics only.
  const low = Math.floor(position);
  const high = Math.min(low + 1, ordered.length - 1);
  return quantileSorted([transform(metric, ordered[low]), transform(metric, ordered[high])], position - low);
}

/** s = max(2 x 1.4826 x median |d_AA|, delta): two robust standard deviations of a difference without a change. */
export const scaleOf = (differencesAA: ArrayLike<number>, delta: number): number =>
  Math.max(2 * MAD_TO_SIGMA * median(Float64Array.from(differencesAA, Math.abs)), delta);
