import { orderByKey } from './curve-key.js';
import { GeometryError } from './geometry-error.js';
import { hilbert2Encode, hilbert3EncodeAll21 } from './hilbert.js';
import { COORDINATE_LIMIT, buildLayout, firstOf, requirePoints, type TreeLayout } from './kd-build.js';
import { LEAF_SIZE, insertSorted, knn3, outside } from './kd-knn3.js';

export type AxisMetric = 'euclidean' | 'manhattan';

/** Neighbours of one query: original indices and distances, entry by entry. */
export interface Neighbours {
  readonly ids: Uint32Array;
  readonly distances: Float64Array;
}

/** Neighbours of many queries, k places each; unused places hold NO_NEIGHBOUR and Infinity. */
export interface NeighbourTable extends Neighbours {
  readonly k: number;
}

export const NO_NEIGHBOUR = 0xffffffff;

/**
 * Static k-d tree (Bentley 1975) in an implicit balanced layout over one permuted Float64Array; at most 30 bytes per
 * 3-D point. Exact; a node is skipped only when a bound that rounds like a distance shows it cannot matter. Equal points
 * are allowed. Which of several points at equal distance fill the last place is fixed by the input, not specified.
 */
export class KdTree {
  readonly n: number;
  readonly dims: number;
  readonly metric: AxisMetric;
  private readonly layout: TreeLayout;
  private readonly offsets: Float64Array;
  private readonly worst = new Float64Array(1);
  private found = 0;

  /**
   * O(n log n). The input is copied, not kept.
   * @param points flat, n * dims; n may be 0
   * @throws GeometryError KDTREE_BAD_SHAPE (dims must be 1..64), KDTREE_OUT_OF_RANGE, KDTREE_TOO_LARGE
   */
  constructor(points: Float64Array, dims: number, metric: AxisMetric = 'euclidean') {
    requirePoints('KDTREE', points, dims);
    if (dims > 64)
      throw new GeometryError('KDTREE_BAD_SHAPE', 'more than 64 dimensions: use a ball tree', { dims });
    this.layout = buildLayout(points, dims, LEAF_SIZE);
    this.n = this.layout.n;
    this.dims = dims;
    this.metric = metric;
    this.offsets = new Float64Array(dims);
  }

  /** Bytes held by the tree. */
  get sizeBytes(): number {
    const { points, ids, axis, extents } = this.layout;
    return points.byteLength + ids.byteLength + axis.byteLength + extents.byteLength;
  }

  /**
   * The min(k, n) nearest points, nearest first. Expected O(log n + k).
   * @param query length dims, finite
   * @throws GeometryError KDTREE_BAD_QUERY, KDTREE_BAD_K
   */
  knn(query: ArrayLike<number>, k: number): Neighbours {
    this.requireQuery(query, 0, query.length);
    requireCount(k);
    const room = Math.min(k, this.n);
    const distances = new Float64Array(room);
    const ids = new Uint32Array(room);
    if (room > 0) this.search(query, 0, room, distances, ids, 0);
    return { ids, distances };
  }

  /**
   * knn into places at..at + k of given arrays, without allocating; returns how many were found, min(k, n).
   * @param distances ascending distances out
   * @param ids original indices out
   * @throws GeometryError KDTREE_BAD_QUERY, KDTREE_BAD_K (also when the arrays are too short)
   */
  knnInto(query: ArrayLike<number>, k: number, distances: Float64Array, ids: Uint32Array, at = 0): number {
    this.requireQuery(query, 0, query.length);
    requireCount(k);
    if (distances.length < at + k || ids.length < at + k) {
      throw new GeometryError('KDTREE_BAD_K', 'the arrays are shorter than k', { k, at });
    }
    return this.n === 0 ? 0 : this.search(query, 0, k, distances, ids, at);
  }

  /**
   * knn for q queries at once, processed in Hilbert order (2-D and 3-D) so that neighbours share the cache.
   * @param queries flat, q * dims, finite
   * @returns tables of q * k places
   * @throws GeometryError KDTREE_BAD_QUERY, KDTREE_BAD_K
   */
  knnBatch(queries: Float64Array, k: number): NeighbourTable {
    requireCount(k);
    const count = queries.length / this.dims;
    if (!Number.isInteger(count)) {
      throw new GeometryError('KDTREE_BAD_QUERY', 'length is no multiple of the dimension', {
        length: queries.length,
      });
    }
    for (let i = 0; i < count; i++) this.requireQuery(queries, i * this.dims, this.dims);
    const distances = new Float64Array(count * k).fill(Infinity);
    const ids = new Uint32Array(count * k).fill(NO_NEIGHBOUR);
    if (this.n === 0) return { k, ids, distances };
    for (const i of hilbertOrder(queries, this.dims)) {
      this.search(queries, i * this.dims, k, distances, ids, i * k);
    }
    return { k, ids, distances };
  }

