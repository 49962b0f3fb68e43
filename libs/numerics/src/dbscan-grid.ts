import { findRoot, joinSets } from './union-find.js';

const GRID_DIM_MAX = 4;
/** Beyond this many cells along an axis the cell index is no longer exact within the margin below. */
const CELLS_PER_AXIS_MAX = 1 << 20;
/** Cells are a little smaller than epsilon / sqrt(dim), so that rounding cannot put a far pair into one cell. */
const CELL_MARGIN = 1 - 1e-9;

interface Grid {
  dim: number;
  /** Points sorted by cell. */
  coordinates: Float64Array;
  ids: Uint32Array;
  /** Occupied cells in ascending key order: first point of each, one past the end at last. */
  starts: Uint32Array;
  keys: Float64Array;
  /** Key step along each axis. */
  strides: Float64Array;
  reach: number;
}

/** Sorts points into cells. Null when the grid cannot serve this input (dimension, extent). */
function buildGrid(points: Float64Array, dim: number, epsilon: number): Grid | null {
  if (dim > GRID_DIM_MAX) return null;
  const n = points.length / dim;
  const side = (epsilon / Math.sqrt(dim)) * CELL_MARGIN;
  const mins = new Float64Array(dim).fill(Infinity);
  const maxs = new Float64Array(dim).fill(-Infinity);
  for (let i = 0; i < points.length; i += dim) {
    for (let t = 0; t < dim; t++) {
      if (points[i + t] < mins[t]) mins[t] = points[i + t];
      if (points[i + t] > maxs[t]) maxs[t] = points[i + t];
    }
  }
  const reach = dim === 4 ? 3 : 2;
  const strides = new Float64Array(dim);
  let total = 1;
  for (let t = dim - 1; t >= 0; t--) {
    const cells = Math.floor((maxs[t] - mins[t]) / side) + 1;
    if (!(cells < CELLS_PER_AXIS_MAX)) return null;
    strides[t] = total;
    total *= cells + 2 * reach;
  }
  if (!(total < Number.MAX_SAFE_INTEGER)) return null;
  const pointKeys = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let key = 0;
    for (let t = 0; t < dim; t++)
      key += (Math.floor((points[i * dim + t] - mins[t]) / side) + reach) * strides[t];
    pointKeys[i] = key;
  }
  const ids =
    total <= Math.max(1 << 16, 16 * n) ? countingOrder(pointKeys, total) : radixOrder(pointKeys, total);
  return collectCells(points, dim, pointKeys, ids, strides, reach);
}

function countingOrder(keys: Float64Array, total: number): Uint32Array {
  const cursor = new Uint32Array(total + 1);
  for (let i = 0; i < keys.length; i++) cursor[keys[i] + 1]++;
  for (let c = 0; c < total; c++) cursor[c + 1] += cursor[c];
  const ids = new Uint32Array(keys.length);
  for (let i = 0; i < keys.length; i++) ids[cursor[keys[i]]++] = i;
  return ids;
}

