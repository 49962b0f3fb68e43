import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { integrate, type Derivative, type StepMethod } from './integration.js';
import { adamStep, adamStepRows, clipByGlobalNorm, createAdam, createSgd, sgdStep } from './optimizers.js';
import { bisect, newtonRaphson } from './roots.js';
import {
  constantSchedule,
  cosineSchedule,
  createEarlyStopping,
  hasPlateaued,
  linearSchedule,
  shouldStop,
  stepSchedule,
  warmUpSchedule,
} from './schedules.js';
import { codeOf, difference, fixture, property } from './spec/support.js';

const expected = fixture<{ lotka: number[]; cubicRoot: number; adamw: number[] }>('dynamics');

// Oracles: SciPy solve_ivp (DOP853 at 1e-12), closed forms, the order of convergence.
describe('integration', () => {
  const lotka: Derivative = (_, y, out) => {
    out[0] = 1.1 * y[0] - 0.4 * y[0] * y[1];
    out[1] = 0.1 * y[0] * y[1] - 0.4 * y[1];
  };

  it('agrees with SciPy', () => {
    const { states } = integrate('rk4', lotka, [10, 5], 0, 10, 4000);
    expect(difference(states.subarray(states.length - 2), expected.lotka, 1e-8)).toBe('');
  });

  it.each([
    ['euler', 1],
    ['rk2', 2],
    ['rk4', 4],
  ] as [StepMethod, number][])('%s has order %i', (method, order) => {
    const wave: Derivative = (t, y, out) => {
      out[0] = y[1];
      out[1] = -y[0] + t - t;
    };
    const error = (steps: number): number => {
      const { states } = integrate(method, wave, [0, 1], 0, 2, steps);
      return Math.abs(states[states.length - 2] - Math.sin(2));
    };
    const measured = Math.log2(error(64) / error(128));
    expect(Math.abs(measured - order)).toBeLessThan(0.25);
  });

  it('runs backward, hits the last time, and says when it diverges', () => {
    const decay: Derivative = (_, y, out) => (out[0] = -y[0]) as unknown as void;
    const { times, states } = integrate('rk4', decay, [1], 1, 0, 100);
    expect(times[100]).toBe(0);
    expect(states[100]).toBeCloseTo(Math.E, 7);
    const blowUp: Derivative = (_, y, out) => (out[0] = y[0] ** 3) as unknown as void;
    expect(codeOf(() => integrate('euler', blowUp, [10], 0, 10, 50))).toBe('ODE_DIVERGED');
    expect(codeOf(() => integrate('rk2', decay, [NaN], 0, 1, 5))).toBe('ODE_NOT_FINITE');
    expect(codeOf(() => integrate('rk2', decay, [1], 0, 1, 0))).toBe('ODE_INVALID');
    expect(integrate('rk4', decay, [], 0, 1, 2).states).toHaveLength(0);
  });
});

