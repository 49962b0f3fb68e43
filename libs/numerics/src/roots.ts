import { NumericsError } from './errors.js';
import { requireFinite, requireInside, requireInteger } from './preconditions.js';

/** Outcome of a root search; not converging is an outcome, with its reason. */
export interface RootResult {
  root: number;
  /** f(root). */
  value: number;
  iterations: number;
  converged: boolean;
  reason: 'converged' | 'iterations' | 'flat' | 'not-finite';
}

/** Limits of a root search. */
export interface RootOptions {
  /** Stops when a step (Newton) or the bracket (bisection) is at most tolerance x max(1, |x|). Default 1e-12. */
  tolerance?: number;
  /** Default 100 (Newton), 2000 (bisection). */
  maxIterations?: number;
}

/**
 * Newton-Raphson: x <- x - f(x) / f'(x). Quadratic near a simple root; `flat` when the derivative vanishes,
 * `not-finite` when the iteration leaves the numbers. Throws `NEWTON_NOT_FINITE`, `NEWTON_INVALID` for bad input.
 */
export function newtonRaphson(
  f: (x: number) => number,
  derivative: (x: number) => number,
  start: number,
  options: RootOptions = {},
): RootResult {
  const { tolerance = 1e-12, maxIterations = 100 } = options;
  requireFinite('NEWTON', [start]);
  requireInside('NEWTON', 'tolerance', tolerance, 0, 1);
  requireInteger('NEWTON', 'maxIterations', maxIterations, 1);
  let x = start;
  let value = f(x);
  const result = (reason: RootResult['reason'], iterations: number): RootResult => {
    return { root: x, value, iterations, converged: reason === 'converged', reason };
  };
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    if (value === 0) return result('converged', iteration - 1);
    const slope = derivative(x);
    if (slope === 0) return result('flat', iteration);
    const step = value / slope;
    const next = x - step;
    if (!Number.isFinite(next)) return result('not-finite', iteration);
    x = next;
    value = f(x);
    if (!Number.isFinite(value)) return result('not-finite', iteration);
    if (Math.abs(step) <= tolerance * Math.max(1, Math.abs(x))) return result('converged', iteration);
  }
  return result('iterations', maxIterations);
}

/**
 * Bisection of [low, high], where f changes sign: halves the bracket until it is within tolerance or has no number
 * inside. Throws `BISECTION_NO_SIGN_CHANGE`, `BISECTION_NOT_FINITE`, `BISECTION_INVALID`.
 */
export function bisect(
  f: (x: number) => number,
  low: number,
  high: number,
  options: RootOptions = {},
): RootResult {
  const { tolerance = 1e-12, maxIterations = 2000 } = options;
  requireInside('BISECTION', 'tolerance', tolerance, 0, 1);
  let left = Math.min(low, high);
  let right = Math.max(low, high);
  let atLeft = f(left);
  const atRight = f(right);
  requireFinite('BISECTION', [left, right, atLeft, atRight]);
  const done = (root: number, value: number, iterations: number): RootResult => {
    return { root, value, iterations, converged: true, reason: 'converged' };
  };
  if (atLeft === 0) return done(left, 0, 0);
  if (atRight === 0) return done(right, 0, 0);
  if (atLeft > 0 === atRight > 0) {
    throw new NumericsError('BISECTION_NO_SIGN_CHANGE', 'f has one sign at both ends', { low, high });
  }
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const middle = left / 2 + right / 2;
    const value = f(middle);
    if (Number.isNaN(value))
      return { ...done(middle, value, iteration), converged: false, reason: 'not-finite' };
    const narrow = right - left <= tolerance * Math.max(1, Math.abs(middle));
    if (value === 0 || narrow || middle <= left || middle >= right) return done(middle, value, iteration);
    if (value > 0 === atLeft > 0) {
      left = middle;
      atLeft = value;
    } else right = middle;
  }
  const middle = left / 2 + right / 2;
  return { ...done(middle, f(middle), maxIterations), converged: false, reason: 'iterations' };
}
