import { z } from 'zod';
import { checkStopped } from '../stop.js';
import { defineTaskType, type Partial } from '../task-type.js';

const params = z
  .strictObject({ lo: z.int().min(1).max(1e9), hi: z.int().min(1).max(1e9) })
  .refine(({ lo, hi }) => lo <= hi, { message: 'lo must not exceed hi', path: ['lo'] });
type Params = z.infer<typeof params>;

/** Nanoseconds a start, measured once: the cost model only shares out work and draws the progress bar. */
const nsPerStart = 400;

const stepsOf = (start: number): number => {
  let steps = 0;
  for (let n = start; n !== 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return steps;
};

/** The example of CONTRIBUTING.md: registered nowhere, tested like the others. The start in [lo, hi] with the longest Collatz sequence; of equal ones the lowest. */
export const collatzLongest = defineTaskType<Params>({
  name: 'collatz.longest',
  version: 1,
  summary: 'start of the longest Collatz sequence in [lo, hi]',
  params,
  estimate: ({ lo, hi }) => ({ cost: (hi - lo + 1) * nsPerStart, results: 1 }),
  firstRound: ({ lo, hi }) => ({ round: 0, lo, hi, carry: null }),
  cost: (_params, { lo, hi }) => (hi - lo + 1) * nsPerStart,
  run: (_params, { lo, hi }, context) => {
    let best = { start: lo, steps: -1 };
    for (let start = lo; start <= hi; start++) {
      if (start % 4096 === 0) {
        checkStopped(context);
        context.progress((start - lo) / (hi - lo + 1));
      }
      const steps = stepsOf(start);
      if (steps > best.steps) best = { start, steps };
    }
    return { summary: best };
  },
  merge: (a, b) => (isBetter(a, b) ? a : b),
  finished: (_params, _round, merged) => ({ kind: 'result', result: { ...merged?.summary } }),
});

function isBetter(a: Partial, b: Partial): boolean {
  const [x, y] = [a.summary, b.summary] as { start: number; steps: number }[];
  return x.steps > y.steps || (x.steps === y.steps && x.start < y.start);
}