  /**
   * All points within `radius` (inclusive), in tree order. Expected O(log n + result).
   * @throws GeometryError KDTREE_BAD_QUERY, KDTREE_BAD_RADIUS (negative or NaN; Infinity gives all)
   */
  radius(query: ArrayLike<number>, radius: number): Neighbours {
    this.requireQuery(query, 0, query.length);
    if (!(radius >= 0)) throw new GeometryError('KDTREE_BAD_RADIUS', 'a radius is not negative', { radius });
    const ids: number[] = [];
    const distances: number[] = [];
    // Wider by a rounding error: the decision is made on the distance itself.
    const limit = this.metric === 'euclidean' ? radius * radius : radius;
    this.worst[0] = limit * (1 + 1e-15) + Number.MIN_VALUE;
    if (this.n > 0) {
      this.startAt(query, 0);
      this.radiusBelow(1, query, radius, ids, distances);
    }
    return { ids: Uint32Array.from(ids), distances: Float64Array.from(distances) };
  }

  /**
   * Original indices of all points in the closed box, in tree order. Expected O(n^(1 - 1/d) + result).
   * @param min lower corner, length dims; infinite sides are allowed
   * @param max upper corner; a box with min above max is empty
   * @throws GeometryError KDTREE_BAD_QUERY (length, NaN)
   */
  box(min: ArrayLike<number>, max: ArrayLike<number>): Uint32Array {
    for (const corner of [min, max]) {
      if (corner.length !== this.dims || Array.prototype.some.call(corner, (v: number) => v !== v)) {
        throw new GeometryError('KDTREE_BAD_QUERY', 'a corner has dims coordinates, none NaN', {
          dims: this.dims,
        });
      }
    }
    const ids: number[] = [];
    const cell = { min: this.layout.min.slice(), max: this.layout.max.slice() };
    if (this.n > 0) this.boxBelow(1, min, max, cell, ids);
    return Uint32Array.from(ids);
  }

  /** Searches for one query and writes true distances; returns how many were found. */
  private search(
    query: ArrayLike<number>,
    from: number,
    k: number,
    distances: Float64Array,
    ids: Uint32Array,
    at: number,
  ): number {
    const { metric, layout } = this;
    if (this.dims === 3 && metric === 'euclidean') {
      const found = knn3(layout, query[from], query[from + 1], query[from + 2], k, distances, ids, at);
      for (let i = at; i < at + found; i++) distances[i] = Math.sqrt(distances[i]);
      return found;
    }
    this.worst[0] = Infinity;
    this.found = 0;
    this.startAt(query, from);
    this.knnBelow(1, query, from, k, distances, ids, at);
    for (let i = at; i < at + this.found; i++) {
      ids[i] = layout.ids[ids[i]];
      if (metric === 'euclidean') distances[i] = Math.sqrt(distances[i]);
    }
    return this.found;
  }

  private startAt(query: ArrayLike<number>, from: number): void {
    const { min, max } = this.layout;
    for (let d = 0; d < this.dims; d++) this.offsets[d] = outside(query[from + d], min[d], max[d]);
  }

  /** Least possible (squared) distance to the current cell, summed like `distanceTo`. */
  private bound(): number {
    let sum = 0;
    if (this.metric === 'euclidean')
      for (let d = 0; d < this.dims; d++) sum += this.offsets[d] * this.offsets[d];
    else for (let d = 0; d < this.dims; d++) sum += this.offsets[d];
    return sum;
  }

  /** Squared Euclidean or Manhattan distance to permuted point i. */
  private distanceTo(i: number, query: ArrayLike<number>, from: number): number {
    const { points } = this.layout;
    const { dims } = this;
    let sum = 0;
    if (this.metric === 'euclidean') {
      for (let d = 0; d < dims; d++) {
        const gap = points[i * dims + d] - query[from + d];
        sum += gap * gap;
      }
    } else {
      for (let d = 0; d < dims; d++) sum += Math.abs(points[i * dims + d] - query[from + d]);
    }
    return sum;
  }

  /** Visits the children of an inner node, nearer first, each with its own offset along the axis. */
  private descend(
    node: number,
    query: ArrayLike<number>,
    from: number,
    visit: (child: number) => void,
  ): void {
    const { axis, extents } = this.layout;
    const a = axis[node];
    const q = query[from + a];
    const before = this.offsets[a];
    const left = Math.max(before, outside(q, extents[4 * node], extents[4 * node + 1]));
    const right = Math.max(before, outside(q, extents[4 * node + 2], extents[4 * node + 3]));
    const first = left <= right ? 0 : 1;
    this.offsets[a] = first === 0 ? left : right;
    visit(2 * node + first);
    this.offsets[a] = first === 0 ? right : left;
    if (this.bound() < this.worst[0]) visit(2 * node + 1 - first);
    this.offsets[a] = before;
  }

