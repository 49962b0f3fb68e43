import { createHash } from 'node:crypto';
import { bytesOf, toFloat64 } from '../bytes.js';
import { checkStopped } from '../stop.js';
import type { Partial, RunContext, Span } from '../task-type.js';
import { vectorsOf } from './vector-rows.js';

/** Points in the sample: those with the smallest hashes, so that it does not depend on the division into chunks. */
const SAMPLE = 1024;

/** Layout of a state, as Float64: for each sampled point its hash, index and coordinates; sorted by hash. */
interface Sampled {
  hash: number;
  index: number;
  row: Float64Array;
}

/** 48 bits of SHA-256 of (seed, index). */
function hashOf(seed: number, index: number): number {
  return createHash('sha256').update(`${seed}|${index}`).digest().readUIntBE(0, 6);
}

const byHash = (a: Sampled, b: Sampled): number => a.hash - b.hash || a.index - b.index;

function pack(points: Sampled[], dim: number): Partial {
  const kept = points.sort(byHash).slice(0, SAMPLE);
  const state = new Float64Array(kept.length * (dim + 2));
  kept.forEach(({ hash, index, row }, at) => {
    state[at * (dim + 2)] = hash;
    state[at * (dim + 2) + 1] = index;
    state.set(row, at * (dim + 2) + 2);
  });
  return { summary: { sample: true, dimensions: dim }, state: bytesOf(state) };
}

function unpack(partial: Partial): Sampled[] {
  const dim = partial.summary.dimensions as number;
  const state = toFloat64(partial.state ?? new Uint8Array(0));
  return Array.from({ length: state.length / (dim + 2) }, (_, at) => {
    const base = at * (dim + 2);
    return { hash: state[base], index: state[base + 1], row: state.subarray(base + 2, base + 2 + dim) };
  });
}

export function sampleOf(span: Span, context: RunContext, seed: number): Partial {
  const { data, dimensions: dim } = vectorsOf(context);
  const hashed: { hash: number; index: number }[] = [];
  for (let i = span.lo; i <= span.hi; i++) {
    if (i % 256 === 0) checkStopped(context);
    hashed.push({ hash: hashOf(seed, i), index: i });
  }
  hashed.sort((a, b) => a.hash - b.hash || a.index - b.index);
  const points = hashed.slice(0, SAMPLE).map(({ hash, index }) => ({
    hash,
    index,
    row: Float64Array.from(data.subarray(index * dim, (index + 1) * dim)),
  }));
  context.progress(1);
  return pack(points, dim);
}

export function mergeSamples(a: Partial, b: Partial): Partial {
  return pack([...unpack(a), ...unpack(b)], a.summary.dimensions as number);
}

/** Coordinates of the sampled points, row-major, in hash order. */
export function sampleRows(merged: Partial, dim: number): Float64Array {
  const points = unpack(merged);
  const rows = new Float64Array(points.length * dim);
  points.forEach(({ row }, at) => rows.set(row, at * dim));
  return rows;
}
