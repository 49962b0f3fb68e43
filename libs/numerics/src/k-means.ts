import { NumericsError } from './errors.js';
import { requireFinite, requireInteger, rowCount } from './preconditions.js';
import type { Rng } from './random.js';

/** Options of {@link kMeans}. */
export interface KMeansOptions {
  rng: Rng;
  /** Default 100. */
  maxIterations?: number;
  /** Stops when no centroid moves by more than this (unit of the points); default 0: until nothing changes. */
  tolerance?: number;
}

/** `centroids` is k' x dim with k' <= k: fewer when the points have fewer distinct places. */
export interface KMeansResult {
  centroids: Float64Array;
  labels: Uint32Array;
  /** Sum of squared distances to the nearest centroid. */
  inertia: number;
  iterations: number;
  converged: boolean;
}

function squaredDistance(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  dim: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let t = 0;
  for (; t + 1 < dim; t += 2) {
    const d0 = a[i + t] - b[j + t];
    const d1 = a[i + t + 1] - b[j + t + 1];
    s0 += d0 * d0;
    s1 += d1 * d1;
  }
  if (t < dim) s0 += (a[i + t] - b[j + t]) ** 2;
  return s0 + s1;
}

/**
 * k-means++ seeding (Arthur & Vassilvitskii 2007): indices of up to k distinct places, each drawn with
 * probability proportional to its squared distance to those chosen. O(n k dim). An empty input gives none.
 */
export function kMeansPlusPlus(points: ArrayLike<number>, dim: number, k: number, rng: Rng): Uint32Array {
  const n = rowCount('K_MEANS', points, dim);
  requireInteger('K_MEANS', 'k', k, 1);
  requireFinite('K_MEANS', points);
  if (n === 0) return new Uint32Array(0);
  const chosen = [Math.floor(rng() * n)];
  const nearest = new Float64Array(n).fill(Infinity);
  while (chosen.length < k) {
    const last = chosen[chosen.length - 1] * dim;
    let total = 0;
    for (let i = 0; i < n; i++) {
      const distance = squaredDistance(points, i * dim, points, last, dim);
      if (distance < nearest[i]) nearest[i] = distance;
      total += nearest[i];
    }
    if (total === 0) break;
    let left = rng() * total;
    let pick = -1;
    for (let i = 0; i < n; i++) {
      if (nearest[i] === 0) continue;
      pick = i;
      left -= nearest[i];
      if (left < 0) break;
    }
    chosen.push(pick);
  }
  return Uint32Array.from(chosen);
}

/** Index of the nearest centroid of each point (ties to the lowest) and its squared distance. O(n k dim). */
export function assignToCentroids(
  points: ArrayLike<number>,
  dim: number,
  centroids: ArrayLike<number>,
): { labels: Uint32Array; squared: Float64Array } {
  const n = rowCount('K_MEANS', points, dim);
  const k = rowCount('K_MEANS', centroids, dim);
  if (k === 0 && n > 0) throw new NumericsError('K_MEANS_EMPTY', 'there is no centroid');
  const labels = new Uint32Array(n);
  const squared = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let best = Infinity;
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(points, i * dim, centroids, c * dim, dim);
      if (distance < best) {
        best = distance;
        labels[i] = c;
      }
    }
    squared[i] = best;
  }
  return { labels, squared };
}

/** Means of the assigned points; a cluster left empty takes the point farthest from its own centroid. */
function updateCentroids(
  points: ArrayLike<number>,
  dim: number,
  k: number,
  labels: Uint32Array,
  squared: Float64Array,
): Float64Array {
  const counts = new Uint32Array(k);
  for (const label of labels) counts[label]++;
  for (let c = 0; c < k; c++) {
    if (counts[c] > 0) continue;
    let farthest = -1;
    for (let i = 0; i < labels.length; i++) {
      if (counts[labels[i]] > 1 && (farthest < 0 || squared[i] > squared[farthest])) farthest = i;
    }
    counts[labels[farthest]]--;
    labels[farthest] = c;
    squared[farthest] = 0;
    counts[c] = 1;
  }
  const centroids = new Float64Array(k * dim);
  for (let i = 0; i < labels.length; i++) {
    const base = labels[i] * dim;
    const share = 1 / counts[labels[i]];
    for (let t = 0; t < dim; t++) centroids[base + t] += points[i * dim + t] * share;
  }
  return centroids;
}

/**
 * Lloyd's k-means from a k-means++ start, Euclidean. O(iterations n k dim). Deterministic for a seed. No cluster is
 * empty; k' < k when fewer distinct places exist. An empty input gives empty arrays. Throws `K_MEANS_INVALID`,
 * `K_MEANS_SHAPE`, `K_MEANS_NOT_FINITE`.
 */
export function kMeans(
  points: ArrayLike<number>,
  dim: number,
  k: number,
  options: KMeansOptions,
): KMeansResult {
  const seeds = kMeansPlusPlus(points, dim, k, options.rng);
  const { maxIterations = 100, tolerance = 0 } = options;
  requireInteger('K_MEANS', 'maxIterations', maxIterations, 1);
  let centroids: Float64Array = new Float64Array(seeds.length * dim);
  seeds.forEach((seed, c) => {
    for (let t = 0; t < dim; t++) centroids[c * dim + t] = points[seed * dim + t];
  });
  if (seeds.length === 0) {
    return { centroids, labels: new Uint32Array(0), inertia: 0, iterations: 0, converged: true };
  }
  let iterations = 0;
  let converged = false;
  while (!converged && iterations < maxIterations) {
    iterations++;
    const { labels, squared } = assignToCentroids(points, dim, centroids);
    const moved = updateCentroids(points, dim, seeds.length, labels, squared);
    let farthest = 0;
    for (let c = 0; c < seeds.length; c++) {
      farthest = Math.max(farthest, squaredDistance(moved, c * dim, centroids, c * dim, dim));
    }
    centroids = moved;
    converged = Math.sqrt(farthest) <= tolerance;
  }
  const { labels, squared } = assignToCentroids(points, dim, centroids);
  return { centroids, labels, inertia: squared.reduce((sum, d) => sum + d, 0), iterations, converged };
}
