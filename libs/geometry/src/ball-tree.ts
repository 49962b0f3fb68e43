import { GeometryError } from './geometry-error.js';
import { COORDINATE_LIMIT, buildLayout, firstOf, requirePoints, type TreeLayout } from './kd-build.js';
import { insertSorted } from './kd-knn3.js';
import type { Neighbours } from './kd-tree.js';
import { norm } from './vectors.js';

/** Cosine distance is 1 - cosine of the angle, in [0, 2]. */
export type Metric = 'euclidean' | 'manhattan' | 'cosine';

const LEAF_SIZE = 16;

/**
 * Static ball tree (Omohundro 1989) in the implicit layout of the k-d tree, for any dimension and for cosine distance
 * (vectors are normalised, where cosine distance is half the squared Euclidean one and order is the same). Exact.
 */
export class BallTree {
  readonly n: number;
  readonly dims: number;
  readonly metric: Metric;
  private readonly layout: TreeLayout;
  private readonly centres: Float64Array;
  private readonly radii: Float64Array;
  /** Relative rounding of a distance and of a radius, so that bounds stay below true distances. */
  private readonly slack: number;
  private worst = Infinity;
  private found = 0;

  /**
   * O(n d log n). The input is copied, not kept.
   * @param points flat, n * dims; n may be 0
   * @throws GeometryError BALLTREE_BAD_SHAPE, BALLTREE_OUT_OF_RANGE, BALLTREE_TOO_LARGE, BALLTREE_NO_DIRECTION (a zero
   *   vector under cosine)
   */
  constructor(points: Float64Array, dims: number, metric: Metric = 'euclidean') {
    requirePoints('BALLTREE', points, dims);
    this.layout = buildLayout(metric === 'cosine' ? normaliseAll(points, dims) : points, dims, LEAF_SIZE);
    this.n = this.layout.n;
    this.dims = dims;
    this.metric = metric;
    this.slack = (dims + 8) * Number.EPSILON;
    const nodes = 2 * this.layout.leafCount;
    this.centres = new Float64Array(nodes * dims);
    this.radii = new Float64Array(nodes);
    if (this.n > 0) for (let node = 1; node < nodes; node++) this.encloseNode(node);
  }

  /** Bytes held by the tree. */
  get sizeBytes(): number {
    return (
      this.layout.points.byteLength +
      this.layout.ids.byteLength +
      this.centres.byteLength +
      this.radii.byteLength
    );
  }

  /**
   * The min(k, n) nearest points, nearest first.
   * @param query length dims, finite; not zero under cosine
   * @throws GeometryError BALLTREE_BAD_QUERY, BALLTREE_BAD_K, BALLTREE_NO_DIRECTION
   */
  knn(query: ArrayLike<number>, k: number): Neighbours {
    if (!Number.isInteger(k) || k < 1)
      throw new GeometryError('BALLTREE_BAD_K', 'k must be a positive integer', { k });
    const q = this.prepareQuery(query);
    const room = Math.min(k, this.n);
    const distances = new Float64Array(room);
    const ids = new Uint32Array(room);
    this.worst = Infinity;
    this.found = 0;
    if (room > 0) this.knnBelow(1, q, room, distances, ids);
    for (let i = 0; i < room; i++) {
      ids[i] = this.layout.ids[ids[i]];
      distances[i] = this.outward(distances[i]);
    }
    return { ids, distances };
  }

  /**
   * All points within `radius` (inclusive), in tree order.
   * @throws GeometryError BALLTREE_BAD_QUERY, BALLTREE_BAD_RADIUS, BALLTREE_NO_DIRECTION
   */
  radius(query: ArrayLike<number>, radius: number): Neighbours {
    if (!(radius >= 0))
      throw new GeometryError('BALLTREE_BAD_RADIUS', 'a radius is not negative', { radius });
    const q = this.prepareQuery(query);
    const ids: number[] = [];
    const distances: number[] = [];
    const reach = this.metric === 'cosine' ? Math.sqrt(2 * radius) : radius;
    if (this.n > 0) this.radiusBelow(1, q, radius, reach * (1 + 1e-15), ids, distances);
    return { ids: Uint32Array.from(ids), distances: Float64Array.from(distances) };
  }

