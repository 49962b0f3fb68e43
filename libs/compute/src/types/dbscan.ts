import { HartoError } from '@hartonomous/contracts';
import { z } from 'zod';
import { bytesOf, toUint32 } from '../bytes.js';
import { checkStopped } from '../stop.js';
import { defineTaskType, type Partial, type RunContext, type Span, type VectorInput } from '../task-type.js';
import { embeddingModel, requireVectors, unitRows, vectorsOf } from './vector-rows.js';

const params = z.strictObject({
  epsilon: z.number().positive().max(1e6),
  minPoints: z.int().min(1).max(10_000),
  metric: z.enum(['euclidean', 'cosine']),
  embeddingModel,
});
type Params = z.infer<typeof params>;

/** Squared radius between rows; cosine distance e between unit rows is a squared distance of 2e. */
const radius = ({ metric, epsilon }: Params): number => (metric === 'cosine' ? 2 * epsilon : epsilon ** 2);

let prepared: { data: Float32Array; unit: Float32Array } | undefined;

function rowsOf(given: Params, input: VectorInput): Float32Array {
  if (given.metric === 'euclidean') return input.data;
  if (prepared?.data !== input.data) {
    prepared = { data: input.data, unit: unitRows(input.data, input.dimensions) };
  }
  return prepared.unit;
}

/** Calls `found` for every j within the radius of i, i included, ascending; gives up a sum that is already too far. */
function forNeighbours(
  rows: Float32Array,
  dim: number,
  i: number,
  within: number,
  found: (j: number) => boolean,
): void {
  const from = i * dim;
  for (let j = 0, to = 0; to < rows.length; j++, to += dim) {
    let sum = 0;
    for (let t = 0; t < dim && sum <= within; t++) {
      const delta = rows[from + t] - rows[to + t];
      sum += delta * delta;
    }
    if ((sum <= within || i === j) && !found(j)) return;
  }
}

const bit = (flags: Uint8Array, i: number): boolean => ((flags[i >> 3] >> (i & 7)) & 1) === 1;

/** Round 0: which points of the chunk are core points; state = one bit a point of the whole set. */
function coreChunk(given: Params, span: Span, context: RunContext): Partial {
  const input = vectorsOf(context);
  const rows = rowsOf(given, input);
  const flags = new Uint8Array(Math.ceil(input.count / 8));
  const within = radius(given);
  for (let i = span.lo; i <= span.hi; i++) {
    checkStopped(context);
    let count = 0;
    forNeighbours(rows, input.dimensions, i, within, () => ++count < given.minPoints);
    if (count >= given.minPoints) flags[i >> 3] |= 1 << (i & 7);
    context.progress((i - span.lo + 1) / (span.hi - span.lo + 1));
  }
  return { summary: { kind: 'core' }, state: flags };
}

function rootOf(parents: Uint32Array, i: number): number {
  let root = i;
  while (parents[root] !== root) root = parents[root];
  for (let at = i; parents[at] !== root;) {
    const next = parents[at];
    parents[at] = root;
    at = next;
  }
  return root;
}

/** The lower index becomes the root, so that the forest of a set of pairs does not depend on their order. */
function join(parents: Uint32Array, a: number, b: number): void {
  const [x, y] = [rootOf(parents, a), rootOf(parents, b)];
  if (x !== y) parents[Math.max(x, y)] = Math.min(x, y);
}

function flatten(parents: Uint32Array): Uint32Array {
  for (let i = 0; i < parents.length; i++) parents[i] = rootOf(parents, i);
  return parents;
}

