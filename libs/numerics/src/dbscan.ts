import { dbscanGrid } from './dbscan-grid.js';
import { NumericsError } from './errors.js';
import { buildKdTree, forEachWithin } from './kd-tree.js';
import { requireFinite, requireInside, requireInteger, rowCount } from './preconditions.js';

/** Label of points that belong to no cluster. */
export const NOISE = -1;

/** Above this dimension a scan beats the tree. */
const TREE_DIM_MAX = 12;

/** Named metrics, or the distance between rows i and j. */
export type Metric = 'euclidean' | 'manhattan' | 'chebyshev' | 'cosine' | ((i: number, j: number) => number);

/** Options of {@link dbscan}. */
export interface DbscanOptions {
  /** Neighbourhood radius, inclusive, in the metric's unit. */
  epsilon: number;
  /** A core point has at least this many points within epsilon, itself included. */
  minPoints: number;
  /** There is no default: a distance without a metric is a mistake. */
  metric: Metric;
}

/** `labels[i]` is a cluster (numbered by their lowest core index) or {@link NOISE}. */
export interface DbscanResult {
  labels: Int32Array;
  clusters: number;
  /** 1 for core points. */
  core: Uint8Array;
}

type Visit = (i: number, found: (j: number) => void) => void;

function namedDistance(points: Float64Array, dim: number, metric: Metric): (i: number, j: number) => number {
  if (typeof metric === 'function') return metric;
  const fold = (i: number, j: number, step: (sum: number, delta: number) => number): number => {
    let sum = 0;
    for (let t = 0; t < dim; t++) sum = step(sum, Math.abs(points[i * dim + t] - points[j * dim + t]));
    return sum;
  };
  switch (metric) {
    case 'manhattan':
      return (i, j) => fold(i, j, (sum, delta) => sum + delta);
    case 'chebyshev':
      return (i, j) => fold(i, j, Math.max);
    case 'euclidean':
      return (i, j) => Math.sqrt(fold(i, j, (sum, delta) => sum + delta * delta));
    case 'cosine':
      return cosineDistance(points, dim);
    default:
      throw new NumericsError('DBSCAN_METRIC', `unknown metric ${String(metric)}`, { metric });
  }
}

/** 1 - cosine; a zero vector is at distance 1 from everything but itself. */
function cosineDistance(points: Float64Array, dim: number): (i: number, j: number) => number {
  const unit = points.slice();
  for (let base = 0; base < unit.length; base += dim) {
    let norm = 0;
    for (let t = 0; t < dim; t++) norm += unit[base + t] ** 2;
    norm = Math.sqrt(norm);
    if (norm > 0) for (let t = 0; t < dim; t++) unit[base + t] /= norm;
  }
  return (i, j) => {
    if (i === j) return 0;
    let dot = 0;
    for (let t = 0; t < dim; t++) dot += unit[i * dim + t] * unit[j * dim + t];
    return Math.max(0, 1 - dot);
  };
}

function neighbourVisitor(points: Float64Array, dim: number, options: DbscanOptions): Visit {
  const { metric, epsilon } = options;
  if (metric === 'euclidean' && dim <= TREE_DIM_MAX) {
    const tree = buildKdTree(points, dim);
    return (i, found) =>
      forEachWithin(tree, points, i * dim, epsilon, (position) => found(tree.ids[position]));
  }
  const n = points.length / dim;
  const distance = namedDistance(points, dim, metric);
  return (i, found) => {
    for (let j = 0; j < n; j++) if (distance(i, j) <= epsilon) found(j);
  };
}

/** Grows clusters from unlabelled core points in index order, so a border point joins the lowest label it touches. */
function grow(n: number, minPoints: number, visit: Visit): DbscanResult {
  const core = new Uint8Array(n);
  const queried = new Uint8Array(n);
  const labels = new Int32Array(n).fill(NOISE);
  let near: number[] = [];
  const query = (i: number): void => {
    near = [];
    visit(i, (j) => near.push(j));
    queried[i] = 1;
    core[i] = near.length >= minPoints ? 1 : 0;
  };
  let clusters = 0;
  for (let seed = 0; seed < n; seed++) {
    if (queried[seed]) continue;
    query(seed);
    if (!core[seed]) continue;
    const label = clusters++;
    labels[seed] = label;
    const open = near.filter((j) => labels[j] === NOISE);
    for (const j of open) labels[j] = label;
    for (let at = 0; at < open.length; at++) {
      if (queried[open[at]]) continue;
      query(open[at]);
      if (!core[open[at]]) continue;
      for (const j of near) {
        if (labels[j] !== NOISE) continue;
        labels[j] = label;
        open.push(j);
      }
    }
  }
  return { labels, clusters, core };
}

/**
 * DBSCAN (Ester et al. 1996) over row-major points (n x dim). Cluster numbers follow their lowest core point and a
 * border point takes the lowest label among its core neighbours, which is what scikit-learn returns. Euclidean
 * in up to 4 dimensions: a cell-sorted grid of side epsilon / sqrt(dim) with union-find over cells (Gunawan 2013) or,
 * for planar points in sparse cells, over a list of near pairs; about O(n) for bounded density; Euclidean up to 12: k-d tree; else a scan, O(n^2 dim).
 * With a function as metric, `points` only counts the rows. Throws `DBSCAN_METRIC` (missing or unknown),
 * `DBSCAN_INVALID`, `DBSCAN_SHAPE`, `DBSCAN_NOT_FINITE`.
 */
export function dbscan(points: ArrayLike<number>, dim: number, options: DbscanOptions): DbscanResult {
  const n = rowCount('DBSCAN', points, dim);
  requireInside('DBSCAN', 'epsilon', options.epsilon, 0, Infinity);
  requireInteger('DBSCAN', 'minPoints', options.minPoints, 1);
  requireFinite('DBSCAN', points);
  const data = points instanceof Float64Array ? points : Float64Array.from(points);
  if (options.metric === undefined) throw new NumericsError('DBSCAN_METRIC', 'a metric is needed');
  if (n === 0) return { labels: new Int32Array(0), clusters: 0, core: new Uint8Array(0) };
  if (options.metric === 'euclidean') {
    const result = dbscanGrid(data, dim, options.epsilon, options.minPoints);
    if (result) return result;
  }
  return grow(n, options.minPoints, neighbourVisitor(data, dim, options));
}