  private encloseNode(node: number): void {
    const { n, points } = this.layout;
    const { dims, centres } = this;
    const width = 2 ** Math.floor(Math.log2(node));
    const from = firstOf(node - width, n, width);
    const to = firstOf(node - width + 1, n, width);
    const at = node * dims;
    for (let i = from; i < to; i++) {
      for (let d = 0; d < dims; d++)
        centres[at + d] += (points[i * dims + d] - centres[at + d]) / (i - from + 1);
    }
    let radius = 0;
    for (let i = from; i < to; i++) radius = Math.max(radius, this.gap(points, i * dims, centres, at));
    this.radii[node] = radius;
  }

  /** Distance in the tree's inner metric: Euclidean (also for cosine) or Manhattan. */
  private gap(a: ArrayLike<number>, aFrom: number, b: ArrayLike<number>, bFrom: number): number {
    const { dims } = this;
    let sum = 0;
    if (this.metric === 'manhattan') {
      for (let d = 0; d < dims; d++) sum += Math.abs(a[aFrom + d] - b[bFrom + d]);
      return sum;
    }
    for (let d = 0; d < dims; d++) {
      const gap = a[aFrom + d] - b[bFrom + d];
      sum += gap * gap;
    }
    return Math.sqrt(sum);
  }

  private outward(gap: number): number {
    return this.metric === 'cosine' ? (gap * gap) / 2 : gap;
  }

  /** Least possible inner distance from the query to the points of a node. */
  private bound(node: number, q: ArrayLike<number>): number {
    const gap = this.gap(q, 0, this.centres, node * this.dims);
    const radius = this.radii[node];
    return gap - radius - this.slack * (gap + radius);
  }

  private knnBelow(
    node: number,
    q: ArrayLike<number>,
    k: number,
    distances: Float64Array,
    ids: Uint32Array,
  ): void {
    const { leafCount, n, points } = this.layout;
    if (node < leafCount) {
      const left = this.bound(2 * node, q);
      const right = this.bound(2 * node + 1, q);
      const first = left <= right ? 0 : 1;
      if (Math.min(left, right) < this.worst) this.knnBelow(2 * node + first, q, k, distances, ids);
      if (Math.max(left, right) < this.worst) this.knnBelow(2 * node + 1 - first, q, k, distances, ids);
      return;
    }
    const end = firstOf(node - leafCount + 1, n, leafCount);
    for (let i = firstOf(node - leafCount, n, leafCount); i < end; i++) {
      const gap = this.gap(points, i * this.dims, q, 0);
      if (gap >= this.worst) continue;
      insertSorted(distances, ids, 0, this.found < k ? this.found++ : k - 1, gap, i);
      if (this.found === k) this.worst = distances[k - 1];
    }
  }

  private radiusBelow(
    node: number,
    q: ArrayLike<number>,
    radius: number,
    reach: number,
    ids: number[],
    distances: number[],
  ): void {
    const { leafCount, n, points } = this.layout;
    if (this.bound(node, q) > reach) return;
    if (node < leafCount) {
      this.radiusBelow(2 * node, q, radius, reach, ids, distances);
      this.radiusBelow(2 * node + 1, q, radius, reach, ids, distances);
      return;
    }
    const end = firstOf(node - leafCount + 1, n, leafCount);
    for (let i = firstOf(node - leafCount, n, leafCount); i < end; i++) {
      const distance = this.outward(this.gap(points, i * this.dims, q, 0));
      if (distance > radius) continue;
      ids.push(this.layout.ids[i]);
      distances.push(distance);
    }
  }

  private prepareQuery(query: ArrayLike<number>): ArrayLike<number> {
    let good = query.length === this.dims;
    for (let d = 0; good && d < query.length; d++) good = Math.abs(query[d]) <= COORDINATE_LIMIT;
    if (!good)
      throw new GeometryError('BALLTREE_BAD_QUERY', 'a query has dims finite coordinates', {
        dims: this.dims,
      });
    return this.metric === 'cosine' ? normaliseAll(Float64Array.from(query), this.dims) : query;
  }
}

/** Unit vectors. @throws GeometryError BALLTREE_NO_DIRECTION */
export function normaliseAll(points: Float64Array, dims: number): Float64Array {
  const out = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += dims) {
    const length = norm(points.subarray(i, i + dims));
    if (length === 0)
      throw new GeometryError('BALLTREE_NO_DIRECTION', 'a zero vector has no cosine', { point: i / dims });
    for (let d = i; d < i + dims; d++) out[d] = points[d] / length;
  }
  return out;
}
