import { NumericsError } from './errors.js';
import { normalCdf, normalQuantile } from './normal-distribution.js';
import { requireFinite, requireInside, requireNonEmpty } from './preconditions.js';
import type { Interval } from './wilson.js';

/** Counts pairs at or below `t`, and finds the least pair value above `t`. */
interface PairOrder {
  total: number;
  min: number;
  max: number;
  countAtMost(t: number): number;
  leastAbove(t: number): number;
}

/** Largest sample for which the exact signed-rank distribution is tabulated (O(n^3) sums). */
const EXACT_SIGNED_RANK_MAX = 200;

/** Walsh averages (x_i + x_j) / 2, i <= j, of an ascending sample. Counting is O(n) by a staircase walk. */
function walshOrder(sorted: Float64Array): PairOrder {
  const n = sorted.length;
  const average = (i: number, j: number): number => sorted[i] / 2 + sorted[j] / 2;
  return {
    total: (n * (n + 1)) / 2,
    min: sorted[0],
    max: sorted[n - 1],
    countAtMost(t) {
      let count = 0;
      let j = n - 1;
      for (let i = 0; i < n; i++) {
        while (j >= i && average(i, j) > t) j--;
        if (j < i) break;
        count += j - i + 1;
      }
      return count;
    },
    leastAbove(t) {
      let best = Infinity;
      let j = n;
      for (let i = 0; i < n; i++) {
        while (j > i && average(i, j - 1) > t) j--;
        const first = Math.max(i, j);
        if (first < n) best = Math.min(best, average(i, first));
      }
      return best;
    },
  };
}

/** Differences y_j - x_i of two ascending samples. */
function differenceOrder(x: Float64Array, y: Float64Array): PairOrder {
  return {
    total: x.length * y.length,
    min: y[0] - x[x.length - 1],
    max: y[y.length - 1] - x[0],
    countAtMost(t) {
      let count = 0;
      let j = 0;
      for (let i = 0; i < x.length; i++) {
        while (j < y.length && y[j] - x[i] <= t) j++;
        count += j;
      }
      return count;
    },
    leastAbove(t) {
      let best = Infinity;
      let j = 0;
      for (let i = 0; i < x.length; i++) {
        while (j < y.length && y[j] - x[i] <= t) j++;
        if (j < y.length) best = Math.min(best, y[j] - x[i]);
      }
      return best;
    },
  };
}

/** Exact k-th smallest pair value (1-based): bisection on the value, then steps over actual pair values. */
function selectPair(order: PairOrder, k: number): number {
  if (order.countAtMost(order.min) >= k) return order.min;
  let low = order.min;
  let high = order.max;
  for (let step = 0; step < 60; step++) {
    const middle = low / 2 + high / 2;
    if (middle <= low || middle >= high) break;
    if (order.countAtMost(middle) >= k) high = middle;
    else low = middle;
  }
  for (;;) {
    const next = order.leastAbove(low);
    if (next >= high || order.countAtMost(next) >= k) return Math.min(next, order.max);
    low = next;
  }
}

function medianOfPairs(order: PairOrder): number {
  const lower = selectPair(order, Math.ceil(order.total / 2));
  return order.total % 2 === 1 ? lower : lower / 2 + selectPair(order, order.total / 2 + 1) / 2;
}

function prepare(values: ArrayLike<number>): Float64Array {
  requireNonEmpty('HODGES_LEHMANN', values);
  requireFinite('HODGES_LEHMANN', values);
  return Float64Array.from(values).sort();
}

/**
 * Hodges-Lehmann location estimate: the median of all Walsh averages (i <= j), exactly. O(n log n + 60 n) time,
 * O(n) memory. Hodges & Lehmann 1963. Throws `HODGES_LEHMANN_EMPTY` and `HODGES_LEHMANN_NOT_FINITE`.
 */
export function hodgesLehmann(values: ArrayLike<number>): number {
  return medianOfPairs(walshOrder(prepare(values)));
}

/** Hodges-Lehmann shift from `before` to `after`: median of all differences after_j - before_i. */
export function hodgesLehmannShift(before: ArrayLike<number>, after: ArrayLike<number>): number {
  return medianOfPairs(differenceOrder(prepare(before), prepare(after)));
}

/** Largest c with P(T <= c) <= alpha for the signed-rank statistic T of n values; -1 when there is none. */
function signedRankCritical(n: number, alpha: number): number {
  const total = (n * (n + 1)) / 2;
  if (n > EXACT_SIGNED_RANK_MAX) {
    const sd = Math.sqrt((total * (2 * n + 1)) / 12);
    return Math.floor(total / 2 + normalQuantile(alpha) * sd - 0.5);
  }
  const probability = new Float64Array(total + 1);
  probability[0] = 1;
  for (let rank = 1, top = 0; rank <= n; rank++) {
    top += rank;
    for (let s = top; s >= rank; s--) probability[s] = (probability[s] + probability[s - rank]) / 2;
    for (let s = Math.min(rank - 1, top); s >= 0; s--) probability[s] /= 2;
  }
  let cumulative = 0;
  for (let c = 0; c <= total; c++) {
    cumulative += probability[c];
    if (cumulative > alpha * (1 + 1e-12)) return c - 1;
  }
  return total;
}

/**
 * Distribution-free interval for the centre of a symmetric distribution from the Walsh averages (Tukey 1949):
 * the (c+1)-th smallest and largest, c from the exact signed-rank distribution for n <= 200, its normal
 * approximation above. With too few values for the confidence (n < 6 at 95 %) it is (-Infinity, Infinity).
 */
export function walshInterval(values: ArrayLike<number>, confidence = 0.95): Interval {
  requireInside('WALSH', 'confidence', confidence, 0, 1);
  const order = walshOrder(prepare(values));
  const critical = signedRankCritical(values.length, (1 - confidence) / 2);
  if (critical < 0) return { low: -Infinity, high: Infinity };
  return { low: selectPair(order, critical + 1), high: selectPair(order, order.total - critical) };
}

/**
 * Two-sided p-value of the Wilcoxon signed-rank test of centre 0 by the normal approximation with tie
 * correction; zeros are dropped (Wilcoxon's rule). Throws `SIGNED_RANK_EMPTY` when only zeros remain.
 */
export function signedRankPValue(values: ArrayLike<number>): number {
  requireFinite('SIGNED_RANK', values);
  const kept = Array.from(values)
    .filter((value) => value !== 0)
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  const n = kept.length;
  if (n === 0) throw new NumericsError('SIGNED_RANK_EMPTY', 'no value differs from zero');
  let positive = 0;
  let ties = 0;
  for (let i = 0; i < n;) {
    let j = i;
    while (j < n && Math.abs(kept[j]) === Math.abs(kept[i])) j++;
    const rank = (i + 1 + j) / 2;
    ties += (j - i) ** 3 - (j - i);
    for (let m = i; m < j; m++) if (kept[m] > 0) positive += rank;
    i = j;
  }
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  const z = Math.abs(positive - (n * (n + 1)) / 4) / Math.sqrt(variance);
  return Math.min(1, 2 * normalCdf(-z));
}
