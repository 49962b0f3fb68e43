import { HartoError } from '@hartonomous/contracts';
import { z } from 'zod';
import { computeLimits } from '../limits.js';
import type { RunContext, VectorInput } from '../task-type.js';

/** Name under which the vectors were stored; default: those that ingestion writes. */
export const embeddingModel = z.string().min(1).max(200).default('hashed-tf-256-v1');

/** The stored vectors of a computation, or a refusal that says what is missing. */
export function requireVectors(input: VectorInput | null): VectorInput {
  if (!input || input.count === 0 || input.dimensions === 0) {
    throw new HartoError('INPUT_INVALID', 'there are no stored embeddings to work on; ingest a corpus first');
  }
  if (input.count > computeLimits.pointsMax) {
    throw new HartoError(
      'INPUT_INVALID',
      `${input.count} embeddings exceed the limit of ${computeLimits.pointsMax}`,
      { details: { count: input.count, limit: computeLimits.pointsMax } },
    );
  }
  return input;
}

/** The vectors themselves, inside a worker. */
export function vectorsOf(context: RunContext): VectorInput {
  const input = requireVectors(context.input);
  if (input.data.length < input.count * input.dimensions) {
    throw new HartoError('INPUT_INVALID', 'the stored embeddings are incomplete');
  }
  return input;
}

/** Rows scaled to length one (zero rows stay), as Float32. */
export function unitRows(data: Float32Array, dimensions: number): Float32Array {
  const unit = new Float32Array(data.length);
  for (let base = 0; base < data.length; base += dimensions) {
    let norm = 0;
    for (let t = base; t < base + dimensions; t++) norm += data[t] * data[t];
    const scale = norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let t = base; t < base + dimensions; t++) unit[t] = data[t] * scale;
  }
  return unit;
}
