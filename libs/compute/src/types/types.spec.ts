import { createRng, dbscan, fillNormal, kMeans } from '@hartonomous/numerics';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resultHash, checksumOf } from '../checksum.js';
import { planWave, type PlanState } from '../plan/chunk-plan.js';
import { checkedEstimate, parseParams, taskTypeOf } from '../registry.js';
import { collatzLongest } from '../testing/collatz-longest.js';
import type { Partial, RunContext, Span, TaskType, VectorInput } from '../task-type.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

/** Three blobs and some scattered points in eight dimensions. */
function blobs(count: number, seed: number): VectorInput {
  const dimensions = 8;
  const rng = createRng(seed);
  const data = new Float32Array(count * dimensions);
  fillNormal(rng, data);
  for (let i = 0; i < count; i++) {
    const spread = i % 20 === 19 ? 4 : 0.1;
    for (let t = 0; t < dimensions; t++) {
      const centre = t === i % 3 ? 3 : 0;
      data[i * dimensions + t] = centre + spread * data[i * dimensions + t];
    }
  }
  return { count, dimensions, data };
}

/** A whole computation in this thread: chunks cut by `cut`, merged in an order drawn by it. */
function compute(
  type: TaskType,
  given: Record<string, unknown>,
  input: VectorInput | null,
  cut: (length: number) => number,
  backwards = false,
): { result: Record<string, unknown>; output?: Uint8Array } {
  const params = parseParams(type, given);
  let round = type.firstRound(params, input);
  for (let rounds = 0; rounds < 200; rounds++) {
    const partials: Partial[] = [];
    for (let lo = round.lo; lo <= round.hi;) {
      const hi = Math.min(round.hi, lo + Math.max(1, cut(round.hi - round.lo + 1)) - 1);
      const context: RunContext = {
        carry: round.carry,
        input,
        stopped: () => false,
        progress: () => {},
        independent: false,
      };
      partials.push(type.run(params, { round: round.round, lo, hi }, context));
      lo = hi + 1;
    }
    if (backwards) partials.reverse();
    const merged = partials.reduce((a, b) => type.merge(a, b));
    const outcome = type.finished(params, round, merged, input);
    if (outcome.kind === 'result') return outcome;
    round = outcome.round;
  }
  throw new Error('the computation does not end');
}

const cases: [string, Record<string, unknown>, VectorInput | null][] = [
  ['prime.count', { lo: 10, hi: 400_000 }, null],
  ['prime.list', { lo: 10, hi: 100_000 }, null],
  ['kmeans', { k: 4, iterations: 6 }, blobs(300, 5)],
  ['dbscan', { epsilon: 1.2, minPoints: 5, metric: 'euclidean' }, blobs(300, 6)],
  ['dbscan', { epsilon: 0.1, minPoints: 4, metric: 'cosine' }, blobs(200, 7)],
];

describe('task types', () => {
  it.each(cases)(
    '%s %j: split anywhere and merged in any order, the result is the same',
    (name, given, input) => {
      const type = taskTypeOf(name);
      const whole = compute(type, given, input, (length) => length);
      fc.assert(
        fc.property(fc.integer({ min: 2, max: 40 }), fc.boolean(), (parts, backwards) => {
          const split = compute(type, given, input, (length) => Math.ceil(length / parts), backwards);
          expect(resultHash(split.result, split.output)).toBe(resultHash(whole.result, whole.output));
        }),
        { numRuns: 6 },
      );
    },
  );

  it('the example of CONTRIBUTING.md: the longest sequence below 100,000 begins at 77,031', () => {
    const whole = compute(collatzLongest, { lo: 1, hi: 99_999 }, null, (length) => length);
    const split = compute(collatzLongest, { lo: 1, hi: 99_999 }, null, () => 7777, true);
    expect(whole.result).toEqual({ start: 77_031, steps: 350 });
    expect(split.result).toEqual(whole.result);
  });

  it('prime.count: legendre and sieve agree on ranges that do not begin at 1', () => {
    const type = taskTypeOf('prime.count');
    const count = (method: string) =>
      compute(type, { lo: 1_000_000, hi: 30_000_000, method }, null, () => 1e6).result.count;
    expect(count('legendre')).toBe(count('sieve'));
  });

  it.each([
    ['prime.list', 900_001, 1_900_000],
    ['prime.count', 900_001, 1_900_000],
    // Long and low: by the recurrence. High: by the sieve.
    ['prime.count', 1, 100_000_000],
    ['prime.count', 1_000_000_000_000, 1_000_000_300_000],
  ])('%s: a second opinion of [%d, %d] is equal', (name, lo, hi) => {
    const type = taskTypeOf(name);
    const params = parseParams(type, { hi: 2_000_000_000_000 });
    const run = (independent: boolean) =>
      checksumOf(
        type.run(params, { round: 0, lo, hi } as Span, {
          carry: null,
          input: null,
          stopped: () => false,
          progress: () => {},
          independent,
        }),
      );
    expect(run(true)).toBe(run(false));
  });

  it('kmeans is as good as the library on separated blobs', () => {
    const input = blobs(600, 11);
    const { result } = compute(taskTypeOf('kmeans'), { k: 3, iterations: 40 }, input, () => 100);
    const ours = result.inertia as number;
    const theirs = kMeans(input.data, input.dimensions, 3, { rng: createRng(3) }).inertia;
    expect(ours).toBeLessThanOrEqual(theirs * 1.02);
    expect((result.sizes as number[]).reduce((a, b) => a + b)).toBe(600);
  });

  it('dbscan finds the library’s core clusters and noise', () => {
    const input = blobs(600, 12);
    const options = { epsilon: 1.2, minPoints: 5, metric: 'euclidean' } as const;
    const ours = compute(taskTypeOf('dbscan'), options, input, () => 77);
    const theirs = dbscan(input.data, input.dimensions, options);
    const labels = new Int32Array((ours.output ?? new Uint8Array(0)).slice().buffer);
    expect(ours.result.clusters).toBe(theirs.clusters);
    for (let i = 0; i < 600; i++) {
      if (theirs.core[i]) expect(labels[i]).toBe(theirs.labels[i]);
      expect(labels[i] < 0).toBe(theirs.labels[i] < 0);
    }
  });

  it.each([
    ['prime.count', { lo: 5, hi: 4 }, 'lo must not exceed hi'],
    ['prime.count', { lo: 1.5, hi: 4 }, 'whole number'],
    ['prime.count', { hi: 2 ** 53 }, 'hi'],
    ['prime.count', { lo: -1, hi: 4 }, 'lo'],
    ['prime.count', { hi: 1e15, method: 'legendre' }, 'legendre method goes to'],
    ['prime.list', { hi: 10, extra: 1 }, 'Unrecognized'],
    ['kmeans', { k: 0 }, 'k'],
    ['kmeans', { k: 3, embeddingModel: 'x'.repeat(20_000) }, 'exceed'],
  ])('%s refuses %j', (name, given, text) => {
    expect(() => parseParams(taskTypeOf(name), given)).toThrow(text);
  });

  it('refuses unknown types, foreign versions, and what would be too much, with the estimate', () => {
    expect(() => taskTypeOf('prime.nope')).toThrow('no computation type');
    expect(() => taskTypeOf('prime.count', 2)).toThrow('runs as version 1');
    const list = taskTypeOf('prime.list');
    expect(() => checkedEstimate(list, { lo: 1, hi: 1e9 }, null)).toThrow('more than 10000000');
    const count = taskTypeOf('prime.count');
    const all = { lo: 1, hi: Number.MAX_SAFE_INTEGER, method: 'sieve' };
    expect(() => checkedEstimate(count, all, null)).toThrow('more than 10000');
    expect(() => checkedEstimate(count, { lo: 1, hi: 1e9, method: 'sieve' }, null, 10_000)).toThrow(
      '100000 chunks',
    );
    expect(checkedEstimate(count, { lo: 1, hi: 1e9, method: 'sieve' }, null).seconds).toBeLessThan(1);
  });
});

