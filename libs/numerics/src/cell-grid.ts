const GRID_DIM_MAX = 4;
/** Beyond this many cells along an axis the cell index is no longer exact within the margin below. */
const CELLS_PER_AXIS_MAX = 1 << 20;
/** Cells are a little smaller than epsilon / sqrt(dim), so that rounding cannot put a far pair into one cell. */
const CELL_MARGIN = 1 - 1e-9;
/** A table over all cells, empty ones too, is kept while it has at most this many entries per point. */
const DENSE_CELLS_PER_POINT = 16;
/** Up to this many cells per point, a bit for each and a rank for every 32 (a quarter of a byte a cell) stay small. */
const BIT_CELLS_PER_POINT = 256;
/** Digits of the radix sort have at most this many bits. */
const DIGIT_BITS_MAX = 16;

export interface Grid {
  dim: number;
  /** Points sorted by cell; inside a cell core points come first once they are known. */
  coordinates: Float64Array;
  ids: Uint32Array;
  /** Occupied cells in ascending key order: first point of each, one past the end at last. */
  starts: Uint32Array;
  keys: Float64Array;
  cellOf: Uint32Array;
  /** Points in cells of a smaller key, for every key; null when the grid is too sparse for a table. */
  prefix: Uint32Array | null;
  /** Which cells are occupied, when there is no table and a bit for every cell is not too much. */
  occupied: CellBits | null;
  /** Key step along each axis. */
  strides: Float64Array;
  reach: number;
}

/** A bit for every cell, and the number of bits before each word. */
interface CellBits {
  words: Int32Array;
  ranks: Uint32Array;
}

/** Where the box starts and the key step along each axis; null when the grid cannot serve the input. */
function layOut(points: Float64Array, dim: number, side: number, reach: number) {
  const mins = new Float64Array(dim).fill(Infinity);
  const maxs = new Float64Array(dim).fill(-Infinity);
  for (let t = 0; t < dim; t++) {
    let min = Infinity;
    let max = -Infinity;
    for (let i = t; i < points.length; i += dim) {
      const value = points[i];
      if (value < min) min = value;
      if (value > max) max = value;
    }
    mins[t] = min;
    maxs[t] = max;
  }
  const strides = new Float64Array(dim);
  let total = 1;
  for (let t = dim - 1; t >= 0; t--) {
    const cells = Math.floor((maxs[t] - mins[t]) / side) + 1;
    if (!(cells < CELLS_PER_AXIS_MAX)) return null;
    strides[t] = total;
    total *= cells + 2 * reach;
  }
  return total < Number.MAX_SAFE_INTEGER ? { mins, strides, total } : null;
}

/** Sorts points into cells. Null when the grid cannot serve this input (dimension, extent). */
export function buildGrid(points: Float64Array, dim: number, epsilon: number): Grid | null {
  if (dim > GRID_DIM_MAX) return null;
  const n = points.length / dim;
  const side = (epsilon / Math.sqrt(dim)) * CELL_MARGIN;
  const reach = dim === 4 ? 3 : 2;
  const layout = layOut(points, dim, side, reach);
  if (!layout) return null;
  const { mins, strides, total } = layout;
  const dense = total <= Math.max(1 << 16, DENSE_CELLS_PER_POINT * n);
  const bits = !dense && total <= Math.min(BIT_CELLS_PER_POINT * n, 2 ** 31 - 64);
  const inverse = 1 / side;
  const pointKeys = dense || bits ? new Int32Array(n) : new Float64Array(n);
  for (let t = 0; t < dim; t++) {
    const min = mins[t];
    const stride = strides[t];
    for (let i = 0; i < n; i++)
      pointKeys[i] += ((((points[i * dim + t] - min) * inverse) | 0) + reach) * stride;
  }
  const prefix = dense ? new Uint32Array(total + 2) : null;
  const ids = prefix ? countingOrder(pointKeys, prefix) : radixOrder(pointKeys, total);
  const cells = collectCells(points, dim, pointKeys, ids);
  const occupied = bits ? markOccupied(cells.keys, total) : null;
  return { dim, ...cells, ids, prefix, occupied, strides, reach };
}

function markOccupied(keys: Float64Array, total: number): CellBits {
  const words = new Int32Array((total >>> 5) + 2);
  const ranks = new Uint32Array(words.length);
  for (let cell = 0; cell < keys.length; cell++) words[keys[cell] >>> 5] |= 1 << keys[cell];
  for (let w = 1; w < words.length; w++) ranks[w] = ranks[w - 1] + countBits(words[w - 1]);
  return { words, ranks };
}

/** Number of set bits of a 32-bit word, by sums over ever wider fields. */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Stable counting sort of the indices; leaves in `prefix` the number of points of smaller keys. */
function countingOrder(keys: ArrayLike<number>, prefix: Uint32Array): Uint32Array {
  for (let i = 0; i < keys.length; i++) prefix[keys[i] + 2]++;
  for (let c = 2; c < prefix.length; c++) prefix[c] += prefix[c - 1];
  const ids = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) ids[prefix[keys[i] + 1]++] = i;
  return ids;
}

