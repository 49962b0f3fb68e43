// Oracles: byte strings published for the formats (WKB ZM: GEOS's and ActiveRecord's test values agree; SQL Server:
// values recorded from the server in NetTopologySuite's tests), Shapely's WKB in fixtures/lines.json, round trips,
// brute force for locality.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { encodeCells } from './curve-cells.js';
import { GeometryError } from './geometry-error.js';
import { lineFromMssql, lineToMssql } from './line-mssql.js';
import { lineFromWkb, lineToWkb } from './line-wkb.js';
import { meanRangeCount, measureLocality } from './locality.js';
import { MAP_BOX, isInMap } from './map-space.js';
import { parsePoints, pointCloudFromText } from './point-cloud.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { fillSimplified, lineFromSegment, pieceBounds, segmentFromLine, type LineZm } from './weight-line.js';

const seed = testSeed(process.env['HARTO_SEED']);

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
  return 'none';
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const line = (...coords: number[]): LineZm => ({ srid: 0, coords: Float64Array.from(coords) });

const ISO_ZM =
  '01BA0B000002000000000000000000F03F000000000000004000000000000008400000000000001040' +
  '000000000000144000000000000018400000000000001C400000000000002040';

describe(`weight lines (seed ${seed})`, () => {
  const weights = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 60 });

  it('segment, line, WKB and SQL Server bytes are exact inverses', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 0, max: 2 ** 48 }), fc.boolean(), (values, start, full) => {
        const n = values.length;
        const importance = full ? values.map((v) => v / 2) : Number.NaN;
        const time = full ? values.map((_, i) => 1.7e12 + i) : 1.7e12;
        const made = lineFromSegment({ start, weights: Float32Array.from(values), importance, time });
        const ways = [
          made,
          lineFromWkb(lineToWkb(made)),
          lineFromWkb(lineToWkb({ ...made, srid: 4326 }, 'extended')),
          lineFromMssql(lineToMssql(made)),
        ];
        expect(ways[2].srid).toBe(4326);
        for (const way of ways) {
          expect(hex(new Uint8Array(way.coords.buffer)).replaceAll('F8FF', 'F87F')).toBe(
            hex(new Uint8Array(made.coords.buffer)).replaceAll('F8FF', 'F87F'),
          );
          const run = segmentFromLine(way);
          expect([run.weights.length, n === 0 ? start : run.start]).toEqual([n, start]);
          expect(Array.from(Float32Array.from(run.weights))).toEqual(values);
          if (full) expect(Array.from(run.importance)).toEqual(importance);
        }
      }),
      { seed },
    );
  });

  it('WKB equals published values', () => {
    const ends = line(1, 2, 3, 4, 5, 6, 7, 8);
    expect(hex(lineToWkb(ends))).toBe(ISO_ZM);
    expect(hex(lineToWkb(ends, 'extended'))).toBe(ISO_ZM.replace('01BA0B0000', '01020000C0'));
    expect(hex(lineToWkb(line()))).toBe('01BA0B000000000000');
    expect(Array.from(lineFromWkb(unhex(ISO_ZM)).coords)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const z =
      '01EA03000002000000000000000000F03F00000000000000400000000000000840000000000000104000000000000014400000000000001840';
    expect(Array.from(lineFromWkb(unhex(z)).coords)).toEqual([1, 2, 3, Number.NaN, 4, 5, 6, Number.NaN]);
    expect(Array.from(lineFromWkb(unhex(z.replace('01EA03', '01D207'))).coords)).toEqual([
      1,
      2,
      Number.NaN,
      3,
      4,
      5,
      Number.NaN,
      6,
    ]);
    const big = '0000000002000000013FF00000000000004000000000000000';
    expect(Array.from(lineFromWkb(unhex(big)).coords.slice(0, 2))).toEqual([1, 2]);
    const shapely = JSON.parse(readFileSync(new URL('../fixtures/lines.json', import.meta.url), 'utf8')) as {
      wkbZ: string;
      coordsZ: number[];
    };
    const read = lineFromWkb(unhex(shapely.wkbZ)).coords;
    expect(Array.from(read).filter((v) => !Number.isNaN(v))).toEqual(shapely.coordsZ);
  });

  it('SQL Server bytes equal values recorded from the server', () => {
    const nan = Number.NaN;
    const cases: [LineZm, string][] = [
      [line(), '000000000104000000000000000001000000FFFFFFFFFFFFFFFF02'],
      [
        line(0, 0, nan, nan, 0, 1, nan, nan),
        '000000000114000000000000000000000000000000000000000000000000000000000000F03F',
      ],
      [
        line(0, 0, 0, 1, 0, 1, 0, 2),
        '000000000117000000000000000000000000000000000000000000000000000000000000F03F00000000000000000000000000000000000000000000F03F0000000000000040',
      ],
      [
        line(0, 0, 1, nan, 0, 1, 2, nan, 0, 2, 3, nan),
        '00000000010503000000000000000000000000000000000000000000000000000000000000000000F03F00000000000000000000000000000040000000000000F03F0000000000000040000000000000084001000000010000000001000000FFFFFFFF0000000002',
      ],
      [
        line(0, 0, nan, nan, 0, 1, 2, nan),
        '000000000115000000000000000000000000000000000000000000000000000000000000F03F000000000000F8FF0000000000000040',
      ],
    ];
    for (const [value, bytes] of cases) {
      expect(hex(lineToMssql(value))).toBe(bytes);
      expect(Array.from(lineFromMssql(unhex(bytes)).coords)).toEqual(Array.from(value.coords));
    }
    const backwards = lineToMssql(line(0, 0, nan, nan, 10, 0, nan, nan, 5, 0, nan, nan));
    expect(backwards[5] & 4).toBe(0);
    expect(lineToMssql({ ...line(0, 0, 1, 1, 1, 0, 1, 1), srid: 4326 }).slice(0, 4)).toEqual(
      unhex('E6100000'),
    );
  });

  it('refuses what is no line, cut short or too long, whatever the cut', () => {
    const three = line(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5);
    for (const [bytes, read] of [
      [lineToWkb(three), lineFromWkb],
      [lineToMssql(three), lineFromMssql],
    ] as const) {
      for (let cut = 0; cut < bytes.length; cut++)
        expect(codeOf(() => read(bytes.slice(0, cut)))).toMatch(/TRUNCATED/);
      expect(codeOf(() => read(Uint8Array.of(...bytes, 0)))).toMatch(/TRAILING/);
    }
    expect(codeOf(() => lineFromWkb(unhex('0101000000000000000000F03F0000000000000040')))).toBe(
      'WKB_NOT_A_LINE',
    );
    expect(codeOf(() => lineFromWkb(unhex('020200000000000000')))).toBe('WKB_BAD_BYTE_ORDER');
    expect(codeOf(() => lineFromMssql(unhex('00000000010C000000000000F03F0000000000000040')))).toBe(
      'MSSQL_NOT_A_LINE',
    );
    expect(codeOf(() => lineFromMssql(unhex('000000000904')))).toBe('MSSQL_BAD_VERSION');
    expect(codeOf(() => lineToMssql(line(0, 0, 0, 0)))).toBe('MSSQL_TOO_SHORT');
    expect(codeOf(() => lineToMssql(line(0, Infinity, 0, 0, 1, 0, 0, 0)))).toBe('MSSQL_NOT_FINITE');
    expect(codeOf(() => lineToWkb(line(1, 2, 3)))).toBe('WEIGHTLINE_BAD_SHAPE');
    expect(codeOf(() => lineFromSegment({ start: -1, weights: [1] }))).toBe('WEIGHTLINE_BAD_START');
    expect(codeOf(() => lineFromSegment({ start: 0, weights: [1, Number.NaN] }))).toBe(
      'WEIGHTLINE_NOT_FINITE',
    );
    expect(codeOf(() => lineFromSegment({ start: 0, weights: [1, 2], time: [1] }))).toBe(
      'WEIGHTLINE_BAD_SHAPE',
    );
    expect(codeOf(() => segmentFromLine(line(0, 1, 0, 0, 2, 1, 0, 0)))).toBe('WEIGHTLINE_GAP');
  });

  it('a simplified line is filled by interpolation, exact at its vertices', () => {
    const run = fillSimplified(line(10, 0, 1, 5, 14, 8, 2, 6, 15, 1, 3, 7));
    expect([run.start, ...run.weights]).toEqual([10, 0, 2, 4, 6, 8, 1]);
    expect(Array.from(run.importance)).toEqual([1, 1, 1, 1, 2, 3]);
    expect(fillSimplified(line()).weights.length).toBe(0);
    expect(Array.from(fillSimplified(line(3, 9, 0, 0, 3, 9, 0, 0)).weights)).toEqual([9]);
    expect(codeOf(() => fillSimplified(line(5, 0, 0, 0, 4, 0, 0, 0)))).toBe('WEIGHTLINE_GAP');
    expect(codeOf(() => fillSimplified(line(0, 0, 0, 0, 1e12, 0, 0, 0)))).toBe('WEIGHTLINE_TOO_LONG');
  });

  it('pieces cover a tensor without gap, none shorter than a line needs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 2, max: 70 }), (total, length) => {
        const bounds = pieceBounds(total, length);
        let at = 0;
        for (let p = 0; p < bounds.length; p += 2) {
          expect(bounds[p]).toBe(at);
          at = bounds[p + 1];
          expect(at - bounds[p]).toBeLessThanOrEqual(length + 1);
          if (total > 1) expect(at - bounds[p]).toBeGreaterThanOrEqual(2);
        }
        expect(at).toBe(total);
      }),
      { seed },
    );
    expect(codeOf(() => pieceBounds(5, 1))).toBe('WEIGHTLINE_BAD_PIECE');
  });
});

