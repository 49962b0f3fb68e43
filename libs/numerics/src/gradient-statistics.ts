import { requireInRange, rowCount, type Floats } from './preconditions.js';
import { scratchKernels, type Engine } from './wasm/kernels.js';
import { sumSquaresTwin } from './wasm/twins.js';
import { emptyMoments, mergeMoments, populationVariance, type Moments } from './welford.js';

/** Statistics of gradient norms; plain data, mergeable in any order. */
export interface GradientStatistics {
  /** Moments of the finite L2 norms. */
  norms: Moments;
  /** Rows whose norm is NaN or infinite; they enter no moment. */
  nonFinite: number;
}

/** What the statistics say. */
export interface GradientHealth {
  count: number;
  mean: number;
  min: number;
  max: number;
  /** Standard deviation, divisor count. */
  deviation: number;
  nonFinite: number;
  /** Mean norm below the lower limit (only when something was counted). */
  vanishing: boolean;
  /** Largest norm above the upper limit, or a norm that is not finite. */
  exploding: boolean;
}

/** Statistics of nothing. */
export function emptyGradientStatistics(): GradientStatistics {
  return { norms: emptyMoments(), nonFinite: 0 };
}

/** Values copied into the kernel's memory at a time: they stay in the second-level cache. */
const BLOCK_VALUES = 24_576;

/** Sum of squares of each row of single-precision values: the kernel over blocks of rows, or its twin. */
function sumsOfSquaresF32(values: Float32Array, dim: number, rows: number, engine: Engine): Float64Array {
  const sums = new Float64Array(rows);
  const kernels = scratchKernels(engine);
  if (!kernels) {
    sumSquaresTwin(values, dim, sums);
    return sums;
  }
  const blockRows = Math.max(1, Math.min(rows, Math.floor(BLOCK_VALUES / dim)));
  const outAt = kernels.reserve(8 * blockRows);
  const blockAt = kernels.reserve(4 * dim * blockRows);
  const block = kernels.f32(blockAt, dim * blockRows);
  const out = kernels.f64(outAt, blockRows);
  for (let from = 0; from < rows; from += blockRows) {
    const count = Math.min(blockRows, rows - from);
    block.set(values.subarray(from * dim, (from + count) * dim));
    kernels.run.sumSquaresF32(blockAt, count, dim, outAt);
    sums.set(count === blockRows ? out : out.subarray(0, count), from);
  }
  return sums;
}

/** Sum of squares of each row of doubles, in four interleaved partial sums. */
function sumsOfSquaresF64(values: Float64Array, dim: number, rows: number): Float64Array {
  const sums = new Float64Array(rows);
  const whole = dim & ~3;
  for (let r = 0; r < rows; r++) {
    const row = r * dim;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = row; i < row + whole; i += 4) {
      s0 += values[i] * values[i];
      s1 += values[i + 1] * values[i + 1];
      s2 += values[i + 2] * values[i + 2];
      s3 += values[i + 3] * values[i + 3];
    }
    for (let i = row + whole; i < row + dim; i++) s0 += values[i] * values[i];
    sums[r] = s0 + s1 + (s2 + s3);
  }
  return sums;
}

/** L2 norm by scaling, for rows whose squares overflow or underflow. */
function scaledNorm(values: Floats, from: number, dim: number): number {
  let largest = 0;
  for (let i = from; i < from + dim; i++) {
    const size = Math.abs(values[i]);
    if (!(size < Infinity)) return NaN;
    if (size > largest) largest = size;
  }
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = from; i < from + dim; i++) sum += (values[i] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/**
 * L2 norm of each row of `gradients` (rows x dim). Squares that leave the safe range are redone scaled, so
 * the result is right for any finite row; NaN for a row that is not finite. O(rows dim).
 */
export function rowNorms(gradients: Floats, dim: number, engine: Engine = 'auto'): Float64Array {
  const rows = rowCount('GRADIENTS', gradients, dim);
  const norms =
    gradients instanceof Float32Array
      ? sumsOfSquaresF32(gradients, dim, rows, engine)
      : sumsOfSquaresF64(gradients, dim, rows);
  for (let r = 0; r < rows; r++) {
    const sum = norms[r];
    norms[r] = sum > 1e-280 && sum < Infinity ? Math.sqrt(sum) : scaledNorm(gradients, r * dim, dim);
  }
  return norms;
}

/** Moments of precomputed norms by two passes (small array): mean, then deviations. */
function momentsOfNorms(norms: Float64Array): GradientStatistics {
  const moments = emptyMoments();
  let nonFinite = 0;
  let sum = 0;
  for (const norm of norms) {
    if (!(norm < Infinity)) {
      nonFinite++;
      continue;
    }
    moments.count++;
    sum += norm;
    if (norm < moments.min) moments.min = norm;
    if (norm > moments.max) moments.max = norm;
  }
  if (moments.count > 0) moments.mean = sum / moments.count;
  for (const norm of norms) if (norm < Infinity) moments.m2 += (norm - moments.mean) ** 2;
  return { norms: moments, nonFinite };
}

/**
 * Statistics of the L2 norms of the rows of `gradients` (rows x dim). O(rows dim), one pass over the data.
 * Throws `GRADIENTS_SHAPE`, `GRADIENTS_INVALID`.
 */
export function gradientStatistics(
  gradients: Floats,
  dim: number,
  engine: Engine = 'auto',
): GradientStatistics {
  return momentsOfNorms(rowNorms(gradients, dim, engine));
}

/** Statistics of two disjoint batches together. O(1). */
export function mergeGradientStatistics(a: GradientStatistics, b: GradientStatistics): GradientStatistics {
  return { norms: mergeMoments(a.norms, b.norms), nonFinite: a.nonFinite + b.nonFinite };
}

/** Reads the statistics: vanishing = mean < 1e-7, exploding = max > 100 (limits are settings). O(1). */
export function gradientHealth(
  statistics: GradientStatistics,
  vanishingMeanMax = 1e-7,
  explodingNormMin = 100,
): GradientHealth {
  requireInRange('GRADIENTS', 'vanishingMeanMax', vanishingMeanMax, 0, Number.MAX_VALUE);
  requireInRange('GRADIENTS', 'explodingNormMin', explodingNormMin, 0, Number.MAX_VALUE);
  const { norms, nonFinite } = statistics;
  const { count, mean } = norms;
  return {
    count,
    mean,
    min: count === 0 ? 0 : norms.min,
    max: count === 0 ? 0 : norms.max,
    deviation: Math.sqrt(populationVariance(norms)),
    nonFinite,
    vanishing: count > 0 && mean < vanishingMeanMax,
    exploding: nonFinite > 0 || (count > 0 && norms.max > explodingNormMin),
  };
}
