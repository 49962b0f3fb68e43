import { createRng, kMeansPlusPlus } from '@hartonomous/numerics';
import { HartoError } from '@hartonomous/contracts';
import { z } from 'zod';
import { bytesOf, toFloat64, toUint32 } from '../bytes.js';
import { checkStopped } from '../stop.js';
import {
  defineTaskType,
  type Outcome,
  type Partial,
  type Round,
  type RunContext,
  type Span,
} from '../task-type.js';
import { embeddingModel, requireVectors, vectorsOf } from './vector-rows.js';
import { mergeSamples, sampleOf, sampleRows } from './vector-sample.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { round, abs } = Math;

const params = z.strictObject({
  k: z.int().min(1).max(256),
  embeddingModel,
  iterations: z.int().min(1).max(100).default(25),
  seed: z.int().min(0).max(0x7fffffff).default(1),
});
type Params = z.infer<typeof params>;

/**
 * Coordinates are added as whole multiples of 2^-20, which is exact below 2^53, so that the sums, and with them the
 * result, do not depend on how the points were divided.
 */
const SCALE = 2 ** 20;
const COORDINATE_MAX = 1024;

/** Nearest centroid (ties to the lowest) and its squared distance. */
function nearest(data: Float32Array, row: number, centroids: Float64Array, dim: number): [number, number] {
  let best = Infinity;
  let at = 0;
  for (let c = 0, base = 0; base < centroids.length; c++, base += dim) {
    let sum = 0;
    for (let t = 0; t < dim; t++) {
      const delta = data[row + t] - centroids[base + t];
      sum += delta * delta;
    }
    if (sum < best) {
      best = sum;
      at = c;
    }
  }
  return [at, best];
}

/** Layout of a Lloyd round's state: inertia, k counts, k x dim sums; all whole multiples of 1 / SCALE. */
function lloydChunk(span: Span, context: RunContext): Partial {
  const { data, dimensions: dim } = vectorsOf(context);
  const centroids = toFloat64(context.carry ?? new Uint8Array(0));
  const k = centroids.length / dim;
  const state = new Float64Array(1 + k + k * dim);
  for (let i = span.lo; i <= span.hi; i++) {
    if (i % 64 === 0) checkStopped(context);
    const [label, squared] = nearest(data, i * dim, centroids, dim);
    state[0] += round(squared * SCALE);
    state[1 + label]++;
    const sums = 1 + k + label * dim;
    for (let t = 0; t < dim; t++) {
      const value = data[i * dim + t];
      if (!(abs(value) <= COORDINATE_MAX)) {
        throw new HartoError('INPUT_INVALID', `embedding ${i} has a coordinate outside +-${COORDINATE_MAX}`);
      }
      state[sums + t] += round(value * SCALE);
    }
    context.progress((i - span.lo + 1) / (span.hi - span.lo + 1));
  }
  return { summary: {}, state: bytesOf(state) };
}

/** Labels of the points of a chunk under the final centroids. */
function labelChunk(span: Span, context: RunContext): Partial {
  const { data, dimensions: dim } = vectorsOf(context);
  const centroids = toFloat64(context.carry ?? new Uint8Array(0));
  const labels = new Uint32Array(span.hi - span.lo + 1);
  const state = new Float64Array(1 + centroids.length / dim);
  for (let i = span.lo; i <= span.hi; i++) {
    if (i % 64 === 0) checkStopped(context);
    const [label, squared] = nearest(data, i * dim, centroids, dim);
    labels[i - span.lo] = label;
    state[0] += round(squared * SCALE);
    state[1 + label]++;
    context.progress((i - span.lo + 1) / (span.hi - span.lo + 1));
  }
  return { summary: {}, state: bytesOf(state), output: bytesOf(labels) };
}

function addStates(a: Partial, b: Partial): Partial {
  const sum = toFloat64(a.state ?? new Uint8Array(0));
  const other = toFloat64(b.state ?? new Uint8Array(0));
  for (let i = 0; i < sum.length; i++) sum[i] += other[i];
  return { summary: {}, state: bytesOf(sum) };
}