  private knnBelow(
    node: number,
    query: ArrayLike<number>,
    from: number,
    k: number,
    distances: Float64Array,
    ids: Uint32Array,
    at: number,
  ): void {
    const { leafCount, n } = this.layout;
    if (node < leafCount) {
      this.descend(node, query, from, (child) => this.knnBelow(child, query, from, k, distances, ids, at));
      return;
    }
    const end = firstOf(node - leafCount + 1, n, leafCount);
    for (let i = firstOf(node - leafCount, n, leafCount); i < end; i++) {
      const distance = this.distanceTo(i, query, from);
      if (distance >= this.worst[0]) continue;
      insertSorted(distances, ids, at, at + (this.found < k ? this.found++ : k - 1), distance, i);
      if (this.found === k) this.worst[0] = distances[at + k - 1];
    }
  }

  private radiusBelow(
    node: number,
    query: ArrayLike<number>,
    radius: number,
    ids: number[],
    distances: number[],
  ): void {
    const { leafCount, n } = this.layout;
    if (node < leafCount) {
      this.descend(node, query, 0, (child) => this.radiusBelow(child, query, radius, ids, distances));
      return;
    }
    const end = firstOf(node - leafCount + 1, n, leafCount);
    for (let i = firstOf(node - leafCount, n, leafCount); i < end; i++) {
      const sum = this.distanceTo(i, query, 0);
      const distance = this.metric === 'euclidean' ? Math.sqrt(sum) : sum;
      if (distance > radius) continue;
      ids.push(this.layout.ids[i]);
      distances.push(distance);
    }
  }

  private boxBelow(
    node: number,
    min: ArrayLike<number>,
    max: ArrayLike<number>,
    cell: { min: Float64Array; max: Float64Array },
    out: number[],
  ): void {
    const { leafCount, n, axis, extents, ids, points } = this.layout;
    const { dims } = this;
    let covered = true;
    for (let d = 0; d < dims; d++) {
      if (cell.min[d] > max[d] || cell.max[d] < min[d]) return;
      covered &&= cell.min[d] >= min[d] && cell.max[d] <= max[d];
    }
    if (covered || node >= leafCount) {
      const depth = Math.floor(Math.log2(node));
      const width = 2 ** depth;
      const end = firstOf(node - width + 1, n, width);
      for (let i = firstOf(node - width, n, width); i < end; i++) {
        let inside = true;
        for (let d = 0; inside && d < dims; d++) {
          const v = points[i * dims + d];
          inside = v >= min[d] && v <= max[d];
        }
        if (covered || inside) out.push(ids[i]);
      }
      return;
    }
    const a = axis[node];
    const low = cell.min[a];
    const high = cell.max[a];
    for (const side of [0, 1]) {
      cell.min[a] = Math.max(low, extents[4 * node + 2 * side]);
      cell.max[a] = Math.min(high, extents[4 * node + 2 * side + 1]);
      this.boxBelow(2 * node + side, min, max, cell, out);
    }
    cell.min[a] = low;
    cell.max[a] = high;
  }

  private requireQuery(query: ArrayLike<number>, from: number, length: number): void {
    let good = length === this.dims;
    for (let d = from; good && d < from + length; d++) good = Math.abs(query[d]) <= COORDINATE_LIMIT;
    if (!good) {
      throw new GeometryError('KDTREE_BAD_QUERY', 'a query has dims finite coordinates', {
        dims: this.dims,
        length,
      });
    }
  }
}

function requireCount(k: number): void {
  if (!Number.isInteger(k) || k < 1)
    throw new GeometryError('KDTREE_BAD_K', 'k must be a positive integer', { k });
}

/** A processing order in which consecutive queries are near each other; the given order above three dimensions. */
function hilbertOrder(queries: Float64Array, dims: number): Uint32Array {
  const count = queries.length / dims;
  if (dims !== 2 && dims !== 3) return Uint32Array.from({ length: count }, (_, i) => i);
  let min = Infinity;
  let max = -Infinity;
  for (let i = 0; i < queries.length; i++) {
    if (queries[i] < min) min = queries[i];
    if (queries[i] > max) max = queries[i];
  }
  const cellsPerUnit = max > min ? (2 ** 21 - 1) / (max - min) : 0;
  const cells = new Uint32Array(queries.length);
  for (let i = 0; i < queries.length; i++) cells[i] = (queries[i] - min) * cellsPerUnit;
  const keys = new Uint32Array(2 * count);
  if (dims === 3) hilbert3EncodeAll21(cells, keys);
  else for (let i = 0; i < count; i++) hilbert2Encode(cells[2 * i], cells[2 * i + 1], 21, keys, 2 * i);
  return orderByKey(keys);
}
