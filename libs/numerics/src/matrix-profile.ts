import { requireFinite, requireInteger } from './preconditions.js';

/** Distance of each window to its nearest other window, and where that one starts (-1: there is none). */
export interface MatrixProfile {
  profile: Float64Array;
  nearest: Int32Array;
}

/** A pair of similar windows (start indices) and further windows within twice their distance. */
export interface Motif {
  a: number;
  b: number;
  distance: number;
  occurrences: number[];
}

/** Windows whose deviation is below this share of the series' largest magnitude count as constant. */
const CONSTANT_TOLERANCE = 1e-12;

function windowMoments(x: Float64Array, m: number): { means: Float64Array; deviations: Float64Array } {
  const count = x.length - m + 1;
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  const largest = x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  for (let i = 0; i < count; i++) {
    let mean = 0;
    for (let t = i; t < i + m; t++) mean += x[t] / m;
    let squares = 0;
    for (let t = i; t < i + m; t++) squares += (x[t] - mean) ** 2;
    const deviation = Math.sqrt(squares / m);
    means[i] = mean;
    deviations[i] = deviation <= CONSTANT_TOLERANCE * largest ? 0 : deviation;
  }
  return { means, deviations };
}

/**
 * Matrix profile of a series for windows of length m: z-normalised Euclidean distance to the nearest window that
 * starts at least `exclusion` away (default ceil(m / 2)). Diagonal order with one running product per step (Zhu et
 * al. 2016, STOMP; Yeh et al. 2016): O(n^2) time, O(n) memory. Two constant windows are at distance 0, a constant
 * and a varying one at sqrt(m). Windows without a partner have Infinity and -1. A series shorter than m gives empty
 * arrays. Throws `MATRIX_PROFILE_INVALID`, `MATRIX_PROFILE_NOT_FINITE`.
 */
export function matrixProfile(
  values: ArrayLike<number>,
  m: number,
  exclusion = Math.ceil(m / 2),
): MatrixProfile {
  requireInteger('MATRIX_PROFILE', 'm', m, 2);
  requireInteger('MATRIX_PROFILE', 'exclusion', exclusion, 1);
  requireFinite('MATRIX_PROFILE', values);
  const count = Math.max(0, values.length - m + 1);
  const profile = new Float64Array(count).fill(Infinity);
  const nearest = new Int32Array(count).fill(-1);
  if (count === 0) return { profile, nearest };
  let centre = 0;
  for (let i = 0; i < values.length; i++) centre += values[i] / values.length;
  const x = Float64Array.from(values, (value) => value - centre);
  const { means, deviations } = windowMoments(x, m);
  for (let lag = exclusion; lag < count; lag++) {
    let product = 0;
    for (let t = 0; t < m; t++) product += x[t] * x[t + lag];
    for (let i = 0; i + lag < count; i++) {
      const j = i + lag;
      if (i > 0) product += x[i + m - 1] * x[j + m - 1] - x[i - 1] * x[j - 1];
      const scale = deviations[i] * deviations[j];
      let squared: number;
      if (scale > 0) squared = 2 * m * (1 - (product / m - means[i] * means[j]) / scale);
      else squared = deviations[i] === deviations[j] ? 0 : m;
      if (squared < profile[i]) {
        profile[i] = squared;
        nearest[i] = j;
      }
      if (squared < profile[j]) {
        profile[j] = squared;
        nearest[j] = i;
      }
    }
  }
  for (let i = 0; i < count; i++) profile[i] = Math.sqrt(Math.max(0, profile[i]));
  return { profile, nearest };
}

/** z-normalised distance of windows i and j, as in {@link matrixProfile}. O(m). */
export function windowDistance(values: ArrayLike<number>, m: number, i: number, j: number): number {
  const pair = new Float64Array(2 * m);
  for (let t = 0; t < m; t++) {
    pair[t] = values[i + t];
    pair[m + t] = values[j + t];
  }
  const { means, deviations } = windowMoments(pair, m);
  if (deviations[0] === 0 || deviations[m] === 0) return deviations[0] === deviations[m] ? 0 : Math.sqrt(m);
  let sum = 0;
  for (let t = 0; t < m; t++) {
    const delta = (pair[t] - means[0]) / deviations[0] - (pair[m + t] - means[m]) / deviations[m];
    sum += delta * delta;
  }
  return Math.sqrt(sum);
}

/**
 * The `count` best motifs: closest pairs whose windows do not overlap (exclusion zone) those of better motifs,
 * each with its other occurrences within twice the pair's distance, in order of distance. O(count n m).
 */
export function findMotifs(
  values: ArrayLike<number>,
  m: number,
  count: number,
  exclusion = Math.ceil(m / 2),
): Motif[] {
  const { profile, nearest } = matrixProfile(values, m, exclusion);
  const free = new Uint8Array(profile.length).fill(1);
  const block = (at: number): void => {
    free.fill(0, Math.max(0, at - exclusion + 1), at + exclusion);
  };
  const motifs: Motif[] = [];
  const order = Array.from(profile.keys()).sort((i, j) => profile[i] - profile[j] || i - j);
  for (const a of order) {
    if (motifs.length === count) break;
    const b = nearest[a];
    if (b < 0 || !free[a] || !free[b]) continue;
    block(a);
    block(b);
    const limit = Math.max(2 * profile[a], 1e-6);
    const near: { at: number; distance: number }[] = [];
    for (let i = 0; i < profile.length; i++) {
      if (!free[i]) continue;
      const distance = windowDistance(values, m, a, i);
      if (distance <= limit) near.push({ at: i, distance });
    }
    const occurrences: number[] = [];
    for (const { at } of near.sort((p, q) => p.distance - q.distance || p.at - q.at)) {
      if (!free[at]) continue;
      block(at);
      occurrences.push(at);
    }
    motifs.push({ a: Math.min(a, b), b: Math.max(a, b), distance: profile[a], occurrences });
  }
  return motifs;
}
