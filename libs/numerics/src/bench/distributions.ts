import { createRng, drawNormal, type SeededRng } from '../random.js';

/** Input shapes of the benchmarks: good ones and bad ones. */
export type Distribution = 'clustered' | 'uniform' | 'skewed' | 'degenerate';

const CLUSTERS = 20;

/** n points in a box of side 100 (n x dim): clusters with noise, uniform, heavy-tailed, or a lattice of duplicates. */
export function pointsOf(kind: Distribution, n: number, dim: number, seed = 1): Float64Array {
  const rng = createRng(seed);
  const centres = Float64Array.from({ length: CLUSTERS * dim }, () => 100 * rng());
  const draw: Record<Distribution, (i: number, t: number) => number> = {
    clustered: (i, t) =>
      i % 10 === 9 ? 100 * rng() : centres[(i % CLUSTERS) * dim + t] + 2 * drawNormal(rng),
    uniform: () => 100 * rng(),
    skewed: () => Math.exp(1.2 * drawNormal(rng)),
    degenerate: () => Math.floor(30 * rng()),
  };
  return Float64Array.from({ length: n * dim }, (_, at) => draw[kind](Math.floor(at / dim), at % dim));
}

/** n standard normal single-precision values. */
export function normalFloats(n: number, seed = 1): Float32Array {
  const rng: SeededRng = createRng(seed);
  return Float32Array.from({ length: n }, () => drawNormal(rng));
}