describe('point clouds from text', () => {
  it('reads rows, CSV, JSON and WKT insides, and names what it cannot read', () => {
    for (const text of [
      '1 2 3\n4 5.5 -6e2',
      '1,2,3\r\n4,5.5,-600\n',
      '[[1,2,3],[4,5.5,-600]]',
      '((1 2 3), (4 5.5 -6.0E+2))',
    ]) {
      expect(Array.from(parsePoints(text, 3))).toEqual([1, 2, 3, 4, 5.5, -600]);
    }
    expect(parsePoints(' \n', 3).length).toBe(0);
    expect(codeOf(() => parsePoints('1 2', 3))).toBe('CLOUD_BAD_SHAPE');
    expect(codeOf(() => parsePoints('1 two 3', 3))).toBe('CLOUD_BAD_TEXT');
    expect(codeOf(() => parsePoints('1 2 3x', 3))).toBe('CLOUD_BAD_TEXT');
    expect(codeOf(() => parsePoints('NaN', 1))).toBe('CLOUD_BAD_TEXT');
  });

  it('places words on the map: same word same x and y, related spelling near, order along z', () => {
    const { points, words } = pointCloudFromText('Training trains the Training; übung 42!');
    expect(words).toEqual(['training', 'trains', 'the', 'training', 'übung', '42']);
    for (let i = 0; i < points.length; i += 3)
      expect(isInMap(points[i], points[i + 1], points[i + 2])).toBe(true);
    expect(Array.from(points.slice(0, 2))).toEqual(Array.from(points.slice(9, 11)));
    expect([points[2], points[17]]).toEqual([MAP_BOX.minZ, MAP_BOX.maxZ]);
    const gap = (i: number, j: number) =>
      Math.hypot(points[3 * i] - points[3 * j], points[3 * i + 1] - points[3 * j + 1]);
    expect(gap(0, 1)).toBeLessThan(gap(0, 2));
    expect(pointCloudFromText('').points.length).toBe(0);
    expect(pointCloudFromText('one').points[2]).toBe(0);
  });
});

