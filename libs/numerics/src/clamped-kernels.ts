import { checkClampedSamples, type ClampedSamples } from './clamped-affine.js';
import { requireSameLength } from './preconditions.js';
import { scratchKernels, type Engine, type Kernels } from './wasm/kernels.js';
import { clampedTwin } from './wasm/twins.js';

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
 * `updateClamped` in vector registers: every sample in order on every coordinate, in place, in the precision of the
 * axes (all Float32Array or all Float64Array). `axes[t]` holds coordinate t of all atoms. Kernel and twin agree bit
 * for bit; a NaN coordinate becomes the lower limit. O(atoms x samples x dim). Throws `CLAMPED_SHAPE`,
 * `CLAMPED_INVALID`, `CLAMPED_NOT_FINITE`.
 */
export function updateClampedSimd(
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
