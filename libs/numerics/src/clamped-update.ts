import {
  applyToAll,
  composeClampedAffine,
  requireClampedAffine,
  type ClampedAffine,
} from './clamped-affine.js';
import { requireFinite, requireSameLength, rowCount } from './preconditions.js';
import { scratchKernels, type Engine, type Kernels } from './wasm/kernels.js';
import { clampedTwin } from './wasm/twins.js';

/**
 * Samples for a block of coordinates: `slopes[s]` and `offsets[s * dim + t]` move coordinate t of every atom by
 * x -> clamp(slope x + offset). For a pull toward target t at rate r: slope 1 - r, offset r t.
 */
export interface ClampedSamples {
  dim: number;
  slopes: Float64Array;
  /** samples x dim. */
  offsets: Float64Array;
  /** dim lower limits. */
  lo: Float64Array;
  /** dim upper limits. */
  hi: Float64Array;
}

/** Checks shapes and limits; returns the number of samples. Throws `CLAMPED_SHAPE`, `CLAMPED_INVALID`. */
function checkClampedSamples(samples: ClampedSamples): number {
  const count = rowCount('CLAMPED', samples.offsets, samples.dim);
  requireSameLength('CLAMPED', samples.slopes, { length: count });
  requireSameLength('CLAMPED', samples.lo, { length: samples.dim });
  requireSameLength('CLAMPED', samples.hi, { length: samples.dim });
  requireFinite('CLAMPED', samples.slopes);
  requireFinite('CLAMPED', samples.offsets);
  for (let t = 0; t < samples.dim; t++) {
    for (let s = 0; s < Math.max(1, count); s++) {
      const a = count === 0 ? 1 : samples.slopes[s];
      requireClampedAffine({ a, b: 0, lo: samples.lo[t], hi: samples.hi[t] });
    }
  }
  return count;
}

/** Atoms moved per call of the kernel: the block stays in the first-level cache. */
const BLOCK = 2048;

function interleave(
  samples: ClampedSamples,
  t: number,
  count: number,
  single: boolean,
): Float32Array | Float64Array {
  const pairs = single ? new Float32Array(2 * count) : new Float64Array(2 * count);
  for (let s = 0; s < count; s++) {
    pairs[2 * s] = samples.slopes[s];
    pairs[2 * s + 1] = samples.offsets[s * samples.dim + t];
  }
  return pairs;
}

function runKernel(
  kernels: Kernels,
  axis: Float32Array | Float64Array,
  pairs: Float32Array | Float64Array,
  lo: number,
  hi: number,
): void {
  kernels.reset();
  const single = axis instanceof Float32Array;
  const unit = single ? 4 : 8;
  const pairsAt = kernels.reserve(unit * pairs.length);
  const blockAt = kernels.reserve(unit * BLOCK);
  const view = (at: number, length: number): Float32Array | Float64Array =>
    single ? kernels.f32(at, length) : kernels.f64(at, length);
  view(pairsAt, pairs.length).set(pairs);
  const block = view(blockAt, BLOCK);
  const kernel = single ? kernels.run.clampedF32 : kernels.run.clampedF64;
  for (let from = 0; from < axis.length; from += BLOCK) {
    const part = axis.subarray(from, Math.min(axis.length, from + BLOCK));
    block.set(part);
    kernel(blockAt, Math.ceil(part.length / 4) * 4, pairsAt, pairs.length / 2, lo, hi);
    part.set(block.subarray(0, part.length));
  }
}

/**
 * Applies every sample in order to every coordinate, in place and in vector registers, in the precision of the axes
 * (all Float32Array or all Float64Array). `axes[t]` holds coordinate t of all atoms. Kernel and twin agree bit
 * for bit; a NaN coordinate becomes the lower limit. O(atoms x samples x dim). Throws `CLAMPED_SHAPE`,
 * `CLAMPED_INVALID`, `CLAMPED_NOT_FINITE`.
 */
export function updateClamped(
  axes: readonly Float32Array[] | readonly Float64Array[],
  samples: ClampedSamples,
  engine: Engine = 'auto',
): void {
  const count = checkClampedSamples(samples);
  requireSameLength('CLAMPED', axes, { length: samples.dim });
  const kernels = scratchKernels(engine);
  axes.forEach((axis, t) => {
    const pairs = interleave(samples, t, count, axis instanceof Float32Array);
    if (kernels) runKernel(kernels, axis, pairs, samples.lo[t], samples.hi[t]);
    else clampedTwin(axis, pairs, samples.lo[t], samples.hi[t]);
  });
}

/**
 * The same result (to rounding) by composition: the samples fold to one map per axis, then one pass over the
 * atoms. O(samples + atoms) per axis. See {@link updateClamped}.
 */
export function updateClampedComposed(axes: readonly Float64Array[], samples: ClampedSamples): void {
  const count = checkClampedSamples(samples);
  requireSameLength('CLAMPED', axes, { length: samples.dim });
  axes.forEach((axis, t) => {
    const [lo, hi] = [samples.lo[t], samples.hi[t]];
    let map: ClampedAffine = { a: 1, b: 0, lo: -Infinity, hi: Infinity };
    for (let s = 0; s < count; s++) {
      const next = { a: samples.slopes[s], b: samples.offsets[s * samples.dim + t], lo, hi };
      map = composeClampedAffine(map, next);
    }
    applyToAll(axis, map);
  });
}