/** Means of the assigned points; a cluster left empty keeps its centroid. */
function nextCentroids(previous: Float64Array, state: Float64Array, dim: number): Float64Array {
  const k = previous.length / dim;
  const next = previous.slice();
  for (let c = 0; c < k; c++) {
    if (state[1 + c] === 0) continue;
    for (let t = 0; t < dim; t++) next[c * dim + t] = state[1 + k + c * dim + t] / SCALE / state[1 + c];
  }
  return next;
}

const sameValues = (a: Float64Array, b: Float64Array): boolean => a.every((value, i) => value === b[i]);

/** Rounds: 0 draws a sample for seeding, 1..iterations are Lloyd's, -1 labels the points and ends. */
function finished(
  { k, seed, iterations }: Params,
  round: Round,
  merged: Partial,
  points: number,
  dim: number,
): Outcome {
  const whole = { lo: 0, hi: points - 1 };
  if (round.round === 0) {
    const rows = sampleRows(merged, dim);
    const seeds = kMeansPlusPlus(rows, dim, k, createRng(seed));
    const centroids = new Float64Array(seeds.length * dim);
    seeds.forEach((from, c) => centroids.set(rows.subarray(from * dim, (from + 1) * dim), c * dim));
    return { kind: 'round', round: { round: 1, ...whole, carry: bytesOf(centroids) } };
  }
  const state = toFloat64(merged.state ?? new Uint8Array(0));
  const centroids = toFloat64(round.carry ?? new Uint8Array(0));
  if (round.round > 0) {
    const next = nextCentroids(centroids, state, dim);
    const last = round.round >= iterations || sameValues(next, centroids);
    // Labelling keeps the count of Lloyd rounds in its own number: -1 - rounds.
    const number = last ? -1 - round.round : round.round + 1;
    return { kind: 'round', round: { round: number, ...whole, carry: bytesOf(next) } };
  }
  const clusters = centroids.length / dim;
  return {
    kind: 'result',
    result: {
      clusters,
      dimensions: dim,
      points,
      iterations: -1 - round.round,
      inertia: state[0] / SCALE,
      sizes: Array.from(state.subarray(1, 1 + clusters)),
    },
    output: bytesOf(centroids),
  };
}

/** Lloyd's k-means over the tenant's stored embeddings, the same for every division into chunks. */
export const kMeansType = defineTaskType<Params>({
  name: 'kmeans',
  version: 1,
  summary: 'k-means clusters of stored embeddings',
  params,
  input: (given) => ({ kind: 'vectors', embeddingModel: given.embeddingModel }),
  estimate: (given, input) => {
    const { count, dimensions } = requireVectors(input);
    return {
      cost: count * dimensions * given.k * (given.iterations + 1) + count * dimensions,
      results: count,
    };
  },
  firstRound: (_given, input) => ({ round: 0, lo: 0, hi: requireVectors(input).count - 1, carry: null }),
  cost: (given, span, input) => {
    const work = (span.hi - span.lo + 1) * requireVectors(input).dimensions;
    return span.round === 0 ? work : work * given.k;
  },
  run: (given, span, context) => {
    if (span.round === 0) return sampleOf(span, context, given.seed);
    return span.round > 0 ? lloydChunk(span, context) : labelChunk(span, context);
  },
  // A sample says so in its summary.
  merge: (a, b) => (a.summary.sample === true ? mergeSamples(a, b) : addStates(a, b)),
  finished: (given, round, merged, input) => {
    if (!merged) throw new HartoError('INPUT_INVALID', 'every chunk of the round failed');
    const { count, dimensions } = requireVectors(input);
    return finished(given, round, merged, count, dimensions);
  },
  unpack: (partial) => Array.from(toUint32(partial.output ?? new Uint8Array(0))),
});
