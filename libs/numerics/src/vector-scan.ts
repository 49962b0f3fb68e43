import { NumericsError } from './errors.js';
import { requireInteger, requireSameLength, rowCount } from './preconditions.js';
import { createKernels, type Engine } from './wasm/kernels.js';
import { dotScanI8Twin, dotScanTwin, hammingScanTwin } from './wasm/twins.js';

/** Scores of all rows of a resident table for one query. `scores(query, out)` fills and returns `out`. */
export interface VectorScan<Query, Scores> {
  readonly rows: number;
  readonly engine: 'wasm' | 'twin';
  /** `from` and `to` cut the rows scanned (default all); out has to - from entries. Throws `SCAN_SHAPE`. */
  scores(query: Query, out?: Scores, from?: number, to?: number): Scores;
}

interface Span {
  from: number;
  count: number;
}

function span(rows: number, from: number, to: number): Span {
  requireInteger('SCAN', 'to', to, 0, rows);
  requireInteger('SCAN', 'from', from, 0, to);
  return { from, count: to - from };
}

/**
 * Dot products of a float32 query with the rows of a table (rows x dim) that is copied once; with rows and query of
 * unit length these are cosines. Single-precision sums in four lanes; wasm and twin agree bit for bit. O(rows dim).
 */
export function createDotScan(
  table: Float32Array,
  dim: number,
  engine: Engine = 'auto',
): VectorScan<Float32Array, Float32Array> {
  const rows = rowCount('SCAN', table, dim);
  const kernels = createKernels(engine);
  if (!kernels) {
    const kept = table.slice();
    return {
      rows,
      engine: 'twin',
      scores(query, out, from = 0, to = rows) {
        const { count } = span(rows, from, to);
        requireSameLength('SCAN', query, { length: dim });
        const target = out ?? new Float32Array(count);
        requireSameLength('SCAN', target, { length: count });
        dotScanTwin(query, kept.subarray(from * dim, to * dim), dim, target);
        return target;
      },
    };
  }
  const queryAt = kernels.reserve(4 * dim);
  const outAt = kernels.reserve(4 * rows);
  const tableAt = kernels.reserve(4 * table.length);
  kernels.f32(tableAt, table.length).set(table);
  return {
    rows,
    engine: 'wasm',
    scores(query, out, from = 0, to = rows) {
      const { count } = span(rows, from, to);
      requireSameLength('SCAN', query, { length: dim });
      kernels.f32(queryAt, dim).set(query);
      kernels.run.dotScanF32(queryAt, tableAt + 4 * from * dim, count, dim, outAt);
      const found = kernels.f32(outAt, count);
      if (!out) return found.slice();
      requireSameLength('SCAN', out, found);
      out.set(found);
      return out;
    },
  };
}

/** An integer kernel over a byte table. */
function createByteScan<Query extends Int8Array | Uint8Array>(
  table: Query,
  width: number,
  engine: Engine,
  kernel: 'dotScanI8' | 'hammingScan',
  twin: (query: Query, rows: Query, width: number, out: Int32Array) => void,
): VectorScan<Query, Int32Array> {
  const rows = rowCount('SCAN', table, width);
  const kernels = createKernels(engine);
  const kept = kernels ? null : (table.slice() as Query);
  const queryAt = kernels?.reserve(width) ?? 0;
  const outAt = kernels?.reserve(4 * rows) ?? 0;
  const tableAt = kernels?.reserve(table.length) ?? 0;
  kernels?.u8(tableAt, table.length).set(table);
  return {
    rows,
    engine: kernels ? 'wasm' : 'twin',
    scores(query, out, from = 0, to = rows) {
      const { count } = span(rows, from, to);
      requireSameLength('SCAN', query, { length: width });
      const target = out ?? new Int32Array(count);
      requireSameLength('SCAN', target, { length: count });
      if (kept) {
        twin(query, kept.subarray(from * width, to * width) as Query, width, target);
      } else if (kernels) {
        kernels.u8(queryAt, width).set(query);
        kernels.run[kernel](queryAt, tableAt + from * width, count, width, outAt);
        target.set(kernels.i32(outAt, count));
      }
      return target;
    },
  };
}

/** Exact integer dot products of int8 vectors, |value| <= 127, dim <= 131072. Copied once. O(rows dim). */
export function createInt8Scan(
  table: Int8Array,
  dim: number,
  engine: Engine = 'auto',
): VectorScan<Int8Array, Int32Array> {
  requireInteger('SCAN', 'dim', dim, 1, 131_072);
  return createByteScan(table, dim, engine, 'dotScanI8', dotScanI8Twin);
}

/** Hamming distances of packed bit strings of `bytes` bytes a row. Copied once. O(rows bytes). */
export function createHammingScan(
  table: Uint8Array,
  bytes: number,
  engine: Engine = 'auto',
): VectorScan<Uint8Array, Int32Array> {
  return createByteScan(table, bytes, engine, 'hammingScan', hammingScanTwin);
}

/** Sign bits of each row (bit i of byte i >> 3 set where value i > 0), rows padded to whole bytes. O(n). */
export function packSigns(values: ArrayLike<number>, dim: number): Uint8Array {
  const rows = rowCount('SCAN', values, dim);
  const bytes = (dim + 7) >> 3;
  const out = new Uint8Array(rows * bytes);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < dim; i++) if (values[r * dim + i] > 0) out[r * bytes + (i >> 3)] |= 1 << (i & 7);
  }
  return out;
}

/**
 * Indices of the k best scores, best first (largest, or smallest with `ascending`); ties go to the lower index and
 * NaN is never chosen. O(n + kept log k) by a bounded heap. Throws `SCAN_INVALID`.
 */
export function selectTop(scores: ArrayLike<number>, k: number, ascending = false): Uint32Array {
  requireInteger('SCAN', 'k', k, 0);
  const n = scores.length;
  const heap = new Uint32Array(Math.min(k, n));
  let size = 0;
  const worse = (i: number, j: number): boolean =>
    scores[i] === scores[j] ? i > j : scores[i] > scores[j] === ascending;
  const sink = (): void => {
    for (let at = 0; ;) {
      let child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && worse(heap[child + 1], heap[child])) child++;
      if (!worse(heap[child], heap[at])) return;
      [heap[at], heap[child]] = [heap[child], heap[at]];
      at = child;
    }
  };
  for (let i = 0; i < n; i++) {
    if (scores[i] !== scores[i]) continue;
    if (size < heap.length) {
      let at = size++;
      heap[at] = i;
      for (let parent = (at - 1) >> 1; at > 0 && worse(heap[at], heap[parent]); parent = (at - 1) >> 1) {
        [heap[at], heap[parent]] = [heap[parent], heap[at]];
        at = parent;
      }
    } else if (size > 0 && worse(heap[0], i)) {
      heap[0] = i;
      sink();
    }
  }
  return heap.subarray(0, size).sort((i, j) => (worse(i, j) ? 1 : -1));
}

/** Rows scaled to unit length in a copy (a zero row stays zero). Throws `SCAN_NOT_FINITE`. O(n). */
export function normaliseRows(values: Float32Array, dim: number): Float32Array {
  const rows = rowCount('SCAN', values, dim);
  const out = values.slice();
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let i = r * dim; i < (r + 1) * dim; i++) sum += values[i] * values[i];
    if (!(sum < Infinity)) throw new NumericsError('SCAN_NOT_FINITE', `row ${r} is not finite`, { row: r });
    if (sum === 0) continue;
    const scale = 1 / Math.sqrt(sum);
    for (let i = r * dim; i < (r + 1) * dim; i++) out[i] *= scale;
  }
  return out;
}
