import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyClampedAffine,
  applyToAll,
  composeClampedAffine,
  foldClampedAffine,
  type ClampedAffine,
} from './clamped-affine.js';
import { updateClamped, updateClampedComposed, type ClampedSamples } from './clamped-update.js';
import {
  emptyGradientStatistics,
  gradientHealth,
  gradientStatistics,
  mergeGradientStatistics,
  rowNorms,
} from './gradient-statistics.js';
import { multiplyF32, multiplyF64 } from './matrix-product.js';
import { drawNormal, fillNormal, type SeededRng } from './random.js';
import {
  createDotScan,
  createHammingScan,
  createInt8Scan,
  normaliseRows,
  packSigns,
  selectTop,
} from './vector-scan.js';
import { createKernels, simdAvailable } from './wasm/kernels.js';
import { codeOf, difference, normals, property, testRng } from './spec/support.js';

const floats = (rng: SeededRng, n: number): Float32Array =>
  fillNormal(rng, new Float32Array(n)) as Float32Array;

function samplesFor(rng: SeededRng, count: number): ClampedSamples {
  return {
    dim: 3,
    slopes: Float64Array.from({ length: count }, () => 0.9 + 0.2 * rng()),
    offsets: Float64Array.from({ length: 3 * count }, () => 4 * drawNormal(rng)),
    lo: Float64Array.of(0, 0, -10),
    hi: Float64Array.of(100, 100, 10),
  };
}

// Oracles: the TypeScript twin of each kernel (bit for bit unless a tolerance is stated), double-precision sums.
describe('compiled kernels', () => {
  it('run here, or the twin answers', () => {
    expect(simdAvailable()).toBe(true);
    expect(createKernels('twin')).toBeNull();
    expect(createDotScan(new Float32Array(4), 2, 'twin').engine).toBe('twin');
    expect(createDotScan(new Float32Array(4), 2).engine).toBe('wasm');
  });

  it.each([1, 3, 4, 7, 64, 769])('dot scan equals its twin bit for bit, dim %i', (dim) => {
    const rng = testRng(`dot${dim}`);
    for (const rows of [0, 1, 3, 4, 9]) {
      const table = floats(rng, rows * dim);
      const query = floats(rng, dim);
      const scores = createDotScan(table, dim, 'wasm').scores(query);
      expect(scores).toEqual(createDotScan(table, dim, 'twin').scores(query));
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        for (let i = 0; i < dim; i++) sum += query[i] * table[r * dim + i];
        expect(Math.abs(scores[r] - sum)).toBeLessThan(1e-5 * dim);
      }
    }
  });

  it('int8 and Hamming scans are exact', () => {
    const rng = testRng('bytes');
    for (const dim of [1, 15, 16, 33, 96, 1040]) {
      const bytes = (n: number): Int8Array =>
        Int8Array.from({ length: n }, () => Math.floor(rng() * 255) - 127);
      const table = bytes(7 * dim);
      const query = bytes(dim);
      const direct = Array.from({ length: 7 }, (_, r) =>
        query.reduce((sum, q, i) => sum + q * table[r * dim + i], 0),
      );
      expect(Array.from(createInt8Scan(table, dim, 'wasm').scores(query))).toEqual(direct);
      expect(Array.from(createInt8Scan(table, dim, 'twin').scores(query))).toEqual(direct);
      const bits = new Uint8Array(table.buffer);
      const mask = new Uint8Array(query.buffer);
      const differing = Array.from({ length: 7 }, (_, r) =>
        mask.reduce((sum, q, i) => sum + (q ^ bits[r * dim + i]).toString(2).replaceAll('0', '').length, 0),
      );
      expect(Array.from(createHammingScan(bits, dim, 'wasm').scores(mask))).toEqual(differing);
      expect(Array.from(createHammingScan(bits, dim, 'twin').scores(mask))).toEqual(differing);
    }
    const extreme = createInt8Scan(new Int8Array(131_072).fill(-127), 131_072, 'wasm');
    expect(extreme.scores(new Int8Array(131_072).fill(-127))[0]).toBe(131_072 * 127 * 127);
  });

  it('scans part of a table into a given array; shapes are checked', () => {
    const table = Float32Array.of(1, 0, 0, 1, 1, 1, 2, 2);
    const scan = createDotScan(table, 2);
    table.fill(9);
    const out = new Float32Array(2);
    expect(scan.scores(Float32Array.of(1, 2), out, 1, 3)).toBe(out);
    expect(Array.from(out)).toEqual([2, 3]);
    expect(codeOf(() => scan.scores(Float32Array.of(1)))).toBe('SCAN_SHAPE');
    expect(codeOf(() => scan.scores(Float32Array.of(1, 2), out))).toBe('SCAN_SHAPE');
    expect(codeOf(() => scan.scores(Float32Array.of(1, 2), out, 3, 9))).toBe('SCAN_INVALID');
    expect(codeOf(() => createDotScan(new Float32Array(3), 2))).toBe('SCAN_SHAPE');
    const big = createHammingScan(new Uint8Array(3_000_000).fill(255), 96);
    expect(big.scores(new Uint8Array(96)).every((d) => d === 768)).toBe(true);
  });

  it('prepares and ranks: unit rows, sign bits, the k best with stable ties', () => {
    const unit = normaliseRows(Float32Array.of(3, 4, 0, 0), 2);
    expect(difference(unit, [0.6, 0.8, 0, 0], 1e-7)).toBe('');
    expect(codeOf(() => normaliseRows(Float32Array.of(NaN), 1))).toBe('SCAN_NOT_FINITE');
    expect(Array.from(packSigns([1, -1, 0, 2, -3, 4, 5, 6, 7, -8], 10))).toEqual([0b11101001, 0b1]);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }),
        fc.nat(12),
        fc.boolean(),
        (xs, k, up) => {
          const order = Array.from(xs.keys()).sort((i, j) => (up ? xs[i] - xs[j] : xs[j] - xs[i]) || i - j);
          expect(Array.from(selectTop(xs, k, up))).toEqual(order.slice(0, k));
        },
      ),
      property(),
    );
    expect(Array.from(selectTop([NaN, 1, NaN, 2], 3))).toEqual([3, 1]);
  });
});

