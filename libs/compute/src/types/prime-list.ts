import { listPrimes, unpackGaps } from '../primes/count.js';
import { defineTaskType, type Partial } from '../task-type.js';
import { listParams, primesAbout, secondSieve, sieveCost, type ListParams } from './prime-range.js';

interface ListSummary {
  count: number;
  first: number | null;
  last: number | null;
}

const summaryOf = (partial: Partial): ListSummary => partial.summary as unknown as ListSummary;

function extreme(pick: (...values: number[]) => number, a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : pick(a, b);
}

/** The primes of [lo, hi]; each chunk keeps its own as gaps, about one byte a prime. */
export const primeList = defineTaskType<ListParams>({
  name: 'prime.list',
  version: 1,
  summary: 'the primes in [lo, hi], at most 10 million',
  params: listParams,
  // Writing a gap costs some 20 ns a prime beside the sieve.
  estimate: ({ lo, hi }) => {
    const results = primesAbout(lo, hi);
    return { cost: sieveCost(lo, hi, hi) + 20 * results, results };
  },
  firstRound: ({ lo, hi }) => ({ round: 0, lo, hi, carry: null }),
  cost: (params, { lo, hi }) => sieveCost(lo, hi, params.hi) + 20 * primesAbout(lo, hi),
  run: (_params, span, context) => {
    const engine = context.independent ? secondSieve(sieveCost(span.lo, span.hi, span.hi)) : 'auto';
    const { first, last, count, gaps } = listPrimes(span.lo, span.hi, context, engine);
    return { summary: { count, first, last }, output: gaps };
  },
  merge: (a, b) => {
    const [x, y] = [summaryOf(a), summaryOf(b)];
    return {
      summary: {
        count: x.count + y.count,
        first: extreme(Math.min, x.first, y.first),
        last: extreme(Math.max, x.last, y.last),
      },
    };
  },
  finished: (_params, _round, merged) => ({
    kind: 'result',
    result: merged ? { ...merged.summary } : { count: 0, first: null, last: null },
  }),
  unpack: (partial) =>
    unpackGaps({ first: summaryOf(partial).first, gaps: partial.output ?? new Uint8Array(0) }),
});
