// Oracles: algebra (identities, dense sampling of segments), exact rational arithmetic with BigInt for the
// predicates, published hard cases (Kettner et al. 2008, "Classroom examples of robustness problems").
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyToBigint } from './curve-key.js';
import { GeometryError } from './geometry-error.js';
import { MAP_KEY_CELL, hilbertKey, hilbertKeyCentre, hilbertKeys, mapBoxRanges } from './map-key.js';
import {
  MAP_BOX,
  clampToMap,
  distance3,
  distanceToBox,
  distanceToPath,
  distanceToSegment,
  isInMap,
} from './map-space.js';
import { incircle, insphere, orient2d, orient3d } from './predicates.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { add, cosine, dot, euclidean, lerp, mean, norm, normalise, scale, subtract } from './vectors.js';

const seed = testSeed(process.env['HARTO_SEED']);

/** The error's code, or 'none'. */
function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
  return 'none';
}

describe('map space', () => {
  it('clamps to the box and knows what is inside', () => {
    const points = Float64Array.of(-1, 50, 11, 100, 0, -10, Infinity, -Infinity, 0);
    const clamped = clampToMap(points);
    expect(Array.from(clamped)).toEqual([0, 50, 10, 100, 0, -10, 100, 0, 0]);
    expect(isInMap(100, 0, -10)).toBe(true);
    expect(isInMap(100.0001, 0, 0)).toBe(false);
    expect(isInMap(Number.NaN, 0, 0)).toBe(false);
    expect(codeOf(() => clampToMap(Float64Array.of(0, Number.NaN, 0)))).toBe('SPACE_NOT_A_NUMBER');
    expect(codeOf(() => clampToMap(Float64Array.of(0, 1)))).toBe('SPACE_BAD_SHAPE');
    expect(clampToMap(new Float64Array(0)).length).toBe(0);
  });

  it('distance to a box is the distance to the clamped point', () => {
    const random = seededRandom(seed);
    const min = [MAP_BOX.minX, MAP_BOX.minY, MAP_BOX.minZ];
    const max = [MAP_BOX.maxX, MAP_BOX.maxY, MAP_BOX.maxZ];
    for (let i = 0; i < 500; i++) {
      const p = Float64Array.from({ length: 3 }, () => 400 * random() - 200);
      const q = clampToMap(p);
      expect(distanceToBox(p, min, max)).toBeCloseTo(distance3(p[0], p[1], p[2], q[0], q[1], q[2]), 10);
    }
    expect(distanceToBox([50, 50, 0], min, max)).toBe(0);
    expect(distanceToBox([Number.NaN, 50, 0], min, max)).toBeNaN();
    expect(codeOf(() => distanceToBox([0, 0], [1, 1], [0, 0]))).toBe('SPACE_EMPTY_BOX');
  });

  it('distance to segments and paths is the least over dense samples', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 40; round++) {
      const path = Float64Array.from({ length: 12 }, () => 10 * random());
      const p = Float64Array.from({ length: 3 }, () => 20 * random() - 5);
      let least = Infinity;
      for (let s = 0; s < 3; s++) {
        const a = path.subarray(3 * s, 3 * s + 3);
        const b = path.subarray(3 * s + 3, 3 * s + 6);
        let leastOnSegment = Infinity;
        for (let t = 0; t <= 2000; t++)
          leastOnSegment = Math.min(leastOnSegment, euclidean(p, lerp(a, b, t / 2000)));
        expect(Math.abs(distanceToSegment(p, a, b) - leastOnSegment)).toBeLessThan(2e-3);
        least = Math.min(least, leastOnSegment);
      }
      const nearest = distanceToPath(p, path);
      expect(Math.abs(nearest.distance - least)).toBeLessThan(2e-3);
      const a = path.subarray(3 * nearest.segment, 3 * nearest.segment + 3);
      const b = path.subarray(3 * nearest.segment + 3, 3 * nearest.segment + 6);
      expect(euclidean(p, lerp(a, b, nearest.t))).toBeCloseTo(nearest.distance, 10);
    }
    expect(distanceToSegment([3, 4], [0, 0], [0, 0])).toBe(5);
    expect(distanceToPath([3, 4], Float64Array.of(0, 0))).toEqual({ distance: 5, segment: 0, t: 0 });
    expect(codeOf(() => distanceToPath([1, 2], new Float64Array(0)))).toBe('SPACE_EMPTY_PATH');
    expect(distanceToPath([1, 2], Float64Array.of(Number.NaN, 0, 1, 1)).distance).toBeNaN();
  });
});

