import { buildGrid, rangeFinder, rowOffsets, type Grid } from './cell-grid.js';
import { dbscanPairs } from './dbscan-pairs.js';
import { findRoot, joinRoots } from './union-find.js';

/** Distance tests between permuted points, specialised by dimension. */
interface Within {
  /** Number of points of [from, to) within epsilon of point p; no branch per point. */
  count(p: number, from: number, to: number): number;
  /** Whether there is one. */
  any(p: number, from: number, to: number): boolean;
}

function planarWithin(coordinates: Float64Array, epsilon2: number): Within {
  return {
    count(p, from, to) {
      const x = coordinates[2 * p];
      const y = coordinates[2 * p + 1];
      let count = 0;
      for (let at = 2 * from; at < 2 * to; at += 2) {
        const dx = coordinates[at] - x;
        const dy = coordinates[at + 1] - y;
        count += dx * dx + dy * dy <= epsilon2 ? 1 : 0;
      }
      return count;
    },
    any(p, from, to) {
      const x = coordinates[2 * p];
      const y = coordinates[2 * p + 1];
      for (let at = 2 * from; at < 2 * to; at += 2) {
        const dx = coordinates[at] - x;
        const dy = coordinates[at + 1] - y;
        if (dx * dx + dy * dy <= epsilon2) return true;
      }
      return false;
    },
  };
}

function spatialWithin(coordinates: Float64Array, epsilon2: number): Within {
  const squared = (p: number, q: number): number => {
    const dx = coordinates[3 * p] - coordinates[3 * q];
    const dy = coordinates[3 * p + 1] - coordinates[3 * q + 1];
    const dz = coordinates[3 * p + 2] - coordinates[3 * q + 2];
    return dx * dx + dy * dy + dz * dz;
  };
  return {
    count(p, from, to) {
      let count = 0;
      for (let q = from; q < to; q++) count += squared(p, q) <= epsilon2 ? 1 : 0;
      return count;
    },
    any(p, from, to) {
      for (let q = from; q < to; q++) if (squared(p, q) <= epsilon2) return true;
      return false;
    },
  };
}

function generalWithin(coordinates: Float64Array, dim: number, epsilon2: number): Within {
  const squared = (p: number, q: number): number => {
    let sum = 0;
    for (let t = 0; t < dim; t++) {
      const delta = coordinates[p * dim + t] - coordinates[q * dim + t];
      sum += delta * delta;
    }
    return sum;
  };
  return {
    count(p, from, to) {
      let count = 0;
      for (let q = from; q < to; q++) if (squared(p, q) <= epsilon2) count++;
      return count;
    },
    any(p, from, to) {
      for (let q = from; q < to; q++) if (squared(p, q) <= epsilon2) return true;
      return false;
    },
  };
}

function distanceTests(coordinates: Float64Array, dim: number, epsilon2: number): Within {
  if (dim === 2) return planarWithin(coordinates, epsilon2);
  return dim === 3 ? spatialWithin(coordinates, epsilon2) : generalWithin(coordinates, dim, epsilon2);
}

function markCore(grid: Grid, offsets: Float64Array, within: Within, minPoints: number): Uint8Array {
  const { starts } = grid;
  const core = new Uint8Array(grid.ids.length);
  const find = rangeFinder(grid, offsets);
  const ranges = new Uint32Array(2 * offsets.length);
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const from = starts[cell];
    const to = starts[cell + 1];
    if (to - from >= minPoints) {
      core.fill(1, from, to);
      continue;
    }
    find(cell, ranges);
    let around = 0;
    for (let r = 0; r < ranges.length; r += 2) around += ranges[r + 1] - ranges[r];
    if (around < minPoints) continue;
    for (let p = from; p < to; p++) {
      let count = 0;
      let left = around;
      for (let r = 0; r < ranges.length && count < minPoints && count + left >= minPoints; r += 2) {
        count += within.count(p, ranges[r], ranges[r + 1]);
        left -= ranges[r + 1] - ranges[r];
      }
      if (count >= minPoints) core[p] = 1;
    }
  }
  return core;
}

