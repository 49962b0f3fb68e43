import { readFileSync } from 'node:fs';
import { createRng, fillNormal, type SeededRng } from '../random.js';

/**
 * Seed of every property test and test generator: HARTO_SEED (an integer, or "random") replaces it. fast-check prints
 * it with a counterexample, and so do the other checks.
 */
export const SEED = chosenSeed(process.env['HARTO_SEED']);

function chosenSeed(asked: string | undefined): number {
  if (asked === 'random') return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(asked ?? 20261121);
  if (!Number.isInteger(seed)) throw new Error(`HARTO_SEED must be an integer or "random", not ${asked}`);
  return seed;
}

/** Settings for `fc.assert`. */
export function property(numRuns = 100): { seed: number; numRuns: number } {
  return { seed: SEED, numRuns };
}

/** A generator for a test, independent of the others by its name. */
export function testRng(name: string): SeededRng {
  let hash = SEED;
  for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 2147483647;
  return createRng(hash);
}

/** Values made by fixtures/make_fixtures.py. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../fixtures/${name}.json`, import.meta.url), 'utf8')) as T;
}

/**
 * Empty when the lengths agree and |actual - expected| <= tolerance everywhere (absolute or relative, whichever allows
 * more), else the first difference.
 */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): string {
  if (actual.length !== expected.length) return `length ${actual.length} is not ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]));
    if (!(Math.abs(actual[i] - expected[i]) <= allowed)) {
      return `index ${i}: ${actual[i]} is not within ${allowed} of ${expected[i]} (seed ${SEED})`;
    }
  }
  return '';
}

/** n x dim standard normal values. */
export function normals(rng: SeededRng, count: number): Float64Array {
  return fillNormal(rng, new Float64Array(count)) as Float64Array;
}

/** A random orthonormal dim x dim matrix (Gram-Schmidt on normal rows). */
export function randomRotation(rng: SeededRng, dim: number): Float64Array {
  const q = normals(rng, dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j < i; j++) {
      let dot = 0;
      for (let t = 0; t < dim; t++) dot += q[i * dim + t] * q[j * dim + t];
      for (let t = 0; t < dim; t++) q[i * dim + t] -= dot * q[j * dim + t];
    }
    let norm = 0;
    for (let t = 0; t < dim; t++) norm += q[i * dim + t] ** 2;
    for (let t = 0; t < dim; t++) q[i * dim + t] /= Math.sqrt(norm);
  }
  return q;
}

/** Rows times matrix plus shift: x (n x dim) R (dim x dim) + shift. */
export function moved(points: ArrayLike<number>, dim: number, matrix: Float64Array, shift = 0): Float64Array {
  const n = points.length / dim;
  const out = new Float64Array(points.length);
  for (let i = 0; i < n; i++) {
    for (let t = 0; t < dim; t++) {
      let sum = shift;
      for (let s = 0; s < dim; s++) sum += points[i * dim + s] * matrix[s * dim + t];
      out[i * dim + t] = sum;
    }
  }
  return out;
}

/** Runs f and returns the code of the NumericsError it must throw. */
export function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no error';
}