describe(`map key (seed ${seed})`, () => {
  it('is a non-negative 63-bit number whose cell holds the point', () => {
    const box = fc.tuple(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: -10, max: 10, noNaN: true }),
    );
    fc.assert(
      fc.property(box, ([x, y, z]) => {
        const { hi, lo } = hilbertKey(x, y, z);
        const key = keyToBigint(hi, lo);
        expect(key >= 0n && key < 1n << 63n).toBe(true);
        const centre = hilbertKeyCentre(hi, lo);
        for (const [d, v] of [x, y, z].entries()) {
          expect(Math.abs(centre[d] - v)).toBeLessThanOrEqual(MAP_KEY_CELL / 2 + 1e-12);
        }
        expect(Array.from(hilbertKeys(Float64Array.of(x, y, z)))).toEqual([hi, lo]);
      }),
      { seed },
    );
  });

  it('sends outside points to the wall and refuses NaN', () => {
    expect(hilbertKey(-5, 200, 99)).toEqual(hilbertKey(0, 100, 10));
    expect(hilbertKey(Infinity, 0, -Infinity)).toEqual(hilbertKey(100, 0, -10));
    expect(codeOf(() => hilbertKey(0, Number.NaN, 0))).toBe('SPACE_NOT_A_NUMBER');
    expect(codeOf(() => hilbertKeys(Float64Array.of(0, 0, Number.NaN)))).toBe('SPACE_NOT_A_NUMBER');
    expect(codeOf(() => hilbertKeyCentre(0x80000000, 0))).toBe('KEY_OUT_OF_RANGE');
  });

  it('ranges of a map box hold the keys of all its points', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 30; round++) {
      const min = [90 * random(), 90 * random(), 18 * random() - 10];
      const max = min.map((m) => m + 10 * random());
      const { ranges } = mapBoxRanges(min, max, 1 + Math.floor(80 * random()));
      for (let i = 0; i < 100; i++) {
        const p = min.map((m, d) => Math.min(max[d], m + (i < 8 ? (i >> d) & 1 : random()) * (max[d] - m)));
        const { hi, lo } = hilbertKey(p[0], p[1], p[2]);
        const key = keyToBigint(hi, lo);
        let held = false;
        for (let r = 0; r < ranges.length; r += 4) {
          held ||=
            key >= keyToBigint(ranges[r], ranges[r + 1]) && key <= keyToBigint(ranges[r + 2], ranges[r + 3]);
        }
        expect(held).toBe(true);
      }
    }
    expect(codeOf(() => mapBoxRanges([0, 0, Number.NaN], [1, 1, 1]))).toBe('SPACE_NOT_A_NUMBER');
    expect(codeOf(() => mapBoxRanges([2, 0, 0], [1, 1, 1]))).toBe('CURVE_BAD_BOX');
  });
});

describe(`predicates (seed ${seed})`, () => {
  it('have the stated signs', () => {
    expect(orient2d(0, 0, 1, 0, 0, 1)).toBeGreaterThan(0);
    expect(orient3d(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, -1)).toBeGreaterThan(0);
    expect(incircle(0, 0, 1, 0, 0, 1, 0.3, 0.3)).toBeGreaterThan(0);
    expect(insphere(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, -1, 0.2, 0.2, -0.2)).toBeGreaterThan(0);
    expect(orient2d(0, 0, 1, 0, Number.NaN, 1)).toBeNaN();
  });

  it('agree with exact integer arithmetic on nearly collinear points (Kettner et al.)', () => {
    const unit = 2 ** -53;
    for (let i = 0; i < 64; i++) {
      for (let j = 0; j < 64; j++) {
        const exact = exactOrient2d(0.5 + i * unit, 0.5 + j * unit, 12, 12, 24, 24);
        expect(Math.sign(orient2d(0.5 + i * unit, 0.5 + j * unit, 12, 12, 24, 24))).toBe(exact);
      }
    }
  });

  it('incircle and orient3d are exactly zero on cocircular and coplanar integers of any size', () => {
    const random = seededRandom(seed);
    for (let i = 0; i < 300; i++) {
      const c = Math.floor(2 ** 40 * random());
      expect(incircle(c + 5, c, c + 3, c + 4, c, c + 5, c - 4, c + 3)).toBe(0);
      const [x, y, u, v] = Array.from({ length: 4 }, () => Math.floor(2 ** 30 * random()));
      expect(orient3d(x, y, x + y, u, v, u + v, y, u, y + u, v, x, v + x) + 0).toBe(0);
    }
  });

  it('do not change sign when scaled by a power of two, rotated cyclically or translated by integers', () => {
    const random = seededRandom(seed);
    for (let i = 0; i < 500; i++) {
      const p = Array.from({ length: 6 }, () => Math.floor(16 * random()));
      const [ax, ay, bx, by, cx, cy] = p;
      const sign = Math.sign(orient2d(ax, ay, bx, by, cx, cy)) + 0;
      expect(Math.sign(orient2d(bx, by, cx, cy, ax, ay)) + 0).toBe(sign);
      expect(Math.sign(orient2d(bx, by, ax, ay, cx, cy)) + sign).toBe(0);
      for (const power of [-30, 30]) {
        const [a, b, c, d, e, f] = p.map((v) => v * 2 ** power);
        expect(Math.sign(orient2d(a, b, c, d, e, f)) + 0).toBe(sign);
      }
    }
  });
});