// Oracles: SciPy brentq, roots known in closed form.
describe('roots', () => {
  it('Newton steps against f / f′ (the right sign), from either side and on either slope', () => {
    const cubic = newtonRaphson(
      (x) => x ** 3 - 2 * x - 5,
      (x) => 3 * x * x - 2,
      3,
    );
    expect(cubic.root).toBeCloseTo(expected.cubicRoot, 13);
    expect(cubic.iterations).toBeLessThan(8);
    for (const sign of [1, -1]) {
      for (const start of [0.3, 2, 5]) {
        const result = newtonRaphson(
          (x) => sign * (x * x - 2),
          (x) => sign * 2 * x,
          start,
        );
        expect(result).toMatchObject({ converged: true });
        expect(result.root).toBeCloseTo(Math.SQRT2, 13);
      }
    }
    const once = newtonRaphson(
      (x) => 3 * x - 6,
      () => 3,
      100,
      { maxIterations: 1 },
    );
    expect(once.root).toBe(2);
  });

  it('says why it stopped', () => {
    expect(
      newtonRaphson(
        (x) => x * x + 1,
        (x) => 2 * x,
        0,
      ).reason,
    ).toBe('flat');
    expect(
      newtonRaphson(
        (x) => x * x + 1,
        (x) => 2 * x,
        0.7,
        { maxIterations: 30 },
      ).converged,
    ).toBe(false);
    expect(
      newtonRaphson(
        (x) => Math.sqrt(x),
        (x) => 0.5 / Math.sqrt(x),
        1,
      ).reason,
    ).toBe('not-finite');
    expect(
      newtonRaphson(
        (x) => x,
        () => 1,
        0,
      ).iterations,
    ).toBe(0);
    expect(
      codeOf(() =>
        newtonRaphson(
          (x) => x,
          () => 1,
          NaN,
        ),
      ),
    ).toBe('NEWTON_NOT_FINITE');
  });

  it('bisection closes on the sign change', () => {
    expect(bisect((x) => x ** 3 - 2 * x - 5, 2, 3).root).toBeCloseTo(expected.cubicRoot, 10);
    fc.assert(
      fc.property(fc.double({ min: -100, max: 100, noNaN: true }), (root) => {
        expect(Math.abs(bisect((x) => x - root, 150, -120).root - root)).toBeLessThan(1e-9);
      }),
      property(),
    );
    expect(bisect((x) => x, 0, 1)).toMatchObject({ root: 0, iterations: 0 });
    expect(codeOf(() => bisect((x) => x * x + 1, -1, 1))).toBe('BISECTION_NO_SIGN_CHANGE');
    expect(codeOf(() => bisect((x) => x, NaN, 1))).toBe('BISECTION_NOT_FINITE');
    expect(bisect((x) => x - 0.3, 0, 1, { maxIterations: 3 }).converged).toBe(false);
  });
});

// Oracles: NumPy AdamW, closed forms on a quadratic.
describe('optimisers', () => {
  it('AdamW agrees with NumPy', () => {
    const parameters = Float64Array.of(1, -2, 0.5);
    const state = createAdam(3);
    const path: number[] = [];
    for (let step = 0; step < 5; step++) {
      const gradient = parameters.map((p, i) => 2 * p + [0.1, 0, -0.3][i]);
      adamStep(parameters, gradient, state, { rate: 0.05, weightDecay: 0.01 });
      path.push(...parameters);
    }
    expect(difference(path, expected.adamw, 1e-13)).toBe('');
  });

  it('the first Adam step has the size of the rate, against the gradient', () => {
    const parameters = Float64Array.of(0, 0);
    adamStep(parameters, Float64Array.of(1e-3, -1e3), createAdam(2), { rate: 0.1 });
    expect(difference(parameters, [-0.1, 0.1], 1e-5)).toBe('');
  });

  it('sparse rows equal the dense step on touched rows and leave the others alone', () => {
    const dense = Float64Array.from({ length: 12 }, (_, i) => i);
    const sparse = dense.slice();
    const gradient = new Float64Array(12);
    gradient.set([1, 2, 3], 6);
    adamStep(dense, gradient, createAdam(12), { rate: 0.1 });
    adamStepRows(sparse, 3, [2], Float64Array.of(1, 2, 3), createAdam(12), { rate: 0.1 });
    expect(sparse).toEqual(dense);
    expect(codeOf(() => adamStepRows(sparse, 3, [4], new Float64Array(3), createAdam(12), { rate: 1 }))).toBe(
      'ADAM_INVALID',
    );
  });

  it('SGD and momentum follow their closed forms and descend', () => {
    const plain = Float64Array.of(4);
    sgdStep(plain, Float64Array.of(2), createSgd(1), { rate: 0.5 });
    expect(plain[0]).toBe(3);
    const heavy = Float64Array.of(0);
    const state = createSgd(1);
    for (let i = 0; i < 3; i++) sgdStep(heavy, Float64Array.of(1), state, { rate: 1, momentum: 0.5 });
    expect(heavy[0]).toBe(-(1 + 1.5 + 1.75));
    for (const options of [
      { rate: 0.1 },
      { rate: 0.05, momentum: 0.9 },
      { rate: 0.05, momentum: 0.9, nesterov: true },
    ]) {
      const p = Float32Array.of(5, -3);
      const s = createSgd(2);
      for (let i = 0; i < 400; i++)
        sgdStep(
          p,
          p.map((x) => 2 * (x - 1)),
          s,
          options,
        );
      expect(difference(p, [1, 1], 1e-4)).toBe('');
    }
    expect(codeOf(() => sgdStep(plain, new Float64Array(2), createSgd(1), { rate: 1 }))).toBe('SGD_SHAPE');
    expect(codeOf(() => sgdStep(plain, plain, createSgd(1), { rate: NaN }))).toBe('SGD_INVALID');
    expect(codeOf(() => adamStep(plain, plain, createAdam(1), { rate: 1, beta1: 1 }))).toBe('ADAM_INVALID');
  });

  it('clips by the joint norm, keeps the direction, survives extreme sizes', () => {
    const a = Float64Array.of(3, 0);
    const b = Float32Array.of(4);
    expect(clipByGlobalNorm([a, b], 1)).toBe(5);
    expect(difference([...a, ...b], [0.6, 0, 0.8], 1e-7)).toBe('');
    expect(clipByGlobalNorm([a], 10)).toBeCloseTo(0.6, 12);
    const huge = Float64Array.of(3e200, 4e200);
    expect(clipByGlobalNorm([huge], 1) / 5e200).toBeCloseTo(1, 12);
    expect(difference(huge, [0.6, 0.8], 1e-12)).toBe('');
    expect(clipByGlobalNorm([new Float64Array(3)], 1)).toBe(0);
    const broken = Float64Array.of(1, NaN);
    expect(codeOf(() => clipByGlobalNorm([broken], 1))).toBe('CLIP_NOT_FINITE');
    expect(broken[0]).toBe(1);
  });
});