describe('planning', () => {
  const type = taskTypeOf('prime.count');

  it('tiles the range without gap or overlap, for any size, within the limits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: 0, max: 1e13 }),
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        (lo, length, workers, factor) => {
          const params = { lo, hi: lo + length, method: 'sieve' };
          const round = type.firstRound(params, null);
          const budget = { workers, wave: 64, mode: { mode: 'time', targetMs: 4000 } as const };
          let state: PlanState = { next: round.lo, planned: 0, size: 0 };
          let expected = lo;
          while (state.next <= round.hi) {
            const wave = planWave(type, params, round, null, state, budget);
            for (const chunk of wave.chunks) {
              if (chunk.lo !== expected)
                throw new Error(`chunk ${chunk.no} begins at ${chunk.lo}, not ${expected}`);
              expected = chunk.hi + 1;
            }
            state = { ...wave.state, size: wave.state.size * factor };
          }
          expect(expected).toBe(lo + length + 1);
          expect(state.planned).toBeLessThanOrEqual(10_000);
          if (length > 100) expect(state.planned).toBeGreaterThanOrEqual(2 * workers);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('the last chunks get shorter, so that no worker waits long for another', () => {
    const params = { lo: 1, hi: 1e11, method: 'sieve' };
    const round = type.firstRound(params, null);
    const budget = { workers: 2, wave: 100, mode: { mode: 'time', targetMs: 4000 } as const };
    const { chunks } = planWave(type, params, round, null, { next: 1, planned: 0, size: 0 }, budget);
    const lengths = chunks.map(({ lo, hi }) => hi - lo + 1);
    expect(lengths[0]).toBe(25e9);
    expect(lengths.at(-1)).toBeLessThanOrEqual(25e9 / 8);
    expect(lengths.toSorted((a, b) => b - a)).toEqual(lengths);
    // Worker by worker, the first that is free takes the next one: how long is one alone at the end?
    const free = [0, 0];
    for (const { cost } of chunks) free[free[0] <= free[1] ? 0 : 1] += cost;
    expect(Math.abs(free[0] - free[1]) / (free[0] + free[1])).toBeLessThan(0.05);
    // A long computation has chunks of the size asked for until its end is near.
    const long = planWave(
      type,
      { ...params, hi: 1e13 },
      type.firstRound({ ...params, hi: 1e13 }, null),
      null,
      { next: 1, planned: 0, size: 0 },
      budget,
    );
    expect(new Set(long.chunks.map(({ lo, hi }) => hi - lo)).size).toBe(1);
  });

  it('classic chunks have 10,000 numbers', () => {
    const params = { lo: 1, hi: 35_000, method: 'sieve' };
    const round = type.firstRound(params, null);
    const budget = { workers: 2, wave: 64, mode: { mode: 'fixed', size: 10_000 } as const };
    const { chunks } = planWave(type, params, round, null, { next: 1, planned: 0, size: 0 }, budget);
    expect(chunks.map(({ no, lo, hi }) => [no, lo, hi])).toEqual([
      [0, 1, 10_000],
      [1, 10_001, 20_000],
      [2, 20_001, 30_000],
      [3, 30_001, 35_000],
    ]);
  });
});
