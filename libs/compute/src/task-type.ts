import type { z } from 'zod';

/** Plain JSON of at most 64 KiB. */
export type Document = Record<string, unknown>;

/**
 * What a chunk found. `summary` and `state` are merged; `output` stays with its chunk (parts of a list, in chunk
 * order). Two partials of the same chunk are equal when their checksums are.
 */
export interface Partial {
  summary: Document;
  state?: Uint8Array;
  output?: Uint8Array;
}

/** Stored vectors that a computation reads, in atom id order; shared between threads, so never written. */
export interface VectorInput {
  count: number;
  dimensions: number;
  /** Row-major, count x dimensions; empty where only the size is known (planning). */
  data: Float32Array;
}

export interface InputRequest {
  kind: 'vectors';
  embeddingModel: string;
}

/** One pass over the whole numbers [lo, hi] (numbers, indices of points, ...); its chunks may end anywhere. */
export interface Round {
  round: number;
  lo: number;
  hi: number;
  /** What the round needs from those before it; handed to every chunk. */
  carry: Uint8Array | null;
  /** Every number of the range is a chunk of its own. */
  indivisible?: boolean;
}

export interface Span {
  round: number;
  lo: number;
  hi: number;
}

export interface RunContext {
  carry: Uint8Array | null;
  input: VectorInput | null;
  /** Asked often (every few milliseconds of work); true means give up by throwing. */
  stopped(): boolean;
  /** Share of this chunk, 0..1. */
  progress(share: number): void;
  /** A second opinion for verification: another algorithm where the type has one. */
  independent: boolean;
}

/** What the caller learns before anything is stored. */
export interface Estimate {
  /** Work in nanoseconds of one usual core. */
  cost: number;
  /** Numbers in the result, where it is a list. */
  results: number;
}

export type Outcome =
  { kind: 'round'; round: Round } | { kind: 'result'; result: Document; output?: Uint8Array };

/** A kind of computation: pure functions over plain data; see CONTRIBUTING.md for how to add one. */
export interface TaskType<P = unknown> {
  name: string;
  /** Rises when results could differ; a computation keeps the version it began with. */
  version: number;
  summary: string;
  params: z.ZodType<P>;
  input?(params: P): InputRequest;
  estimate(params: P, input: VectorInput | null): Estimate;
  firstRound(params: P, input: VectorInput | null): Round;
  /** Nanoseconds of one usual core for [lo, hi] of this round. */
  cost(params: P, span: Span, input: VectorInput | null): number;
  run(params: P, span: Span, context: RunContext): Partial;
  /** Associative and commutative; `output` is not merged. */
  merge(a: Partial, b: Partial): Partial;
  /** After the last chunk of a round, with everything merged (null when every chunk was parked). */
  finished(params: P, round: Round, merged: Partial | null, input: VectorInput | null): Outcome;
  /** Are two partials of one chunk the same result? Default: equal checksums. */
  verify?(first: Partial, second: Partial): boolean;
  /** Numbers of a chunk's output, for paged reading of a list. */
  unpack?(partial: Partial): number[];
}

/** Types are stored side by side without their parameters' type; the registry parses before it calls. */
export function defineTaskType<P>(type: TaskType<P>): TaskType {
  return type as unknown as TaskType;
}
