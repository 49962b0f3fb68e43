import { createRng, shuffle } from '@hartonomous/numerics';
import type { Rng } from '@hartonomous/numerics';
import type { SearchRequest, WorkloadLine } from '@hartonomous/contracts';
import type { MinedQuery } from '@hartonomous/retrieval';

export type WorkloadRequest = Pick<SearchRequest, 'query' | 'filters' | 'sessionId'>;
/** What of a mined query the workload uses: the filters narrow to where its answer lies. */
export type AskedQuery = Pick<MinedQuery, 'query' | 'path' | 'language' | 'kind'>;

/** An endless, repeatable stream of requests. */
export interface Workload {
  /** Distinct requests in it. */
  readonly distinct: number;
  next(): WorkloadRequest;
}

/** Requests of one session before the next one begins. */
const sessionLength = 12;
const distinctMax = 3_000;

/** Cumulative weights of ranks 1..n under a Zipf law with exponent 1, scaled to end at 1. */
export function zipfCumulative(n: number): Float64Array {
  const cumulative = new Float64Array(n);
  let sum = 0;
  for (let rank = 1; rank <= n; rank++) cumulative[rank - 1] = sum += 1 / rank;
  return cumulative.map((value) => value / sum);
}

/** Index of the first entry above `u`. */
export function drawRank(cumulative: Float64Array, u: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle] > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Random (version 4) identifier from the workload's own generator, so that a replay has the same sessions. */
function drawUuid(rng: Rng): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(rng() * 16).toString(16));
  hex[12] = '4';
  hex[16] = '89ab'[Math.floor(rng() * 4)];
  const text = hex.join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  );
}

/** Half of the queries are asked of everything; the others narrow by where their answer lies. */
function filtersFor(mined: AskedQuery, rng: Rng): SearchRequest['filters'] {
  const u = rng();
  if (u < 0.5) return undefined;
  if (u < 0.7) return { language: mined.language };
  if (u < 0.9) {
    const folders = mined.path.split('/').slice(0, -1);
    if (folders.length === 0) return undefined;
    const depth = 1 + Math.floor(rng() * Math.min(3, folders.length));
    return { pathPrefix: `${folders.slice(0, depth).join('/')}/` };
  }
  return { kind: mined.kind };
}

function withSessions(rng: Rng, distinct: number, draw: () => WorkloadRequest): Workload {
  let sessionId = drawUuid(rng);
  let left = sessionLength;
  return {
    distinct,
    next: () => {
      if (left-- === 0) {
        sessionId = drawUuid(rng);
        left = sessionLength - 1;
      }
      const request = draw();
      return { ...request, sessionId: request.sessionId ?? sessionId };
    },
  };
}

/** Mined queries under Zipf popularity (s = 1): same queries and seed, same stream. */
export function minedWorkload(queries: AskedQuery[], seed: number): Workload {
  const rng = createRng(seed);
  const order = [...new Map(queries.map((mined) => [mined.query, mined])).values()];
  shuffle(rng, order);
  const requests: WorkloadRequest[] = order.slice(0, distinctMax).map((mined) => {
    const filters = filtersFor(mined, rng);
    return { query: mined.query, ...(filters ? { filters } : {}) };
  });
  const cumulative = zipfCumulative(requests.length);
  return withSessions(rng, requests.length, () => requests[drawRank(cumulative, rng())]);
}

/** A recorded workload, again and again from its beginning. */
export function recordedWorkload(lines: WorkloadLine[], seed: number): Workload {
  let at = 0;
  return withSessions(createRng(seed), lines.length, () => lines[at++ % lines.length]);
}
