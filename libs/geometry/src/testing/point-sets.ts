export type Distribution = 'uniform' | 'clustered' | 'skewed' | 'degenerate';

export const DISTRIBUTIONS: readonly Distribution[] = ['uniform', 'clustered', 'skewed', 'degenerate'];

/**
 * n points of `dims` coordinates in [0, 100]: uniform; 64 Gaussian clusters; skewed (fourth power, most near the
 * origin); degenerate (on a grid line in one axis, a third of the points equal).
 */
export function pointSet(kind: Distribution, n: number, dims: number, random: () => number): Float64Array {
  const out = new Float64Array(n * dims);
  if (kind === 'uniform') {
    for (let i = 0; i < out.length; i++) out[i] = 100 * random();
  } else if (kind === 'skewed') {
    for (let i = 0; i < out.length; i++) out[i] = 100 * random() ** 4;
  } else if (kind === 'clustered') {
    const centres = Float64Array.from({ length: 64 * dims }, () => 10 + 80 * random());
    for (let i = 0; i < n; i++) {
      const c = Math.floor(64 * random()) * dims;
      for (let d = 0; d < dims; d++) out[i * dims + d] = centres[c + d] + 1.5 * gaussian(random);
    }
  } else {
    for (let i = 0; i < n; i++) {
      const same = random() < 1 / 3;
      for (let d = 0; d < dims; d++)
        out[i * dims + d] = same ? 50 : d === 0 ? 100 * random() : Math.floor(9 * random());
    }
  }
  return out;
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
