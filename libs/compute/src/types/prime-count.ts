import { countPrimes } from '../primes/count.js';
import { LEGENDRE_MAX, primePi } from '../primes/legendre.js';
import { defineTaskType, type Partial, type RunContext, type Span } from '../task-type.js';
import { countParams, legendreCost, secondSieve, sieveCost, type CountParams } from './prime-range.js';

const countOf = (partial: Partial): number => partial.summary.count as number;

/** Legendre has two numbers to work on: pi(hi), and pi(lo - 1) which is taken away. */
function runLegendre(params: CountParams, span: Span, context: RunContext): number {
  let total = 0;
  for (let which = span.lo; which <= span.hi; which++) {
    total += which === 0 ? primePi(params.hi, context) : -primePi(params.lo - 1, context);
  }
  return total;
}

/** Another algorithm where that costs less than sieving again; else the other sieve while the range is small. */
function secondCount({ lo, hi }: Span, context: RunContext): number {
  const cost = sieveCost(lo, hi, hi);
  if (hi <= LEGENDRE_MAX && legendreCost(hi) + legendreCost(lo) < cost) {
    return primePi(hi, context) - primePi(Math.max(0, lo - 1), context);
  }
  return countPrimes(lo, hi, context, secondSieve(cost));
}

const legendreSpan = (params: CountParams): number => (params.lo <= 2 ? 0 : 1);

/** Number of primes in [lo, hi], by sieve (any range up to 2^53) or by Legendre's recurrence (up to 1e14). */
export const primeCount = defineTaskType<CountParams>({
  name: 'prime.count',
  version: 1,
  summary: 'number of primes in [lo, hi]',
  params: countParams,
  estimate: (params) => {
    const { lo, hi, method } = params;
    const cost =
      method === 'sieve' ? sieveCost(lo, hi, hi) : legendreCost(hi) + legendreSpan(params) * legendreCost(lo);
    return { cost, results: 1 };
  },
  firstRound: (params) =>
    params.method === 'sieve'
      ? { round: 0, lo: params.lo, hi: params.hi, carry: null }
      : { round: 0, lo: 0, hi: legendreSpan(params), carry: null, indivisible: true },
  cost: (params, { lo, hi }) => {
    if (params.method === 'sieve') return sieveCost(lo, hi, params.hi);
    return (lo === 0 ? legendreCost(params.hi) : 0) + (hi === 1 ? legendreCost(params.lo) : 0);
  },
  run: (params, span, context) => {
    if (params.method === 'legendre') return { summary: { count: runLegendre(params, span, context) } };
    const count = context.independent ? secondCount(span, context) : countPrimes(span.lo, span.hi, context);
    return { summary: { count } };
  },
  merge: (a, b) => ({ summary: { count: countOf(a) + countOf(b) } }),
  finished: (_params, _round, merged) => ({
    kind: 'result',
    result: { count: merged ? countOf(merged) : 0 },
  }),
});
