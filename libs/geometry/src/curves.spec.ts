// Oracles: Skilling's transform (testing/skilling.ts) bit by bit; a bit-loop Morton; bijection and unit steps by
// exhaustion; brute-force enumeration of boxes.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeKeys, encodeCells, curveDims, type CurveName } from './curve-cells.js';
import { bigintToKey, compareKeys, keyToBigint, orderByKey } from './curve-key.js';
import { boxRanges } from './curve-ranges.js';
import { GeometryError } from './geometry-error.js';
import { hilbert2Decode, hilbert2Encode, hilbert3Decode, hilbert3Encode } from './hilbert.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { packTransposed, skillingTranspose } from './testing/skilling.js';

const seed = testSeed(process.env['HARTO_SEED']);
const CURVES: CurveName[] = ['morton2', 'morton3', 'hilbert2', 'hilbert3'];

function randomCells(n: number, dims: number, bits: number, random: () => number): Uint32Array {
  return Uint32Array.from({ length: n * dims }, () => Math.floor(random() * 2 ** bits));
}

/** Cells of all keys of a small curve, in curve order. */
function walk(curve: CurveName, bits: number): Uint32Array {
  const n = 2 ** (curveDims(curve) * bits);
  const keys = new Uint32Array(2 * n);
  for (let i = 0; i < n; i++) keys[2 * i + 1] = i;
  return decodeKeys(curve, keys, bits);
}

function mortonByBits(cell: ArrayLike<number>, bits: number): bigint {
  let key = 0n;
  for (let b = bits - 1; b >= 0; b--) {
    for (let d = 0; d < cell.length; d++) key = (key << 1n) | BigInt((cell[d] >>> b) & 1);
  }
  return key;
}

