import type { Finding } from '@hartonomous/contracts';
import { embed, EMBEDDING_DIMENSIONS, EMBEDDING_MODEL, queryTermCounts } from '@hartonomous/corpus';
import { fitLof, scoreLof } from '@hartonomous/numerics';
import { countOf, percentOf } from './wording.js';

/** Requests whose inputs are looked at: the newest of the window, and the newest before it. */
export const windowInputsMax = 400;
export const baselineInputsMax = 600;
/** Different inputs before the window that say what is ordinary. */
export const baselineInputsMin = 100;
const neighbours = 20;
const reachabilityFloor = 1e-3;
const limitQuantile = 0.99;
const idsMax = 200;

export interface AskedInput {
  id: string;
  query: string;
}

/** Embeddings of the native model, as search computes them. */
function vectorsOf(queries: readonly string[]): Float64Array {
  const data = new Float64Array(queries.length * EMBEDDING_DIMENSIONS);
  queries.forEach((query, i) => data.set(embed(queryTermCounts(query)), i * EMBEDDING_DIMENSIONS));
  return data;
}

/**
 * Inputs unlike those of before: LOF against the baseline of different earlier inputs above the 99th percentile of the
 * baseline's own, told when more than twice as many as that are. Null without a baseline, and without such inputs.
 */
export function unusualInputFinding(
  asked: readonly AskedInput[],
  before: readonly AskedInput[],
): Finding | null {
  const known = [...new Set(before.map((a) => a.query))];
  if (known.length < baselineInputsMin || asked.length === 0) return null;
  const model = fitLof(vectorsOf(known), EMBEDDING_DIMENSIONS, { k: neighbours, reachabilityFloor });
  const own = Float64Array.from(model.scores).sort();
  const limit = own[Math.ceil(limitQuantile * own.length) - 1]!;
  const different = [...new Set(asked.map((a) => a.query))];
  const scores = scoreLof(model, vectorsOf(different));
  const scoreOf = new Map(different.map((query, i) => [query, scores[i]!]));
  const unusual = asked
    .filter((a) => scoreOf.get(a.query)! > limit)
    .sort((a, b) => scoreOf.get(b.query)! - scoreOf.get(a.query)! || (a.id < b.id ? -1 : 1));
  if (unusual.length <= 2 * (1 - limitQuantile) * asked.length + 3) return null;
  const rate = unusual.length / asked.length;
  return {
    kind: 'unusual-inputs',
    summary:
      `${unusual.length} of the newest ${countOf(asked.length, 'request')} (${percentOf(rate)}) ask what is unlike ` +
      `the ${known.length} different inputs before the window`,
    // Reported with its rate, and never acted on by itself.
    severity: 0.01,
    rowIds: unusual.slice(0, idsMax).map((a) => a.id),
    rowCount: unusual.length,
    facts: {
      scope: 'inputs',
      rate,
      rows: `newest ${asked.length}`,
      baseline: `${known.length} different inputs of the newest ${before.length} requests before the window`,
      limit,
      embedding: EMBEDDING_MODEL,
      examples: [...new Set(unusual.map((a) => a.query))].slice(0, 5).map((query) => query.slice(0, 80)),
    },
  };
}
