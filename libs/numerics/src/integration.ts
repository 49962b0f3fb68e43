import { NumericsError } from './errors.js';
import { requireFinite, requireInteger } from './preconditions.js';

/** Writes dy/dt at (t, y) into `out`. */
export type Derivative = (t: number, y: Float64Array, out: Float64Array) => void;

/** Explicit one-step methods of order 1, 2 (midpoint) and 4. */
export type StepMethod = 'euler' | 'rk2' | 'rk4';

/** Times and states of a fixed-step solution: row i of `states` (dim values) is the state at times[i]. */
export interface Trajectory {
  times: Float64Array;
  states: Float64Array;
}

type Step = (f: Derivative, t: number, y: Float64Array, h: number, next: Float64Array) => void;

function eulerStep(dim: number): Step {
  const k = new Float64Array(dim);
  return (f, t, y, h, next) => {
    f(t, y, k);
    for (let i = 0; i < dim; i++) next[i] = y[i] + h * k[i];
  };
}

function midpointStep(dim: number): Step {
  const k = new Float64Array(dim);
  const middle = new Float64Array(dim);
  return (f, t, y, h, next) => {
    f(t, y, k);
    for (let i = 0; i < dim; i++) middle[i] = y[i] + (h / 2) * k[i];
    f(t + h / 2, middle, k);
    for (let i = 0; i < dim; i++) next[i] = y[i] + h * k[i];
  };
}

function classicalStep(dim: number): Step {
  const [k1, k2, k3, k4, probe] = Array.from({ length: 5 }, () => new Float64Array(dim));
  const move = (y: Float64Array, h: number, k: Float64Array): Float64Array => {
    for (let i = 0; i < dim; i++) probe[i] = y[i] + h * k[i];
    return probe;
  };
  return (f, t, y, h, next) => {
    f(t, y, k1);
    f(t + h / 2, move(y, h / 2, k1), k2);
    f(t + h / 2, move(y, h / 2, k2), k3);
    f(t + h, move(y, h, k3), k4);
    for (let i = 0; i < dim; i++) next[i] = y[i] + (h / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  };
}

/**
 * Integrates y' = f(t, y) from t0 to t1 (either direction) in `steps` equal steps. Global error O(h), O(h^2) and
 * O(h^4) (Runge 1895, Kutta 1901). The last time is exactly t1. Throws `ODE_INVALID`, `ODE_NOT_FINITE` (input) and
 * `ODE_DIVERGED` with the time at which the state left the finite numbers.
 */
export function integrate(
  method: StepMethod,
  f: Derivative,
  y0: ArrayLike<number>,
  t0: number,
  t1: number,
  steps: number,
): Trajectory {
  requireInteger('ODE', 'steps', steps, 1, 1e8);
  requireFinite('ODE', y0);
  requireFinite('ODE', [t0, t1]);
  const dim = y0.length;
  const step = { euler: eulerStep, rk2: midpointStep, rk4: classicalStep }[method](dim);
  const times = new Float64Array(steps + 1);
  const states = new Float64Array((steps + 1) * dim);
  states.set(y0);
  times[0] = t0;
  const h = (t1 - t0) / steps;
  for (let s = 0; s < steps; s++) {
    const next = states.subarray((s + 1) * dim, (s + 2) * dim);
    step(f, times[s], states.subarray(s * dim, (s + 1) * dim), h, next);
    times[s + 1] = s + 1 === steps ? t1 : t0 + (s + 1) * h;
    if (!next.every(Number.isFinite)) {
      throw new NumericsError('ODE_DIVERGED', `state is not finite at t = ${times[s + 1]}`, {
        t: times[s + 1],
      });
    }
  }
  return { times, states };
}