describe(`space-filling curves (seed ${seed})`, () => {
  it.each([
    ['hilbert2', 1],
    ['hilbert2', 2],
    ['hilbert2', 5],
    ['hilbert2', 8],
    ['hilbert3', 1],
    ['hilbert3', 2],
    ['hilbert3', 4],
    ['hilbert3', 6],
  ] as const)('%s with %i bits: every step is a unit step, every cell is met once', (curve, bits) => {
    const dims = curveDims(curve);
    const cells = walk(curve, bits);
    const n = cells.length / dims;
    let unitSteps = 0;
    for (let i = 1; i < n; i++) {
      let gap = 0;
      for (let d = 0; d < dims; d++) gap += Math.abs(cells[i * dims + d] - cells[(i - 1) * dims + d]);
      if (gap === 1) unitSteps++;
    }
    expect(unitSteps).toBe(n - 1);
    const met = new Set<number>();
    for (let i = 0; i < n; i++) {
      let name = 0;
      for (let d = 0; d < dims; d++) name = name * 2 ** bits + cells[i * dims + d];
      met.add(name);
    }
    expect(met.size).toBe(n);
    expect(encodeCells(curve, cells, bits).every((half, i) => half === (i & 1 ? i >> 1 : 0))).toBe(true);
  });

  it.each([16, 21])('the 3-D curve takes unit steps across a carry between the halves at %i bits', (bits) => {
    const random = seededRandom(seed);
    const a = new Uint32Array(3);
    const b = new Uint32Array(3);
    for (let i = 0; i < 2000; i++) {
      const hi = Math.floor(random() * 2 ** (3 * bits - 32));
      const lo = i % 2 === 0 ? 0xffffffff : Math.floor(random() * 0xffffffff);
      if (lo === 0xffffffff && hi + 1 >= 2 ** (3 * bits - 32)) continue;
      hilbert3Decode(hi, lo, bits, a);
      if (lo === 0xffffffff) hilbert3Decode(hi + 1, 0, bits, b);
      else hilbert3Decode(hi, lo + 1, bits, b);
      expect(Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2])).toBe(1);
    }
  });

  it('is not Morton: Morton takes unit steps only half the time', () => {
    const cells = walk('morton3', 3);
    let unitSteps = 0;
    for (let i = 3; i < cells.length; i += 3) {
      const gap = [0, 1, 2].reduce((sum, d) => sum + Math.abs(cells[i + d] - cells[i + d - 3]), 0);
      if (gap === 1) unitSteps++;
    }
    expect(unitSteps).toBeLessThan(0.6 * (cells.length / 3));
  });

  it.each(CURVES)('%s: the inverse keeps the high bits at 16 and 21 bits', (curve) => {
    const dims = curveDims(curve);
    for (const bits of [16, 21]) {
      const last = 2 ** bits - 1;
      const corners = [];
      for (let c = 0; c < 1 << dims; c++)
        for (let d = 0; d < dims; d++) corners.push((c >> d) & 1 ? last : 0);
      for (let b = 0; b < bits; b++) for (let d = 0; d < dims; d++) corners.push(d === b % dims ? 2 ** b : 0);
      const cells = Uint32Array.from([
        ...corners,
        ...randomCells(20000, dims, bits, seededRandom(seed + bits)),
      ]);
      const back = decodeKeys(curve, encodeCells(curve, cells, bits), bits);
      expect(back.findIndex((value, i) => value !== cells[i])).toBe(-1);
    }
  });

  it.each([2, 3] as const)('Hilbert %i-D equals Skilling for every number of bits', (dims) => {
    const random = seededRandom(seed + dims);
    const expected = new Uint32Array(2);
    const key = new Uint32Array(2);
    for (let bits = 1; bits <= 21; bits++) {
      for (let i = 0; i < 200; i++) {
        const cell = randomCells(1, dims, bits, random);
        const transposed = cell.slice();
        skillingTranspose(transposed, bits);
        packTransposed(transposed, bits, expected, 0);
        if (dims === 3) hilbert3Encode(cell[0], cell[1], cell[2], bits, key);
        else hilbert2Encode(cell[0], cell[1], bits, key);
        expect(key).toEqual(expected);
        const back = new Uint32Array(dims);
        if (dims === 3) hilbert3Decode(key[0], key[1], bits, back);
        else hilbert2Decode(key[0], key[1], bits, back);
        expect(back).toEqual(cell);
      }
    }
  });

  it('Morton equals bit-by-bit interleaving', () => {
    for (const curve of ['morton2', 'morton3'] as const) {
      const dims = curveDims(curve);
      const cells = randomCells(2000, dims, 21, seededRandom(seed));
      const keys = encodeCells(curve, cells);
      for (let i = 0; i < 2000; i++) {
        const cell = cells.subarray(i * dims, (i + 1) * dims);
        expect(keyToBigint(keys[2 * i], keys[2 * i + 1])).toBe(mortonByBits(cell, 21));
      }
    }
  });

  it('the unrolled batch equals the single function, and a coarse key is a prefix of a fine one', () => {
    const cells = randomCells(5000, 3, 21, seededRandom(seed));
    const keys = encodeCells('hilbert3', cells, 21);
    const one = new Uint32Array(2);
    for (let i = 0; i < 5000; i++) {
      hilbert3Encode(cells[3 * i], cells[3 * i + 1], cells[3 * i + 2], 21, one);
      expect([keys[2 * i], keys[2 * i + 1]]).toEqual([one[0], one[1]]);
      hilbert3Encode(cells[3 * i] >>> 5, cells[3 * i + 1] >>> 5, cells[3 * i + 2] >>> 5, 16, one);
      expect(keyToBigint(keys[2 * i], keys[2 * i + 1]) >> 15n).toBe(keyToBigint(one[0], one[1]));
    }
  });

  it('refuses cells, keys and bits out of range with typed errors', () => {
    const code = (f: () => unknown) => {
      try {
        f();
      } catch (error) {
        return (error as GeometryError).code;
      }
      return 'none';
    };
    expect(code(() => encodeCells('hilbert3', Uint32Array.of(1, 2, 8), 3))).toBe('CURVE_CELL_OUT_OF_RANGE');
    expect(code(() => encodeCells('hilbert3', Uint32Array.of(1, 2), 3))).toBe('CURVE_BAD_SHAPE');
    expect(code(() => encodeCells('hilbert2', Uint32Array.of(1, 2), 22))).toBe('CURVE_BAD_BITS');
    expect(code(() => encodeCells('hilbert2', Uint32Array.of(1, 2), Number.NaN))).toBe('CURVE_BAD_BITS');
    expect(code(() => decodeKeys('hilbert2', Uint32Array.of(0, 16), 2))).toBe('CURVE_KEY_OUT_OF_RANGE');
    expect(code(() => decodeKeys('hilbert3', Uint32Array.of(0x80000000, 0), 21))).toBe(
      'CURVE_KEY_OUT_OF_RANGE',
    );
    expect(code(() => decodeKeys('hilbert3', Uint32Array.of(1), 21))).toBe('CURVE_BAD_SHAPE');
    expect(code(() => boxRanges('hilbert3', [0, 0, 2], [4, 4, 1], 4))).toBe('CURVE_BAD_BOX');
    expect(code(() => boxRanges('hilbert3', [0, 0, 0], [4, 4, 16], 4))).toBe('CURVE_BAD_BOX');
    expect(code(() => boxRanges('hilbert2', [0, Number.NaN], [1, 1], 4))).toBe('CURVE_BAD_BOX');
    expect(code(() => boxRanges('hilbert2', [0, 0], [1, 1], 4, 0))).toBe('CURVE_BAD_LIMIT');
    expect(encodeCells('hilbert3', new Uint32Array(0))).toEqual(new Uint32Array(0));
  });
});