describe('matrix products', () => {
  it.each([
    [1, 1, 1],
    [4, 8, 8],
    [5, 3, 9],
    [13, 257, 11],
    [33, 300, 70],
  ])('%i x %i x %i equals the direct sums, each transpose', (m, k, n) => {
    const rng = testRng(`gemm${m}`);
    const a = normals(rng, m * k);
    const b = normals(rng, k * n);
    const direct = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let t = 0; t < k; t++)
        for (let j = 0; j < n; j++) direct[i * n + j] += a[i * k + t] * b[t * n + j];
    }
    const flip = (x: Float64Array, rows: number, cols: number): Float64Array =>
      Float64Array.from({ length: x.length }, (_, at) => x[(at % rows) * cols + Math.floor(at / rows)]);
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        const left = transposeA ? flip(a, m, k) : a;
        const right = transposeB ? flip(b, k, n) : b;
        for (const engine of ['wasm', 'twin'] as const) {
          const options = { transposeA, transposeB, engine };
          expect(difference(multiplyF64(left, right, m, k, n, options), direct, 1e-12 * k)).toBe('');
          const single = multiplyF32(new Float32Array(left), new Float32Array(right), m, k, n, options);
          expect(difference(single, direct, 3e-6 * Math.sqrt(k))).toBe('');
        }
      }
    }
  });

  it.each([1, 3, 5, 18, 74])(
    'halves symmetric and triangular products without changing a bit, n = %i',
    (n) => {
      const depth = 2 * n + 300;
      const tall = normals(testRng('structure'), depth * n);
      const gram = { transposeA: true } as const;
      const full = multiplyF64(tall, tall, n, depth, n, gram);
      expect(multiplyF64(tall, tall, n, depth, n, { ...gram, structure: 'symmetric' })).toEqual(full);
      const lower = full.map((value, at) => (at % n <= Math.floor(at / n) ? value : 0));
      const upper = { transposeB: true } as const;
      expect(multiplyF64(tall, lower, depth, n, n, { ...upper, structure: 'upper b' })).toEqual(
        multiplyF64(tall, lower, depth, n, n, upper),
      );
    },
  );

  it('serves empty shapes and refuses wrong ones', () => {
    expect(multiplyF32(new Float32Array(0), new Float32Array(0), 0, 0, 3)).toHaveLength(0);
    expect(Array.from(multiplyF64(new Float64Array(0), new Float64Array(0), 2, 0, 1))).toEqual([0, 0]);
    expect(codeOf(() => multiplyF64(new Float64Array(3), new Float64Array(2), 2, 2, 1))).toBe(
      'PRODUCT_SHAPE',
    );
  });
});