/** Sign of the determinant over doubles in [0, 64), exact: every such double above 2^-53 scales to an integer. */
function exactOrient2d(...p: number[]): number {
  const [ax, ay, bx, by, cx, cy] = p.map((v) => BigInt(v * 2 ** 53));
  const det = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
  return det > 0n ? 1 : det < 0n ? -1 : 0;
}

describe(`vectors (seed ${seed})`, () => {
  const component = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const pair = fc.integer({ min: 1, max: 9 }).chain((n) => {
    const vector = fc.array(component, { minLength: n, maxLength: n });
    return fc.tuple(vector, vector);
  });

  it('obey the algebra', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(dot(a, b)).toBe(dot(b, a));
        expect(Array.from(subtract(add(a, b), b)).every((v, i) => Math.abs(v - a[i]) <= 1e-9)).toBe(true);
        expect(euclidean(a, b)).toBeCloseTo(norm(subtract(a, b)), 6);
        expect(norm(add(a, b))).toBeLessThanOrEqual((norm(a) + norm(b)) * (1 + 1e-12));
        expect(Math.abs(dot(a, b))).toBeLessThanOrEqual(norm(a) * norm(b) * (1 + 1e-12) + 1e-300);
        expect(Array.from(lerp(a, b, 0))).toEqual(a);
        expect(Array.from(lerp(a, b, 1))).toEqual(b);
        expect(Math.abs(cosine(a, b))).toBeLessThanOrEqual(1);
        expect(Array.from(scale(a, 2))).toEqual(Array.from(add(a, a)));
      }),
      { seed },
    );
  });

  it('cosine does not see scale, even where squares overflow or vanish', () => {
    const a = [1, 2, 3];
    const b = [-3, 1, 2];
    for (const factor of [1e-200, 1e-9, 1, 1e9, 1e200]) {
      expect(cosine(scale(a, factor), b)).toBeCloseTo(cosine(a, b), 12);
      expect(cosine(scale(a, factor), scale(b, factor))).toBeCloseTo(cosine(a, b), 12);
      expect(norm(scale(a, factor)) / factor).toBeCloseTo(Math.sqrt(14), 10);
      expect(norm(normalise(scale(a, factor)))).toBeCloseTo(1, 12);
    }
    expect(cosine([0, 0], [1, 2])).toBe(0);
    expect(cosine([Number.NaN, 0], [1, 2])).toBeNaN();
    expect(norm([])).toBe(0);
    expect(norm([Infinity, 1])).toBe(Infinity);
  });

  it('mean is the average and cannot overflow', () => {
    expect(Array.from(mean(Float64Array.of(1, 10, 3, 20), 2))).toEqual([2, 15]);
    expect(mean(Float64Array.of(1.7e308, 1.7e308), 1)[0]).toBeCloseTo(1.7e308, -300);
    expect(codeOf(() => mean([], 3))).toBe('VECTOR_EMPTY');
    expect(codeOf(() => mean([1, 2], 3))).toBe('VECTOR_BAD_SHAPE');
    expect(codeOf(() => dot([1], [1, 2]))).toBe('VECTOR_LENGTH_MISMATCH');
    expect(codeOf(() => normalise([0, 0]))).toBe('VECTOR_NO_DIRECTION');
    expect(codeOf(() => normalise([Number.NaN]))).toBe('VECTOR_NO_DIRECTION');
  });
});
