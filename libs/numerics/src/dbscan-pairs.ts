import { rangeFinder, type Grid } from './cell-grid.js';
import { findRoot } from './union-find.js';

/**
 * Listing pairs is chosen while the mean number of points in a point's own cell is at most
 * min(BASE + PER_MIN_POINT x minPoints, MAX): measured break-even with counting by cells, whose early exit pays the more
 * the fewer points are asked for. MAX bounds the work whatever the distribution: a point is tested against at most
 * 12.5 x MAX others on average (half of 25 cells).
 */
const OCCUPANCY_BASE = 2;
const OCCUPANCY_PER_MIN_POINT = 0.2;
const OCCUPANCY_MAX = 6;
/** Pairs per point and occupancy when points are uniform: half the disc of radius epsilon, in cells. */
const PAIRS_PER_OCCUPANCY = Math.PI;
/** Above every label; marks points that are not core. */
const NO_LABEL = 0x7fffffff;

/** All pairs p < q (positions in the grid) within epsilon, by p: `others` up to `ends[p]`. */
interface PairList {
  others: Uint32Array;
  ends: Uint32Array;
  size: number;
}

/** Sum over cells of the squared number of points. */
function squaredOccupancy(starts: Uint32Array): number {
  let sum = 0;
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const points = starts[cell + 1] - starts[cell];
    sum += points * points;
  }
  return sum;
}

function makeRoom(pairs: PairList, length: number): void {
  if (length <= pairs.others.length) return;
  const wider = new Uint32Array(Math.max(length, 2 * pairs.others.length));
  wider.set(pairs.others);
  pairs.others = wider;
}

/**
 * Appends the positions of [from, to) within epsilon of position p to `others` at `size`; returns the new size. The
 * next free entry is always written and only kept when the pair is near, so no test ends in a branch.
 */
function appendNear(
  coordinates: Float64Array,
  epsilon2: number,
  p: number,
  from: number,
  to: number,
  others: Uint32Array,
  size: number,
): number {
  const x = coordinates[2 * p];
  const y = coordinates[2 * p + 1];
  for (let q = from; q < to; q++) {
    const dx = coordinates[2 * q] - x;
    const dy = coordinates[2 * q + 1] - y;
    others[size] = q;
    size += +(dx * dx + dy * dy <= epsilon2);
  }
  return size;
}

/** Appends the pairs of each point of [from, to), one cell; a function of its own so that it is compiled early. */
function appendCell(
  coordinates: Float64Array,
  epsilon2: number,
  from: number,
  to: number,
  ranges: Uint32Array,
  pairs: PairList,
): void {
  const { others, ends } = pairs;
  let size = pairs.size;
  for (let p = from; p < to; p++) {
    size = appendNear(coordinates, epsilon2, p, p + 1, ranges[1], others, size);
    size = appendNear(coordinates, epsilon2, p, ranges[2], ranges[3], others, size);
    size = appendNear(coordinates, epsilon2, p, ranges[4], ranges[5], others, size);
    ends[p] = size;
  }
  pairs.size = size;
}

/**
 * Lists the pairs of planar points, each once: a point looks ahead in its own row of cells and in the two rows after
 * it. `expected` pairs get room at once.
 */
function listPairs(grid: Grid, epsilon2: number, expected: number): PairList {
  const { coordinates, starts, strides } = grid;
  const pairs = { others: new Uint32Array(expected), ends: new Uint32Array(grid.ids.length), size: 0 };
  const find = rangeFinder(grid, Float64Array.of(0, strides[0], 2 * strides[0]));
  const ranges = new Uint32Array(6);
  for (let cell = 0; cell + 1 < starts.length; cell++) {
    const from = starts[cell];
    const to = starts[cell + 1];
    find(cell, ranges);
    const ahead = ranges[1] - from + (ranges[3] - ranges[2]) + (ranges[5] - ranges[4]);
    makeRoom(pairs, pairs.size + (to - from) * ahead + 1);
    appendCell(coordinates, epsilon2, from, to, ranges, pairs);
  }
  return pairs;
}