/** Stable radix sort of the indices by key, in as few passes as fit the digits and digits as short as the passes allow. */
function radixOrder(keys: ArrayLike<number>, total: number): Uint32Array {
  const n = keys.length;
  let from = new Uint32Array(n);
  let to = new Uint32Array(n);
  for (let i = 0; i < n; i++) from[i] = i;
  const keyBits = Math.max(1, Math.ceil(Math.log2(total)));
  const radix = 2 ** Math.ceil(keyBits / Math.ceil(keyBits / DIGIT_BITS_MAX));
  const digits = new Uint16Array(n);
  for (let unit = 1; unit < total; unit *= radix) {
    const cursor = new Uint32Array(radix + 1);
    for (let i = 0; i < n; i++) {
      digits[i] = Math.floor(keys[from[i]] / unit) % radix;
      cursor[digits[i] + 1]++;
    }
    for (let c = 0; c < radix; c++) cursor[c + 1] += cursor[c];
    for (let i = 0; i < n; i++) to[cursor[digits[i]]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

function collectCells(points: Float64Array, dim: number, pointKeys: ArrayLike<number>, ids: Uint32Array) {
  const n = ids.length;
  const coordinates = new Float64Array(points.length);
  const starts = new Uint32Array(n + 1);
  const keys = new Float64Array(n);
  const cellOf = new Uint32Array(n);
  let cells = 0;
  let last = -1;
  for (let t = 0; t < dim; t++) {
    for (let p = 0; p < n; p++) coordinates[p * dim + t] = points[ids[p] * dim + t];
  }
  for (let p = 0; p < n; p++) {
    const id = ids[p];
    const key = pointKeys[id];
    if (key !== last) {
      last = key;
      keys[cells] = key;
      starts[cells++] = p;
    }
    cellOf[p] = cells - 1;
  }
  starts[cells] = n;
  return { coordinates, starts: starts.subarray(0, cells + 1), keys: keys.subarray(0, cells), cellOf };
}

/** Key offsets of the rows of cells (all axes but the last) that can hold a neighbour, nearest rows first. */
export function rowOffsets(grid: Grid): Float64Array {
  const { dim, strides, reach } = grid;
  let rows: { offset: number; gap2: number; steps: number }[] = [{ offset: 0, gap2: 0, steps: 0 }];
  for (let t = 0; t < dim - 1; t++) {
    const wider: typeof rows = [];
    for (const row of rows) {
      for (let step = -reach; step <= reach; step++) {
        const gap = Math.max(0, Math.abs(step) - 1);
        const offset = row.offset + step * strides[t];
        wider.push({ offset, gap2: row.gap2 + gap * gap, steps: row.steps + step * step });
      }
    }
    rows = wider;
  }
  const limit = dim * (1 + 1e-8);
  const near = rows.filter((row) => row.gap2 <= limit).sort((a, b) => a.steps - b.steps);
  return Float64Array.from(near, (row) => row.offset);
}

/** Fills `ranges` with the point ranges [from, to) of each row of cells around `cell`. */
export type RangeFinder = (cell: number, ranges: Uint32Array) => void;

/** From the table or the bits of all cells when there are some; else by pointers that only move forward. */
export function rangeFinder(grid: Grid, offsets: Float64Array): RangeFinder {
  const { prefix, occupied } = grid;
  if (prefix) return tableFinder(grid, prefix, offsets);
  return occupied ? bitFinder(grid, occupied, offsets) : pointerFinder(grid, offsets);
}

function tableFinder({ keys, reach }: Grid, prefix: Uint32Array, offsets: Float64Array): RangeFinder {
  const steps = Int32Array.from(offsets);
  return (cell, ranges) => {
    const key = keys[cell] | 0;
    for (let r = 0; r < steps.length; r++) {
      const centre = key + steps[r];
      ranges[2 * r] = prefix[centre - reach];
      ranges[2 * r + 1] = prefix[centre + reach + 1];
    }
  };
}

/** Most rows around a cell are empty, and a look at the few bits of a row shows it. */
function bitFinder(
  { keys, reach, starts }: Grid,
  { words, ranks }: CellBits,
  offsets: Float64Array,
): RangeFinder {
  const steps = Int32Array.from(offsets, (offset) => offset - reach);
  const row = (1 << (2 * reach + 1)) - 1;
  return (cell, ranges) => {
    const key = keys[cell] | 0;
    for (let r = 0; r < steps.length; r++) {
      const first = key + steps[r];
      const word = first >>> 5;
      const shift = first & 31;
      const here = words[word];
      // A shift by 32 - 0 would be one by 0; two shifts clear the word instead.
      const bits = ((here >>> shift) | ((words[word + 1] << (31 - shift)) << 1)) & row;
      if (bits === 0) {
        ranges[2 * r] = 0;
        ranges[2 * r + 1] = 0;
        continue;
      }
      const before = ranks[word] + countBits(here & ((1 << shift) - 1));
      ranges[2 * r] = starts[before];
      ranges[2 * r + 1] = starts[before + countBits(bits)];
    }
  };
}

/** Cells must be asked for in ascending order. */
function pointerFinder({ keys, reach, starts }: Grid, offsets: Float64Array): RangeFinder {
  const first = new Uint32Array(offsets.length);
  const last = new Uint32Array(offsets.length);
  return (cell, ranges) => {
    for (let r = 0; r < offsets.length; r++) {
      const centre = keys[cell] + offsets[r];
      while (first[r] < keys.length && keys[first[r]] < centre - reach) first[r]++;
      if (last[r] < first[r]) last[r] = first[r];
      while (last[r] < keys.length && keys[last[r]] <= centre + reach) last[r]++;
      ranges[2 * r] = starts[first[r]];
      ranges[2 * r + 1] = starts[last[r]];
    }
  };
}