describe(`key helpers (seed ${seed})`, () => {
  it('bigint and halves are inverse; the order is that of the numbers', () => {
    const half = fc.integer({ min: 0, max: 0xffffffff });
    const top = fc.integer({ min: 0, max: 0x7fffffff });
    fc.assert(
      fc.property(top, half, top, half, (aHi, aLo, bHi, bLo) => {
        const a = keyToBigint(aHi, aLo);
        const b = keyToBigint(bHi, bLo);
        expect(bigintToKey(a)).toEqual({ hi: aHi, lo: aLo });
        expect(Math.sign(compareKeys(aHi, aLo, bHi, bLo))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(BigInt.asIntN(64, a)).toBe(a);
      }),
      { seed },
    );
    expect(() => bigintToKey(-1n)).toThrow(GeometryError);
    expect(() => bigintToKey(1n << 63n)).toThrow(GeometryError);
  });

  it('orderByKey is the stable sort by bigint', () => {
    const random = seededRandom(seed);
    for (const n of [0, 1, 2, 1000]) {
      for (const spread of [1, 3, 2 ** 32]) {
        const keys = Uint32Array.from({ length: 2 * n }, () => Math.floor(random() * spread));
        const names = Array.from({ length: n }, (_, i) => keyToBigint(keys[2 * i], keys[2 * i + 1]));
        const expected = names
          .map((_, i) => i)
          .sort((a, b) => (names[a] < names[b] ? -1 : names[a] > names[b] ? 1 : a - b));
        expect(Array.from(orderByKey(keys))).toEqual(expected);
      }
    }
  });
});

describe(`box ranges (seed ${seed})`, () => {
  const inRanges = (ranges: Uint32Array, key: bigint) => {
    for (let r = 0; r < ranges.length; r += 4) {
      if (key >= keyToBigint(ranges[r], ranges[r + 1]) && key <= keyToBigint(ranges[r + 2], ranges[r + 3]))
        return true;
    }
    return false;
  };

  it.each(CURVES)(
    '%s: unlimited ranges hold the box and nothing else; limited ones hold the box',
    (curve) => {
      const dims = curveDims(curve);
      const bits = dims === 2 ? 5 : 4;
      const random = seededRandom(seed);
      const cells = walk(curve, bits);
      for (let round = 0; round < 12; round++) {
        const a = randomCells(1, dims, bits, random);
        const b = randomCells(1, dims, bits, random);
        const min = Array.from(a, (v, d) => Math.min(v, b[d]));
        const max = Array.from(a, (v, d) => Math.max(v, b[d]));
        for (const limit of [1, 3, 10, 100000]) {
          const { ranges, exact } = boxRanges(curve, min, max, bits, limit);
          expect(ranges.length / 4).toBeLessThanOrEqual(limit);
          let outside = 0;
          for (let key = 0, r = 0; key < cells.length / dims; key++) {
            const inBox = min.every((m, d) => cells[key * dims + d] >= m && cells[key * dims + d] <= max[d]);
            while (r < ranges.length && ranges[r + 3] < key) r += 4;
            const covered = r < ranges.length && ranges[r + 1] <= key;
            if (inBox && !covered) throw new Error(`key ${key} of the box is not covered`);
            if (!inBox && covered) outside++;
          }
          expect(exact).toBe(outside === 0 ? exact : false);
          if (limit === 100000) expect({ exact, outside }).toEqual({ exact: true, outside: 0 });
          for (let r = 4; r < ranges.length; r += 4) {
            expect(
              keyToBigint(ranges[r], ranges[r + 1]) > keyToBigint(ranges[r - 2], ranges[r - 1]) + 1n,
            ).toBe(true);
          }
        }
      }
    },
  );

  it('the whole cube is one exact range, one cell is one exact key, at 16 and 21 bits', () => {
    for (const curve of CURVES) {
      const dims = curveDims(curve);
      for (const bits of [16, 21]) {
        const last = 2 ** bits - 1;
        const all = boxRanges(curve, new Array(dims).fill(0), new Array(dims).fill(last), bits);
        const end = bigintToKey((1n << BigInt(dims * bits)) - 1n);
        expect(all).toEqual({ ranges: Uint32Array.of(0, 0, end.hi, end.lo), exact: true });
        const cell = randomCells(1, dims, bits, seededRandom(seed + bits));
        const key = encodeCells(curve, cell, bits);
        expect(boxRanges(curve, cell, cell, bits)).toEqual({
          ranges: Uint32Array.of(key[0], key[1], key[0], key[1]),
          exact: true,
        });
      }
    }
  });

  it('random points of a 21-bit box are covered under the default limit', () => {
    const random = seededRandom(seed);
    for (let round = 0; round < 20; round++) {
      const side = 2 ** Math.floor(2 + 18 * random());
      const min = Array.from({ length: 3 }, () => Math.floor(random() * (2 ** 21 - side)));
      const max = min.map((m) => m + Math.floor(side * (0.5 + random() / 2)) - 1);
      const { ranges } = boxRanges('hilbert3', min, max, 21);
      expect(ranges.length / 4).toBeLessThanOrEqual(64);
      for (let i = 0; i < 200; i++) {
        const cell = Uint32Array.from(min, (m, d) => m + Math.floor(random() * (max[d] - m + 1)));
        const key = encodeCells('hilbert3', cell);
        expect(inRanges(ranges, keyToBigint(key[0], key[1]))).toBe(true);
      }
    }
  });
});