/** 1 for the positions that have at least `minPoints` points within epsilon, themselves included. */
function coreOf({ others, ends, size }: PairList, minPoints: number): Uint8Array {
  const counts = new Uint32Array(ends.length);
  for (let k = 0; k < size; k++) counts[others[k]]++;
  const core = new Uint8Array(ends.length);
  let begin = 0;
  for (let p = 0; p < ends.length; p++) {
    core[p] = +(1 + counts[p] + ends[p] - begin >= minPoints);
    begin = ends[p];
  }
  return core;
}

/** Joins core points that are pairs; the root of a set is its lowest original index. */
function joinPairs({ others, ends }: PairList, core: Uint8Array, ids: Uint32Array): Int32Array {
  const parents = new Int32Array(ends.length);
  for (let p = 0; p < parents.length; p++) parents[p] = p;
  for (let p = 0; p < ends.length; p++) {
    if (!core[p]) continue;
    let root = findRoot(parents, p);
    for (let k = p > 0 ? ends[p - 1] : 0; k < ends[p]; k++) {
      const q = others[k];
      if (!core[q] || parents[q] === root) continue;
      const other = findRoot(parents, q);
      if (other === root) continue;
      if (ids[other] < ids[root]) {
        parents[root] = other;
        root = other;
      } else {
        parents[other] = root;
      }
    }
  }
  return parents;
}

/** Numbers the sets by their lowest original index; labels by position, `NO_LABEL` where the point is not core. */
function labelCore(parents: Int32Array, core: Uint8Array, ids: Uint32Array) {
  const n = ids.length;
  const rootAt = new Int32Array(n).fill(-1);
  for (let p = 0; p < n; p++) if (core[p] && parents[p] === p) rootAt[ids[p]] = p;
  const labels = new Int32Array(n).fill(NO_LABEL);
  let clusters = 0;
  for (let i = 0; i < n; i++) if (rootAt[i] >= 0) labels[rootAt[i]] = clusters++;
  for (let p = 0; p < n; p++) if (core[p]) labels[p] = labels[findRoot(parents, p)];
  return { labels, clusters };
}

/**
 * The lowest label of every point and of the core points it pairs with. Core points of a pair share their label, so
 * this changes border points only and needs no test for them.
 */
function spreadLabels({ others, ends }: PairList, coreLabels: Int32Array): Int32Array {
  const lowest = coreLabels.slice();
  let k = 0;
  for (let p = 0; p < ends.length; p++) {
    const own = coreLabels[p];
    let best = lowest[p];
    for (; k < ends[p]; k++) {
      const q = others[k];
      best = Math.min(best, coreLabels[q]);
      lowest[q] = Math.min(lowest[q], own);
    }
    lowest[p] = best;
  }
  return lowest;
}

/**
 * DBSCAN of planar points in a grid by one list of all near pairs: a pair is tested once and serves the counts, the
 * joining and the borders. Null when cells are so full that the list would be long; counting with early exit over
 * whole cells is faster there. Same result as `dbscanGrid`; O(n) time and memory.
 */
export function dbscanPairs(
  grid: Grid,
  epsilon2: number,
  minPoints: number,
): { labels: Int32Array; clusters: number; core: Uint8Array } | null {
  const { ids, starts, dim } = grid;
  const n = ids.length;
  if (dim !== 2) return null;
  const occupancy = Math.min(OCCUPANCY_BASE + OCCUPANCY_PER_MIN_POINT * minPoints, OCCUPANCY_MAX);
  const squares = squaredOccupancy(starts);
  if (squares > occupancy * n) return null;
  const pairs = listPairs(grid, epsilon2, Math.ceil(PAIRS_PER_OCCUPANCY * squares));
  const sortedCore = coreOf(pairs, minPoints);
  const parents = joinPairs(pairs, sortedCore, ids);
  const { labels: coreLabels, clusters } = labelCore(parents, sortedCore, ids);
  const lowest = spreadLabels(pairs, coreLabels);
  const labels = new Int32Array(n);
  const core = new Uint8Array(n);
  for (let p = 0; p < n; p++) {
    labels[ids[p]] = lowest[p] === NO_LABEL ? -1 : lowest[p];
    core[ids[p]] = sortedCore[p];
  }
  return { labels, clusters, core };
}