describe('clamped updates', () => {
  it.each(['f32', 'f64'] as const)('kernel equals twin bit for bit in %s, every remainder', (precision) => {
    const rng = testRng(`clamped${precision}`);
    const samples = samplesFor(rng, 60);
    for (const atoms of [0, 1, 5, 31, 33, 2050, 4100]) {
      const start = [0, 1, 2].map(() => Float64Array.from({ length: atoms }, () => 100 * rng()));
      if (atoms > 5) start[1][2] = NaN;
      const run = (engine: 'wasm' | 'twin'): (Float32Array | Float64Array)[] => {
        if (precision === 'f64') {
          const axes = start.map((axis) => axis.slice());
          updateClamped(axes, samples, engine);
          return axes;
        }
        const axes = start.map((axis) => new Float32Array(axis));
        updateClamped(axes, samples, engine);
        return axes;
      };
      expect(run('wasm')).toEqual(run('twin'));
      if (precision === 'f64') {
        const direct = start.map((axis, t) =>
          axis.map((x) => {
            const [lo, hi] = [samples.lo[t], samples.hi[t]];
            for (let s = 0; s < 60; s++) {
              x = applyClampedAffine({ a: samples.slopes[s], b: samples.offsets[3 * s + t], lo, hi }, x);
            }
            return x;
          }),
        );
        expect(run('wasm')).toEqual(direct);
      }
    }
  });

  it('composition gives the same result in one pass', () => {
    const rng = testRng('composed');
    const samples = samplesFor(rng, 200);
    const axes = [0, 1, 2].map(() => Float64Array.from({ length: 300 }, () => 300 * rng() - 100));
    const composed = axes.map((axis) => axis.slice());
    updateClamped(axes, samples);
    updateClampedComposed(composed, samples);
    axes.forEach((axis, t) => expect(difference(composed[t], axis, 5e-13 * 100)).toBe(''));
  });

  it('clamped affine maps are closed under composition, associative, with the identity', () => {
    const number = fc.double({ min: -50, max: 50, noNaN: true });
    const map = fc
      .tuple(fc.double({ min: 0, max: 2, noNaN: true }), number, number, number)
      .map(([a, b, c, d]): ClampedAffine => ({ a, b, lo: Math.min(c, d), hi: Math.max(c, d) }));
    fc.assert(
      fc.property(map, map, map, number, (f, g, h, x) => {
        const chained = applyClampedAffine(h, applyClampedAffine(g, applyClampedAffine(f, x)));
        expect(difference([applyClampedAffine(foldClampedAffine([f, g, h]), x)], [chained], 1e-11)).toBe('');
        const left = composeClampedAffine(composeClampedAffine(f, g), h);
        const right = composeClampedAffine(f, composeClampedAffine(g, h));
        expect(difference([applyClampedAffine(left, x)], [applyClampedAffine(right, x)], 1e-11)).toBe('');
        expect(applyClampedAffine(foldClampedAffine([]), x) === x).toBe(true);
      }),
      property(300),
    );
  });

  it('pulls toward a target, stays in the box, refuses bad maps', () => {
    const samples: ClampedSamples = {
      dim: 1,
      slopes: Float64Array.of(0.5),
      offsets: Float64Array.of(5),
      lo: Float64Array.of(0),
      hi: Float64Array.of(6),
    };
    const axis = Float64Array.of(0, 10, 100, -100);
    updateClamped([axis], samples);
    expect(Array.from(axis)).toEqual([5, 6, 6, 0]);
    const flat = Float64Array.of(1, 2);
    applyToAll(flat, { a: 0, b: 3, lo: -Infinity, hi: Infinity });
    expect(Array.from(flat)).toEqual([3, 3]);
    expect(
      codeOf(() => composeClampedAffine({ a: -1, b: 0, lo: 0, hi: 1 }, { a: 1, b: 0, lo: 0, hi: 1 })),
    ).toBe('CLAMPED_INVALID');
    expect(codeOf(() => updateClamped([axis, axis], samples))).toBe('CLAMPED_SHAPE');
    expect(codeOf(() => updateClamped([axis], { ...samples, hi: Float64Array.of(-1) }))).toBe(
      'CLAMPED_INVALID',
    );
    expect(codeOf(() => updateClamped([axis], { ...samples, offsets: Float64Array.of(NaN) }))).toBe(
      'CLAMPED_NOT_FINITE',
    );
  });
});