describe(`locality (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const n = 6000;
  const cells = Uint32Array.from({ length: 3 * n }, () => Math.floor(random() * 2 ** 21));
  const points = Float64Array.from(cells);

  it('Hilbert keeps more than Morton, Morton more than chance; a line order is perfect', () => {
    const of = (keys: Uint32Array) => measureLocality(points, 3, keys, seededRandom(seed));
    const hilbert = of(encodeCells('hilbert3', cells));
    const morton = of(encodeCells('morton3', cells));
    const chance = of(Uint32Array.from({ length: 2 * n }, () => Math.floor(random() * 2 ** 31)));
    expect(hilbert.neighbourOverlap).toBeGreaterThan(morton.neighbourOverlap);
    expect(morton.neighbourOverlap).toBeGreaterThan(10 * chance.neighbourOverlap);
    expect(hilbert.distanceCorrelation).toBeGreaterThan(0.3);
    expect(hilbert.distanceCorrelation).toBeLessThan(0.6);
    expect(Math.abs(chance.distanceCorrelation)).toBeLessThan(0.05);
    const keys = Uint32Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? 0 : i >> 1));
    const even = measureLocality(
      Float64Array.from({ length: 100 }, (_, i) => i),
      1,
      keys,
      seededRandom(seed),
      { k: 2 },
    );
    expect(even.distanceCorrelation).toBeCloseTo(1, 12);
    expect(even.neighbourOverlap).toBeGreaterThan(0.95);
  });

  it('mean range count: one for the whole curve and for one cell, less for Hilbert than Morton between', () => {
    for (const curve of ['hilbert3', 'morton3'] as const) {
      expect(meanRangeCount(curve, 5, 32, 3, seededRandom(seed))).toBe(1);
      expect(meanRangeCount(curve, 5, 1, 20, seededRandom(seed))).toBe(1);
    }
    const hilbert = meanRangeCount('hilbert3', 6, 10, 30, seededRandom(seed));
    const morton = meanRangeCount('morton3', 6, 10, 30, seededRandom(seed));
    expect(hilbert).toBeLessThan(0.8 * morton);
    expect(codeOf(() => meanRangeCount('hilbert2', 3, 9, 1, random))).toBe('LOCALITY_BAD_COUNT');
    expect(codeOf(() => measureLocality(points, 3, new Uint32Array(2), random))).toBe('LOCALITY_BAD_SHAPE');
  });
});