/** Round 1: joins core points within the radius; a border point goes to its lowest core neighbour. */
function linkChunk(given: Params, span: Span, context: RunContext): Partial {
  const input = vectorsOf(context);
  const rows = rowsOf(given, input);
  const core = context.carry ?? new Uint8Array(0);
  const state = Uint32Array.from({ length: 2 * input.count }, (_, i) => (i < input.count ? i : 0));
  const parents = state.subarray(0, input.count);
  const borders = state.subarray(input.count);
  const within = radius(given);
  for (let i = span.lo; i <= span.hi; i++) {
    checkStopped(context);
    const own = bit(core, i);
    forNeighbours(rows, input.dimensions, i, within, (j) => {
      if (!bit(core, j)) return true;
      if (own) join(parents, i, j);
      else borders[i] = j + 1;
      return own;
    });
    context.progress((i - span.lo + 1) / (span.hi - span.lo + 1));
  }
  flatten(parents);
  return { summary: { kind: 'links' }, state: bytesOf(state) };
}

function merge(a: Partial, b: Partial): Partial {
  const none = new Uint8Array(0);
  if (a.summary.kind === 'core') {
    const other = b.state ?? none;
    return { summary: { kind: 'core' }, state: (a.state ?? none).map((flags, i) => flags | other[i]) };
  }
  const sum = toUint32(a.state ?? none);
  const other = toUint32(b.state ?? none);
  const count = sum.length / 2;
  const parents = sum.subarray(0, count);
  for (let i = 0; i < count; i++) {
    if (other[i] !== i) join(parents, i, other[i]);
    // Each point's border belongs to one chunk only.
    if (other[count + i] !== 0) sum[count + i] = other[count + i];
  }
  flatten(parents);
  return { summary: { kind: 'links' }, state: bytesOf(sum) };
}

/** Labels, clusters numbered by their lowest core index, -1 = noise. */
function labelsOf(
  core: Uint8Array,
  state: Uint32Array,
): { labels: Int32Array; sizes: number[]; noise: number } {
  const count = state.length / 2;
  const numbers = new Map<number, number>();
  const labels = new Int32Array(count).fill(-1);
  const sizes: number[] = [];
  for (let i = 0; i < count; i++) {
    if (!bit(core, i)) continue;
    const root = state[i];
    if (!numbers.has(root)) {
      numbers.set(root, sizes.length);
      sizes.push(0);
    }
    labels[i] = numbers.get(root) ?? -1;
  }
  let noise = 0;
  for (let i = 0; i < count; i++) {
    if (labels[i] < 0 && state[count + i] > 0) labels[i] = labels[state[count + i] - 1];
    if (labels[i] < 0) noise++;
    else sizes[labels[i]]++;
  }
  return { labels, sizes, noise };
}

/** Sizes listed in a result, largest first. */
const SIZES_MAX = 100;

/** DBSCAN over the tenant's stored embeddings, by exact distances, the same for every division into chunks. */
export const dbscanType = defineTaskType<Params>({
  name: 'dbscan',
  version: 1,
  summary: 'density-based clusters of stored embeddings',
  params,
  input: (given) => ({ kind: 'vectors', embeddingModel: given.embeddingModel }),
  estimate: (_given, input) => {
    const { count, dimensions } = requireVectors(input);
    return { cost: 2 * count * count * dimensions, results: count };
  },
  firstRound: (_given, input) => ({ round: 0, lo: 0, hi: requireVectors(input).count - 1, carry: null }),
  cost: (_given, span, input) => {
    const { count, dimensions } = requireVectors(input);
    return (span.hi - span.lo + 1) * count * dimensions;
  },
  run: (given, span, context) =>
    span.round === 0 ? coreChunk(given, span, context) : linkChunk(given, span, context),
  merge,
  finished: (_given, round, merged, input) => {
    if (!merged?.state) throw new HartoError('INPUT_INVALID', 'every chunk of the round failed');
    const { count } = requireVectors(input);
    if (round.round === 0) {
      return { kind: 'round', round: { round: 1, lo: 0, hi: count - 1, carry: merged.state } };
    }
    const { labels, sizes, noise } = labelsOf(round.carry ?? new Uint8Array(0), toUint32(merged.state));
    const largest = sizes.toSorted((a, b) => b - a).slice(0, SIZES_MAX);
    return {
      kind: 'result',
      result: { points: count, clusters: sizes.length, noise, largest },
      output: bytesOf(labels),
    };
  },
});