describe('schedules and stopping', () => {
  it('pass through their defining points', () => {
    const cosine = cosineSchedule(1, 100, 0.1);
    expect(difference([cosine(0), cosine(50), cosine(100), cosine(500)], [1, 0.55, 0.1, 0.1], 1e-12)).toBe(
      '',
    );
    const warm = warmUpSchedule(4, cosine);
    expect(difference([warm(0), warm(3), warm(4), warm(54)], [0.25, 1, 1, 0.55], 1e-12)).toBe('');
    const step = stepSchedule(1, 10, 0.5);
    expect([step(0), step(9), step(10), step(25)]).toEqual([1, 1, 0.5, 0.25]);
    expect([constantSchedule(0.3)(7), linearSchedule(1, 10)(5), linearSchedule(1, 10, 0.2)(99)]).toEqual([
      0.3, 0.5, 0.2,
    ]);
    for (let s = 1; s < 100; s++) expect(cosine(s)).toBeLessThan(cosine(s - 1));
    expect(codeOf(() => cosineSchedule(-1, 10))).toBe('SCHEDULE_INVALID');
    expect(codeOf(() => stepSchedule(1, 0, 0.5))).toBe('SCHEDULE_INVALID');
  });

  it('stops after the patience, not before; plateaus within 1 %', () => {
    const state = createEarlyStopping();
    const stops = [5, 4, 4.5, 4.2, NaN, 1].map((loss) => shouldStop(state, loss, 3));
    expect(stops).toEqual([false, false, false, false, true, false]);
    expect(state).toMatchObject({ best: 1, bestStep: 5 });
    const slow = createEarlyStopping();
    expect([5, 4.95, 4.9].map((loss) => shouldStop(slow, loss, 2, 0.2))).toEqual([false, false, true]);
    expect([hasPlateaued([3, 1, 1.005, 1.009]), hasPlateaued([1, 1.02, 1]), hasPlateaued([1, 1])]).toEqual([
      true,
      false,
      false,
    ]);
    expect([hasPlateaued([0, 0, 0]), hasPlateaued([1, NaN, 1])]).toEqual([true, false]);
  });
});
