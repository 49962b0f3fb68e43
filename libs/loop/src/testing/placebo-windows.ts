import { createRng, drawNormal, type Rng } from '@hartonomous/numerics';
import { assessBeforeAfter, type Window } from '../measurement/before-after.js';
import { metrics } from '../measurement/metrics.js';

/** A moment at which latency moved by `ratio`, and by chance (sd 10 %) besides. */
export function windowOf(rng: Rng, ratio: number, size = 60): Window {
  const shift = Math.exp(0.1 * drawNormal(rng));
  const draw = (level: number): number[] =>
    Array.from({ length: size }, () => level * Math.exp(0.4 * drawNormal(rng)));
  return { before: draw(20), after: draw(20 * ratio * shift) };
}

export const placebosOf = (rng: Rng, count: number): Window[] =>
  Array.from({ length: count }, () => windowOf(rng, 1));

/** Decisions of `runs` moments at which nothing was done. */
export function falseCalls(seed: number, runs: number): { harm: number; keep: number } {
  const rng = createRng(seed);
  const calls = { harm: 0, keep: 0 };
  for (let i = 0; i < runs; i++) {
    const { decision } = assessBeforeAfter(windowOf(rng, 1), placebosOf(rng, 39), metrics.latency);
    if (decision === 'harm' || decision === 'keep') calls[decision]++;
  }
  return calls;
}
