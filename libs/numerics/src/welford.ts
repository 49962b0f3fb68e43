/** Running moments; plain data, so it can be stored and merged. */
export interface Moments {
  count: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  m2: number;
  min: number;
  max: number;
}

/** The moments of nothing: count 0, mean 0, min +inf, max -inf. */
export function emptyMoments(): Moments {
  return { count: 0, mean: 0, m2: 0, min: Infinity, max: -Infinity };
}

/** Adds one value in place (Welford 1962). NaN poisons mean and m2, as it should. O(1). */
export function addToMoments(moments: Moments, value: number): void {
  moments.count++;
  const delta = value - moments.mean;
  moments.mean += delta / moments.count;
  moments.m2 += delta * (value - moments.mean);
  if (value < moments.min) moments.min = value;
  if (value > moments.max) moments.max = value;
}

/** Moments of all values. O(n). */
export function momentsOf(values: ArrayLike<number>): Moments {
  const moments = emptyMoments();
  for (let i = 0; i < values.length; i++) addToMoments(moments, values[i]);
  return moments;
}

/** Moments of the union of two disjoint samples (Chan, Golub & LeVeque 1979). O(1); neither input changes. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return { ...b };
  if (b.count === 0) return { ...a };
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Unbiased variance (n - 1); 0 for fewer than two values. */
export function sampleVariance(moments: Moments): number {
  return moments.count < 2 ? 0 : moments.m2 / (moments.count - 1);
}

/** Variance with divisor n; 0 for an empty sample. */
export function populationVariance(moments: Moments): number {
  return moments.count === 0 ? 0 : moments.m2 / moments.count;
}

/** Square root of {@link sampleVariance}. */
export function sampleDeviation(moments: Moments): number {
  return Math.sqrt(sampleVariance(moments));
}
