import { curveDims, requireBits, type CurveName } from './curve-cells.js';
import { mortonTable, type CurveTable } from './curve-tables.js';
import { GeometryError } from './geometry-error.js';
import { HILBERT_2, HILBERT_3 } from './hilbert.js';

/** Key intervals that cover a box of cells. */
export interface KeyRanges {
  /** Flat, four per range: startHi, startLo, endHi, endLo; both ends belong to the range; ascending, disjoint. */
  readonly ranges: Uint32Array;
  /** True when no cell outside the box is covered. */
  readonly exact: boolean;
}

const MORTON_2 = mortonTable(2);
const MORTON_3 = mortonTable(3);
/** How many more orthants than ranges are refined before the rest is taken whole. */
const REFINE_FACTOR = 8;

/** An orthant in curve order: key prefix (hi, lo) of `level` digits, origin in cells of its level. */
interface Orthant {
  readonly hi: number;
  readonly lo: number;
  readonly level: number;
  readonly state: number;
  readonly origin: readonly number[];
  readonly inside: boolean;
}

/**
 * Decomposes a box of cells into at most `maxRanges` key ranges that together cover it, coarse to fine along the
 * curve; when the limit bites, ranges with the smallest gaps are joined. O(bits * 2^dims * maxRanges).
 * @param min lower corner, dims cells, inclusive
 * @param max upper corner, dims cells, inclusive
 * @throws GeometryError CURVE_BAD_BITS, CURVE_BAD_BOX (not integers in [0, 2^bits), or min above max),
 *   CURVE_BAD_LIMIT (maxRanges is no positive integer)
 */
export function boxRanges(
  curve: CurveName,
  min: ArrayLike<number>,
  max: ArrayLike<number>,
  bits: number,
  maxRanges = 64,
): KeyRanges {
  requireBits(bits);
  const table = tableOf(curve);
  requireBox(min, max, table.dims, 2 ** bits);
  if (!Number.isInteger(maxRanges) || maxRanges < 1) {
    throw new GeometryError('CURVE_BAD_LIMIT', 'maxRanges must be a positive integer', { maxRanges });
  }
  const budget = maxRanges * REFINE_FACTOR;
  const root = {
    hi: 0,
    lo: 0,
    level: 0,
    state: 0,
    origin: new Array<number>(table.dims).fill(0),
    inside: false,
  };
  let orthants: Orthant[] = [{ ...root, inside: covers(root.origin, bits, min, max) }];
  for (let level = 0; level < bits && orthants.length < budget; level++) {
    const finer: Orthant[] = [];
    for (const orthant of orthants) {
      if (orthant.inside) finer.push(orthant);
      else pushChildren(table, orthant, bits, min, max, finer);
    }
    orthants = finer;
    if (finer.every((o) => o.inside)) break;
  }
  return joinRanges(orthants, table.dims, bits, maxRanges);
}

function tableOf(curve: CurveName): CurveTable {
  if (curve === 'hilbert2') return HILBERT_2;
  if (curve === 'hilbert3') return HILBERT_3;
  return curveDims(curve) === 2 ? MORTON_2 : MORTON_3;
}

function requireBox(min: ArrayLike<number>, max: ArrayLike<number>, dims: number, limit: number): void {
  let good = min.length === dims && max.length === dims;
  for (let d = 0; good && d < dims; d++) {
    good =
      Number.isInteger(min[d]) &&
      Number.isInteger(max[d]) &&
      min[d] >= 0 &&
      min[d] <= max[d] &&
      max[d] < limit;
  }
  if (!good) {
    throw new GeometryError('CURVE_BAD_BOX', 'a box needs 0 <= min <= max < 2^bits', {
      min: Array.from(min),
      max: Array.from(max),
    });
  }
}

/** True when the orthant at `origin`, `down` levels above the cells, lies inside the box. */
function covers(
  origin: readonly number[],
  down: number,
  min: ArrayLike<number>,
  max: ArrayLike<number>,
): boolean {
  const side = 2 ** down;
  return origin.every((o, d) => o * side >= min[d] && (o + 1) * side - 1 <= max[d]);
}

function pushChildren(
  table: CurveTable,
  parent: Orthant,
  bits: number,
  min: ArrayLike<number>,
  max: ArrayLike<number>,
  out: Orthant[],
): void {
  const { dims } = table;
  const level = parent.level + 1;
  const side = 2 ** (bits - level);
  for (let digit = 0; digit < 1 << dims; digit++) {
    const cell = table.cell[(parent.state << dims) | digit];
    const origin = parent.origin.map((o, d) => 2 * o + ((cell >> (dims - 1 - d)) & 1));
    if (origin.some((o, d) => o * side > max[d] || (o + 1) * side - 1 < min[d])) continue;
    out.push({
      hi: ((parent.hi << dims) | (parent.lo >>> (32 - dims))) >>> 0,
      lo: ((parent.lo << dims) | digit) >>> 0,
      level,
      state: table.next[(parent.state << dims) | cell],
      origin,
      inside: covers(origin, bits - level, min, max),
    });
  }
}

function joinRanges(orthants: readonly Orthant[], dims: number, bits: number, maxRanges: number): KeyRanges {
  const joined: number[][] = [];
  let exact = true;
  for (const orthant of orthants) {
    exact &&= orthant.inside;
    const range = keyRange(orthant, dims * (bits - orthant.level));
    const last = joined.at(-1);
    if (last !== undefined && keyGap(last, range) === 1) {
      last[2] = range[2];
      last[3] = range[3];
    } else {
      joined.push(range);
    }
  }
  if (joined.length <= maxRanges) return { ranges: Uint32Array.from(joined.flat()), exact };
  const gaps = joined.slice(1).map((range, i) => ({ at: i + 1, gap: keyGap(joined[i], range) }));
  gaps.sort((a, b) => b.gap - a.gap || a.at - b.at);
  const starts = new Set(gaps.slice(0, maxRanges - 1).map(({ at }) => at));
  const kept: number[][] = [];
  joined.forEach((range, i) => {
    const last = kept.at(-1);
    if (last === undefined || starts.has(i)) {
      kept.push([...range]);
    } else {
      last[2] = range[2];
      last[3] = range[3];
    }
  });
  return { ranges: Uint32Array.from(kept.flat()), exact: false };
}

/** Keys from the orthant's first to its last cell; `shift` (0..63) is the number of key bits below its prefix. */
function keyRange(orthant: Orthant, shift: number): number[] {
  const { hi, lo } = orthant;
  if (shift === 0) return [hi, lo, hi, lo];
  if (shift < 32) {
    const startHi = ((hi << shift) | (lo >>> (32 - shift))) >>> 0;
    const startLo = (lo << shift) >>> 0;
    return [startHi, startLo, startHi, (startLo | (2 ** shift - 1)) >>> 0];
  }
  const startHi = shift === 32 ? lo : (lo << (shift - 32)) >>> 0;
  return [startHi, 0, (startHi | (2 ** (shift - 32) - 1)) >>> 0, 0xffffffff];
}

/** start of b - end of a; exact when small, rounded (harmlessly) when large. */
function keyGap(a: readonly number[], b: readonly number[]): number {
  return (b[0] - a[2]) * 2 ** 32 + (b[1] - a[3]);
}
