import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { createRng, fillNormal, type SeededRng } from '../random.js';

/** Seed of every property test; HARTO_SEED replaces it, and fast-check prints it with a counterexample. */
export const SEED = Number(process.env.HARTO_SEED ?? 20261121);

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

/** Expects equal length and |actual - expected| <= tolerance (absolute or relative, whichever allows more). */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] === expected[i]) continue;
    const allowed = tolerance * Math.max(1, Math.abs(expected[i]));
    if (!(Math.abs(actual[i] - expected[i]) <= allowed)) {
      throw new Error(`index ${i}: ${actual[i]} is not within ${allowed} of ${expected[i]} (seed ${SEED})`);
    }
  }
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
