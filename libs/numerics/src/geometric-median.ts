import { NumericsError } from './errors.js';
import {
  requireFinite,
  requireInRange,
  requireInteger,
  requireSameLength,
  rowCount,
} from './preconditions.js';

/** Options of {@link geometricMedian}. */
export interface GeometricMedianOptions {
  /** Non-negative weight per point; default 1 each. */
  weights?: ArrayLike<number>;
  /** Stops when a step is shorter than tolerance x the spread of the points. Default 1e-10. */
  tolerance?: number;
  /** Default 10,000. */
  maxIterations?: number;
}

/** The point of least summed distance. */
export interface GeometricMedianResult {
  point: Float64Array;
  /** Weighted sum of distances to it. */
  cost: number;
  iterations: number;
  converged: boolean;
}

/**
 * Geometric median of row-major points (n x dim): Weiszfeld's iteration with the step of Vardi & Zhang (2000), which
 * is defined where it lands on a data point. O(iterations n dim). On a line with an even number of points any
 * point between the middle two is a solution. Throws `GEOMETRIC_MEDIAN_EMPTY` (no point or no weight),
 * `GEOMETRIC_MEDIAN_NOT_FINITE`, `GEOMETRIC_MEDIAN_INVALID`, `GEOMETRIC_MEDIAN_SHAPE`.
 */
export function geometricMedian(
  points: ArrayLike<number>,
  dim: number,
  options: GeometricMedianOptions = {},
): GeometricMedianResult {
  const { tolerance = 1e-10, maxIterations = 10_000 } = options;
  const n = rowCount('GEOMETRIC_MEDIAN', points, dim);
  requireFinite('GEOMETRIC_MEDIAN', points);
  requireInRange('GEOMETRIC_MEDIAN', 'tolerance', tolerance, 0, 1);
  requireInteger('GEOMETRIC_MEDIAN', 'maxIterations', maxIterations, 1);
  const weights = options.weights ? Float64Array.from(options.weights) : new Float64Array(n).fill(1);
  requireSameLength('GEOMETRIC_MEDIAN', weights, { length: n });
  let total = 0;
  for (const weight of weights) {
    requireInRange('GEOMETRIC_MEDIAN', 'weight', weight, 0, Number.MAX_VALUE);
    total += weight;
  }
  if (!(total > 0)) throw new NumericsError('GEOMETRIC_MEDIAN_EMPTY', 'no point has weight');
  const point = new Float64Array(dim);
  for (let i = 0; i < n; i++)
    for (let t = 0; t < dim; t++) point[t] += (weights[i] / total) * points[i * dim + t];
  const spread = cost(points, dim, weights, point) / total;
  let iterations = 0;
  let moved = spread;
  while (moved > tolerance * spread && iterations < maxIterations) {
    iterations++;
    moved = weiszfeldStep(points, dim, weights, point, spread * 1e-14);
  }
  const converged = !(moved > tolerance * spread);
  return { point, cost: cost(points, dim, weights, point), iterations, converged };
}

function distanceTo(points: ArrayLike<number>, i: number, dim: number, point: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < dim; t++) sum += (points[i * dim + t] - point[t]) ** 2;
  return Math.sqrt(sum);
}

function cost(points: ArrayLike<number>, dim: number, weights: Float64Array, point: Float64Array): number {
  return weights.reduce((sum, weight, i) => sum + weight * distanceTo(points, i, dim, point), 0);
}

/** Moves `point` in place; returns the length of the step. Points nearer than `near` count as coinciding. */
function weiszfeldStep(
  points: ArrayLike<number>,
  dim: number,
  weights: Float64Array,
  point: Float64Array,
  near: number,
): number {
  const mean = new Float64Array(dim);
  const pull = new Float64Array(dim);
  let inverse = 0;
  let here = 0;
  for (let i = 0; i < weights.length; i++) {
    const distance = distanceTo(points, i, dim, point);
    if (distance <= near) {
      here += weights[i];
      continue;
    }
    const w = weights[i] / distance;
    inverse += w;
    for (let t = 0; t < dim; t++) {
      mean[t] += w * points[i * dim + t];
      pull[t] += w * (points[i * dim + t] - point[t]);
    }
  }
  if (inverse === 0) return 0;
  const strength = Math.sqrt(pull.reduce((sum, value) => sum + value * value, 0));
  const keep = strength === 0 ? 1 : Math.min(1, here / strength);
  let step2 = 0;
  for (let t = 0; t < dim; t++) {
    const next = (1 - keep) * (mean[t] / inverse) + keep * point[t];
    step2 += (next - point[t]) ** 2;
    point[t] = next;
  }
  return Math.sqrt(step2);
}
