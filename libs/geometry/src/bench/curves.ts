import { decodeKeys, encodeCells } from '../curve-cells.js';
import { hilbert3Encode, hilbert3EncodeAll21 } from '../hilbert.js';
import { meanRangeCount, measureLocality } from '../locality.js';
import { hilbertKeys } from '../map-key.js';
import { morton3Encode } from '../morton.js';
import { DISTRIBUTIONS, pointSet } from '../testing/point-sets.js';
import { seededRandom } from '../testing/seed.js';
import { skillingTranspose } from '../testing/skilling.js';
import { compare, timed, type Bench, type BenchRow, type Contender } from './measure.js';

const CELLS = 500_000;
const TARGET = 1 / 3;

function checksum(keys: Uint32Array): number {
  let total = 0;
  for (let i = 0; i < keys.length; i += 2) total += keys[i] + keys[i + 1] / 2 ** 32;
  return total;
}

async function encoding(bits: number): Promise<BenchRow[]> {
  const random = seededRandom(20260721);
  const cells = Uint32Array.from({ length: 3 * CELLS }, () => Math.floor(random() * 2 ** bits));
  const keys = new Uint32Array(2 * CELLS);
  const cell = new Uint32Array(3);
  const skilling: Contender = {
    name: 'Skilling with Numbers',
    run: () =>
      timed(() => {
        for (let i = 0; i < CELLS; i++) {
          cell[0] = cells[3 * i];
          cell[1] = cells[3 * i + 1];
          cell[2] = cells[3 * i + 2];
          skillingTranspose(cell, bits);
          // The transposed key is read crosswise: the fastest way to do that is Morton's.
          morton3Encode(cell[0], cell[1], cell[2], keys, 2 * i);
        }
        return checksum(keys);
      }),
  };
  const single: Contender = {
    name: 'ours',
    run: () =>
      timed(() => {
        for (let i = 0; i < CELLS; i++)
          hilbert3Encode(cells[3 * i], cells[3 * i + 1], cells[3 * i + 2], bits, keys, 2 * i);
        return checksum(keys);
      }),
  };
  const what = `3-D, ${bits} bits, ${CELLS} cells`;
  const rows = [
    await compare({ bench: 'hilbert-encode', case: `${what}, one by one`, target: TARGET }, single, skilling),
  ];
  if (bits === 21) {
    const batch: Contender = {
      name: 'ours',
      run: () =>
        timed(() => {
          hilbert3EncodeAll21(cells, keys);
          return checksum(keys);
        }),
    };
    rows.push(
      await compare({ bench: 'hilbert-encode', case: `${what}, batch`, target: TARGET }, batch, skilling),
    );
    const known = encodeCells('hilbert3', cells);
    const inverse = (curve: 'hilbert3' | 'morton3'): Contender => ({
      name: curve,
      run: () => timed(() => (decodeKeys(curve, known).length > 0 ? 1 : 0)),
    });
    rows.push(
      await compare({ bench: 'hilbert-decode', case: what }, inverse('hilbert3'), inverse('morton3')),
    );
  }
  return rows;
}

/** Figures of merit, Hilbert beside Morton: not times. */
function locality(): BenchRow[] {
  const rows: BenchRow[] = [];
  const row = (what: string, kind: string, unit: string, ours: number, morton: number): BenchRow => ({
    bench: 'locality',
    case: `${what}, ${kind}`,
    ours,
    peer: 'Morton',
    peerValue: morton,
    unit,
    ratio: ours / morton,
    target: null,
    holds: null,
    versions: { node: process.versions.node },
  });
  for (const kind of DISTRIBUTIONS) {
    const cube = pointSet(kind, 50_000, 3, seededRandom(20260721));
    const points = cube.map((v) => Math.min(100, Math.max(0, v)));
    const cells = Uint32Array.from(points, (v) => Math.min(2 ** 21 - 1, (v / 100) * 2 ** 21));
    const hilbert = measureLocality(points, 3, encodeCells('hilbert3', cells), seededRandom(1));
    const morton = measureLocality(points, 3, encodeCells('morton3', cells), seededRandom(1));
    rows.push(
      row('Pearson of distances', kind, 'r', hilbert.distanceCorrelation, morton.distanceCorrelation),
      row('10-NN overlap', kind, 'share', hilbert.neighbourOverlap, morton.neighbourOverlap),
    );
    if (kind !== 'uniform') continue;
    const flat = points.map((v, i) => (i % 3 === 2 ? v / 5 - 10 : v));
    const stretched = Uint32Array.from(points, (v) => Math.min(2 ** 21 - 1, (v / 100) * 2 ** 21));
    const map = measureLocality(flat, 3, hilbertKeys(flat), seededRandom(1));
    const each = measureLocality(flat, 3, encodeCells('hilbert3', stretched), seededRandom(1));
    rows.push({
      ...row(
        '10-NN overlap in the map box, cubic cells',
        kind,
        'share',
        map.neighbourOverlap,
        each.neighbourOverlap,
      ),
      peer: 'Hilbert with each axis stretched to 21 bits',
    });
  }
  for (const side of [4, 16]) {
    const of = (curve: 'hilbert3' | 'morton3'): number =>
      meanRangeCount(curve, 8, side, 100, seededRandom(1));
    rows.push(row('mean ranges of a cube', `side ${side} of 256`, 'ranges', of('hilbert3'), of('morton3')));
  }
  return rows;
}

export const curvesBench: Bench = {
  name: 'geometry-curves',
  async run() {
    return [...(await encoding(21)), ...(await encoding(16)), ...locality()];
  },
};