/** Stable radix sort of the indices by key, 2^16 at a time. */
function radixOrder(keys: Float64Array, total: number): Uint32Array {
  const n = keys.length;
  let from = new Uint32Array(n);
  let to = new Uint32Array(n);
  for (let i = 0; i < n; i++) from[i] = i;
  const digits = new Uint16Array(n);
  for (let unit = 1; unit < total; unit *= 65536) {
    const cursor = new Uint32Array(65537);
    for (let i = 0; i < n; i++) {
      digits[i] = Math.floor(keys[from[i]] / unit) % 65536;
      cursor[digits[i] + 1]++;
    }
    for (let c = 0; c < 65536; c++) cursor[c + 1] += cursor[c];
    for (let i = 0; i < n; i++) to[cursor[digits[i]]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

function collectCells(
  points: Float64Array,
  dim: number,
  pointKeys: Float64Array,
  ids: Uint32Array,
  strides: Float64Array,
  reach: number,
): Grid {
  const n = ids.length;
  const coordinates = new Float64Array(points.length);
  const starts = new Uint32Array(n + 1);
  const keys = new Float64Array(n);
  let cells = 0;
  for (let p = 0; p < n; p++) {
    const id = ids[p];
    for (let t = 0; t < dim; t++) coordinates[p * dim + t] = points[id * dim + t];
    if (p === 0 || pointKeys[id] !== keys[cells - 1]) {
      keys[cells] = pointKeys[id];
      starts[cells++] = p;
    }
  }
  starts[cells] = n;
  return {
    dim,
    coordinates,
    ids,
    starts: starts.slice(0, cells + 1),
    keys: keys.slice(0, cells),
    strides,
    reach,
  };
}

/** Key offsets of the rows of cells (all axes but the last) that can hold a neighbour, ascending. */
function rowOffsets(grid: Grid): Float64Array {
  const { dim, strides, reach } = grid;
  let rows: { offset: number; gap2: number }[] = [{ offset: 0, gap2: 0 }];
  for (let t = 0; t < dim - 1; t++) {
    const wider: typeof rows = [];
    for (const row of rows) {
      for (let step = -reach; step <= reach; step++) {
        const gap = Math.max(0, Math.abs(step) - 1);
        wider.push({ offset: row.offset + step * strides[t], gap2: row.gap2 + gap * gap });
      }
    }
    rows = wider;
  }
  const limit = dim * (1 + 1e-8);
  return Float64Array.from(rows.filter((row) => row.gap2 <= limit).map((row) => row.offset)).sort();
}

/**
 * For every cell the ranges of neighbouring cells, one per row: ranges[2 r], ranges[2 r + 1] are the first cell and
 * one past the last. Cells are visited in key order, so each row's pointers only move forward: O(cells x rows).
 */
function forEachCell(grid: Grid, visit: (cell: number, ranges: Uint32Array) => void): void {
  const offsets = rowOffsets(grid);
  const { keys, reach } = grid;
  const ranges = new Uint32Array(2 * offsets.length);
  for (let cell = 0; cell < keys.length; cell++) {
    for (let r = 0; r < offsets.length; r++) {
      const centre = keys[cell] + offsets[r];
      let first = ranges[2 * r];
      while (first < keys.length && keys[first] < centre - reach) first++;
      let last = ranges[2 * r + 1];
      if (last < first) last = first;
      while (last < keys.length && keys[last] <= centre + reach) last++;
      ranges[2 * r] = first;
      ranges[2 * r + 1] = last;
    }
    visit(cell, ranges);
  }
}

function squaredBetween(coordinates: Float64Array, p: number, q: number, dim: number): number {
  const a = p * dim;
  const b = q * dim;
  const dx = coordinates[a] - coordinates[b];
  let sum = dx * dx;
  if (dim > 1) {
    const dy = coordinates[a + 1] - coordinates[b + 1];
    sum += dy * dy;
    for (let t = 2; t < dim; t++) {
      const delta = coordinates[a + t] - coordinates[b + t];
      sum += delta * delta;
    }
  }
  return sum;
}

function markCore(grid: Grid, epsilon2: number, minPoints: number): Uint8Array {
  const { starts, coordinates, dim } = grid;
  const core = new Uint8Array(grid.ids.length);
  forEachCell(grid, (cell, ranges) => {
    const from = starts[cell];
    const to = starts[cell + 1];
    if (to - from >= minPoints) {
      core.fill(1, from, to);
      return;
    }
    for (let p = from; p < to; p++) {
      let count = to - from;
      for (let r = 0; r < ranges.length && count < minPoints; r += 2) {
        const end = starts[ranges[r + 1]];
        for (let q = starts[ranges[r]]; q < end; q++) {
          if (q === from) q = to;
          if (q >= end) break;
          if (squaredBetween(coordinates, p, q, dim) <= epsilon2 && ++count >= minPoints) break;
        }
      }
      if (count >= minPoints) core[p] = 1;
    }
  });
  return core;
}

/** True when some core point of one cell lies within epsilon of some core point of the other. */
function cellsTouch(grid: Grid, core: Uint8Array, a: number, b: number, epsilon2: number): boolean {
  const { starts, coordinates, dim } = grid;
  for (let p = starts[a]; p < starts[a + 1]; p++) {
    if (!core[p]) continue;
    for (let q = starts[b]; q < starts[b + 1]; q++) {
      if (core[q] && squaredBetween(coordinates, p, q, dim) <= epsilon2) return true;
    }
  }
  return false;
}

function joinCells(grid: Grid, core: Uint8Array, epsilon2: number): Int32Array {
  const { starts, keys } = grid;
  const parents = Int32Array.from(keys, (_, cell) => cell);
  const hasCore = new Uint8Array(keys.length);
  for (let cell = 0; cell < keys.length; cell++) {
    for (let p = starts[cell]; p < starts[cell + 1] && !hasCore[cell]; p++) hasCore[cell] = core[p];
  }
  forEachCell(grid, (cell, ranges) => {
    if (!hasCore[cell]) return;
    for (let r = 0; r < ranges.length; r += 2) {
      for (let other = ranges[r]; other < ranges[r + 1] && other < cell; other++) {
        if (!hasCore[other] || findRoot(parents, other) === findRoot(parents, cell)) continue;
        if (cellsTouch(grid, core, other, cell, epsilon2)) joinSets(parents, other, cell);
      }
    }
  });
  return parents;
}

/** Gives each border point the lowest label among core points within epsilon. */
function labelBorders(
  grid: Grid,
  core: Uint8Array,
  cellLabels: Int32Array,
  labels: Int32Array,
  epsilon2: number,
): void {
  const { starts, coordinates, dim, ids } = grid;
  forEachCell(grid, (cell, ranges) => {
    for (let p = starts[cell]; p < starts[cell + 1]; p++) {
      if (core[p]) continue;
      let best = -1;
      for (let r = 0; r < ranges.length; r += 2) {
        for (let other = ranges[r]; other < ranges[r + 1]; other++) {
          const label = cellLabels[other];
          if (label < 0 || (best >= 0 && label >= best)) continue;
          for (let q = starts[other]; q < starts[other + 1]; q++) {
            if (!core[q] || squaredBetween(coordinates, p, q, dim) > epsilon2) continue;
            best = label;
            break;
          }
        }
      }
      labels[ids[p]] = best;
    }
  });
}

/**
 * Euclidean DBSCAN in up to 4 dimensions on a cell-sorted grid; null when the grid does not fit the input (more
 * dimensions, or an extent beyond 2^20 cells an axis). Same result as the general search.
 */
export function dbscanGrid(
  points: Float64Array,
  dim: number,
  epsilon: number,
  minPoints: number,
): { labels: Int32Array; clusters: number; core: Uint8Array } | null {
  const grid = buildGrid(points, dim, epsilon);
  if (!grid) return null;
  const epsilon2 = epsilon * epsilon;
  const sortedCore = markCore(grid, epsilon2, minPoints);
  const parents = joinCells(grid, sortedCore, epsilon2);
  const n = grid.ids.length;
  const cellOf = new Int32Array(n).fill(-1);
  const core = new Uint8Array(n);
  for (let cell = 0; cell < grid.keys.length; cell++) {
    for (let p = grid.starts[cell]; p < grid.starts[cell + 1]; p++) {
      if (!sortedCore[p]) continue;
      core[grid.ids[p]] = 1;
      cellOf[grid.ids[p]] = findRoot(parents, cell);
    }
  }
  const rootLabels = new Int32Array(grid.keys.length).fill(-1);
  const labels = new Int32Array(n).fill(-1);
  let clusters = 0;
  for (let i = 0; i < n; i++) {
    if (cellOf[i] < 0) continue;
    if (rootLabels[cellOf[i]] < 0) rootLabels[cellOf[i]] = clusters++;
    labels[i] = rootLabels[cellOf[i]];
  }
  const cellLabels = rootLabels.map((_, cell) => rootLabels[findRoot(parents, cell)]);
  labelBorders(grid, sortedCore, cellLabels, labels, epsilon2);
  return { labels, clusters, core };
}
