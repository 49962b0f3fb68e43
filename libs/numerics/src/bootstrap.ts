import { NumericsError } from './errors.js';
import { requireFinite, requireInside, requireInteger, requireNonEmpty } from './preconditions.js';
import { quantileSorted } from './quantile.js';
import type { Rng } from './random.js';

/** Options of the bootstraps. */
export interface BootstrapOptions {
  rng: Rng;
  /** Resamples; default 2000. */
  replicates?: number;
  /** Default 0.95. */
  confidence?: number;
}

/** Percentile interval of a statistic. */
export interface BootstrapResult {
  estimate: number;
  low: number;
  high: number;
  /** Standard deviation of the replicates. */
  standardError: number;
  /** Replicates, ascending. */
  replicates: Float64Array;
}

type Statistic = (sample: Float64Array) => number;

function summarise(estimate: number, replicates: Float64Array, confidence: number): BootstrapResult {
  replicates.sort();
  const mean = replicates.reduce((sum, value) => sum + value, 0) / replicates.length;
  const squares = replicates.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    estimate,
    low: quantileSorted(replicates, (1 - confidence) / 2),
    high: quantileSorted(replicates, (1 + confidence) / 2),
    standardError: replicates.length > 1 ? Math.sqrt(squares / (replicates.length - 1)) : 0,
    replicates,
  };
}

function settings(options: BootstrapOptions): { count: number; confidence: number } {
  const count = options.replicates ?? 2000;
  const confidence = options.confidence ?? 0.95;
  requireInteger('BOOTSTRAP', 'replicates', count, 1, 1e6);
  requireInside('BOOTSTRAP', 'confidence', confidence, 0, 1);
  return { count, confidence };
}

/**
 * Moving (circular) block bootstrap of a series: blocks of `blockLength` consecutive values, wrapping, are drawn
 * with replacement until n values stand (Politis & Romano 1992). Keeps dependence inside blocks.
 * O(replicates x (n + statistic)). Throws `BOOTSTRAP_EMPTY`, `BOOTSTRAP_INVALID`, `BOOTSTRAP_NOT_FINITE`.
 */
export function circularBlockBootstrap(
  values: ArrayLike<number>,
  blockLength: number,
  statistic: Statistic,
  options: BootstrapOptions,
): BootstrapResult {
  requireNonEmpty('BOOTSTRAP', values);
  requireFinite('BOOTSTRAP', values);
  const n = values.length;
  requireInteger('BOOTSTRAP', 'blockLength', blockLength, 1, n);
  const { count, confidence } = settings(options);
  const source = Float64Array.from(values);
  const replicates = new Float64Array(count);
  const sample = new Float64Array(n);
  for (let r = 0; r < count; r++) {
    for (let filled = 0; filled < n;) {
      let at = Math.floor(options.rng() * n);
      const end = Math.min(n, filled + blockLength);
      while (filled < end) {
        sample[filled++] = source[at++];
        if (at === n) at = 0;
      }
    }
    replicates[r] = statistic(sample);
  }
  return summarise(statistic(source), replicates, confidence);
}

/**
 * Bootstrap over given blocks (clusters): block b is values[offsets[b]] .. values[offsets[b + 1] - 1]; as many
 * blocks as there are get drawn with replacement, so a replicate's length may vary. `offsets` ascends from 0 to
 * values.length. Throws `BOOTSTRAP_EMPTY`, `BOOTSTRAP_SHAPE`, `BOOTSTRAP_NOT_FINITE`.
 */
export function blockBootstrap(
  values: ArrayLike<number>,
  offsets: ArrayLike<number>,
  statistic: Statistic,
  options: BootstrapOptions,
): BootstrapResult {
  requireNonEmpty('BOOTSTRAP', values);
  requireFinite('BOOTSTRAP', values);
  const blocks = offsets.length - 1;
  let longest = 0;
  for (let b = 0; b < blocks; b++) {
    const length = offsets[b + 1] - offsets[b];
    if (!(length > 0)) throw new NumericsError('BOOTSTRAP_SHAPE', `block ${b} is empty`, { block: b });
    longest = Math.max(longest, length);
  }
  if (blocks < 1 || offsets[0] !== 0 || offsets[blocks] !== values.length) {
    throw new NumericsError('BOOTSTRAP_SHAPE', 'offsets must ascend from 0 to the number of values');
  }
  const { count, confidence } = settings(options);
  const source = Float64Array.from(values);
  const replicates = new Float64Array(count);
  const buffer = new Float64Array(longest * blocks);
  for (let r = 0; r < count; r++) {
    let length = 0;
    for (let draw = 0; draw < blocks; draw++) {
      const b = Math.floor(options.rng() * blocks);
      for (let i = offsets[b]; i < offsets[b + 1]; i++) buffer[length++] = source[i];
    }
    replicates[r] = statistic(buffer.subarray(0, length));
  }
  return summarise(statistic(source), replicates, confidence);
}