/** Moves the core points of each cell to its front; returns the end of the core part of every cell. */
function gatherCore(grid: Grid, core: Uint8Array): Uint32Array {
  const { starts, coordinates, ids, dim } = grid;
  const ends = new Uint32Array(starts.length - 1);
  for (let cell = 0; cell < ends.length; cell++) {
    let front = starts[cell];
    for (let p = front; p < starts[cell + 1]; p++) {
      if (!core[p]) continue;
      if (p !== front) {
        for (let t = 0; t < dim; t++) {
          const kept = coordinates[front * dim + t];
          coordinates[front * dim + t] = coordinates[p * dim + t];
          coordinates[p * dim + t] = kept;
        }
        const id = ids[front];
        ids[front] = ids[p];
        ids[p] = id;
        core[p] = 0;
        core[front] = 1;
      }
      front++;
    }
    ends[cell] = front;
  }
  return ends;
}

/** Joins cells that have core points within epsilon of each other. */
function joinCells(grid: Grid, offsets: Float64Array, ends: Uint32Array, within: Within): Int32Array {
  const { starts, cellOf } = grid;
  const cells = ends.length;
  const parents = new Int32Array(cells);
  for (let cell = 0; cell < cells; cell++) parents[cell] = cell;
  const before = offsets.filter((offset) => offset <= 0);
  const find = rangeFinder(grid, before);
  const ranges = new Uint32Array(2 * before.length);
  for (let cell = 0; cell < cells; cell++) {
    if (ends[cell] === starts[cell]) continue;
    find(cell, ranges);
    let root = cell;
    for (let r = 0; r < ranges.length; r += 2) {
      const end = Math.min(ranges[r + 1], starts[cell]);
      for (let q = ranges[r]; q < end;) {
        const other = cellOf[q];
        q = starts[other + 1];
        if (ends[other] === starts[other] || parents[other] === root) continue;
        const otherRoot = findRoot(parents, other);
        if (otherRoot === root) continue;
        for (let p = starts[cell]; p < ends[cell]; p++) {
          if (!within.any(p, starts[other], ends[other])) continue;
          root = joinRoots(parents, otherRoot, root);
          break;
        }
      }
    }
  }
  return parents;
}

/** Gives each border point the lowest label among core points within epsilon. */
function labelBorders(
  grid: Grid,
  offsets: Float64Array,
  ends: Uint32Array,
  cellLabels: Int32Array,
  labels: Int32Array,
  within: Within,
): void {
  const { starts, ids, cellOf } = grid;
  const find = rangeFinder(grid, offsets);
  const ranges = new Uint32Array(2 * offsets.length);
  for (let cell = 0; cell < ends.length; cell++) {
    if (ends[cell] === starts[cell + 1]) continue;
    find(cell, ranges);
    for (let p = ends[cell]; p < starts[cell + 1]; p++) {
      let best = -1;
      for (let r = 0; r < ranges.length; r += 2) {
        for (let q = ranges[r]; q < ranges[r + 1];) {
          const other = cellOf[q];
          q = starts[other + 1];
          const label = cellLabels[other];
          if (label < 0 || (best >= 0 && label >= best)) continue;
          if (within.any(p, starts[other], ends[other])) best = label;
        }
      }
      labels[ids[p]] = best;
    }
  }
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
  const byPairs = dbscanPairs(grid, epsilon * epsilon, minPoints);
  if (byPairs) return byPairs;
  const offsets = rowOffsets(grid);
  const within = distanceTests(grid.coordinates, dim, epsilon * epsilon);
  const sortedCore = markCore(grid, offsets, within, minPoints);
  const ends = gatherCore(grid, sortedCore);
  const parents = joinCells(grid, offsets, ends, within);
  const n = grid.ids.length;
  const roots = new Int32Array(n).fill(-1);
  const core = new Uint8Array(n);
  for (let cell = 0; cell < ends.length; cell++) {
    const root = findRoot(parents, cell);
    for (let p = grid.starts[cell]; p < ends[cell]; p++) {
      core[grid.ids[p]] = 1;
      roots[grid.ids[p]] = root;
    }
  }
  const rootLabels = new Int32Array(ends.length).fill(-1);
  const labels = new Int32Array(n).fill(-1);
  let clusters = 0;
  for (let i = 0; i < n; i++) {
    if (roots[i] < 0) continue;
    if (rootLabels[roots[i]] < 0) rootLabels[roots[i]] = clusters++;
    labels[i] = rootLabels[roots[i]];
  }
  const cellLabels = new Int32Array(ends.length);
  for (let cell = 0; cell < ends.length; cell++) cellLabels[cell] = rootLabels[findRoot(parents, cell)];
  labelBorders(grid, offsets, ends, cellLabels, labels, within);
  return { labels, clusters, core };
}