// Oracle: norms computed one by one in double precision; merging against the whole.
describe('gradient statistics', () => {
  it('equals the direct statistics on both engines and both widths', () => {
    const gradients = floats(testRng('gradients'), 157 * 93);
    const norms = Array.from({ length: 157 }, (_, r) =>
      Math.hypot(...gradients.subarray(93 * r, 93 * r + 93)),
    );
    const mean = norms.reduce((sum, x) => sum + x, 0) / 157;
    const deviation = Math.sqrt(norms.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 157);
    for (const statistics of [
      gradientStatistics(gradients, 93, 'wasm'),
      gradientStatistics(gradients, 93, 'twin'),
      gradientStatistics(new Float64Array(gradients), 93),
    ]) {
      const health = gradientHealth(statistics);
      expect(
        difference(
          [health.mean, health.min, health.max, health.deviation],
          [mean, Math.min(...norms), Math.max(...norms), deviation],
          1e-12,
        ),
      ).toBe('');
      expect(health).toMatchObject({ count: 157, nonFinite: 0, vanishing: false, exploding: false });
    }
    expect(rowNorms(gradients, 93, 'wasm')).toEqual(rowNorms(gradients, 93, 'twin'));
  });

  it('merges in any split', () => {
    const gradients = floats(testRng('merge'), 64 * 8);
    const whole = gradientHealth(gradientStatistics(gradients, 8));
    let merged = emptyGradientStatistics();
    for (const [from, to] of [
      [0, 5],
      [5, 40],
      [40, 64],
    ]) {
      merged = mergeGradientStatistics(merged, gradientStatistics(gradients.subarray(8 * from, 8 * to), 8));
    }
    const health = gradientHealth(merged);
    expect(
      difference(
        [health.mean, health.deviation, health.max],
        [whole.mean, whole.deviation, whole.max],
        1e-12,
      ),
    ).toBe('');
  });

  it('tells vanishing, exploding and broken gradients; extreme sizes keep their norm', () => {
    const health = (values: number[], dim: number): ReturnType<typeof gradientHealth> =>
      gradientHealth(gradientStatistics(Float64Array.from(values), dim));
    expect(health([5e-8, 0, 0, 9e-8], 2)).toMatchObject({ vanishing: true, exploding: false });
    expect(health([1, 0, 60, 81], 2)).toMatchObject({ vanishing: false, exploding: true });
    expect(health([60, 80], 2).exploding).toBe(false);
    expect(health([NaN, 1, 3, 4], 2)).toMatchObject({ count: 1, mean: 5, nonFinite: 1, exploding: true });
    expect(health([3e200, 4e200], 2).mean / 5e200).toBeCloseTo(1, 12);
    expect(health([3e-200, 4e-200], 2).mean / 5e-200).toBeCloseTo(1, 12);
    expect(health([], 4)).toMatchObject({ count: 0, vanishing: false, exploding: false, min: 0, max: 0 });
    expect(health([0, 0], 2)).toMatchObject({ mean: 0, vanishing: true });
    expect(codeOf(() => gradientStatistics(new Float32Array(3), 2))).toBe('GRADIENTS_SHAPE');
  });
});
