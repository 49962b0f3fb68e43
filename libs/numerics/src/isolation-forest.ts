import { NumericsError } from './errors.js';
import { requireFinite, requireInteger, rowCount } from './preconditions.js';
import { sampleIndices, type Rng } from './random.js';

const EULER_GAMMA = 0.5772156649015329;

/** A fitted forest: plain flat arrays, so it can be stored. Node i of the forest splits `feature[i]` at `threshold[i]`. */
export interface IsolationForest {
  readonly dim: number;
  /** Points each tree was grown on. */
  readonly sampleSize: number;
  /** First node of each tree. */
  readonly roots: Uint32Array;
  /** Split feature, or -1 for a leaf. */
  readonly feature: Int32Array;
  /** Split value of an inner node; for a leaf the path length to add, c(size). */
  readonly threshold: Float64Array;
  /** Left child (x < threshold); the right child follows it. */
  readonly left: Uint32Array;
}

/** Options of {@link fitIsolationForest}. */
export interface IsolationForestOptions {
  rng: Rng;
  /** Default 100. */
  trees?: number;
  /** Points per tree, at most n. Default 256. */
  sampleSize?: number;
}

/** c(n): mean path length of an unsuccessful search in a binary search tree of n points (Liu et al. 2008, eq. 1). */
export function averagePathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER_GAMMA) - (2 * (n - 1)) / n;
}

class ForestBuilder {
  feature: Int32Array;
  threshold: Float64Array;
  left: Uint32Array;
  nodes = 0;

  constructor(
    private readonly points: ArrayLike<number>,
    private readonly dim: number,
    private readonly rng: Rng,
    private readonly maxDepth: number,
    capacity: number,
  ) {
    this.feature = new Int32Array(capacity);
    this.threshold = new Float64Array(capacity);
    this.left = new Uint32Array(capacity);
  }

  /** Fills node `node` with the points index[from, to). */
  grow(node: number, index: Uint32Array, from: number, to: number, depth: number): void {
    const size = to - from;
    const split = depth >= this.maxDepth || size <= 1 ? null : this.drawSplit(index, from, to);
    if (!split) {
      this.feature[node] = -1;
      this.threshold[node] = averagePathLength(size);
      return;
    }
    let middle = from;
    for (let i = from; i < to; i++) {
      const point = index[i];
      if (this.points[point * this.dim + split.feature] < split.threshold) {
        index[i] = index[middle];
        index[middle++] = point;
      }
    }
    const left = this.nodes;
    this.nodes += 2;
    this.feature[node] = split.feature;
    this.threshold[node] = split.threshold;
    this.left[node] = left;
    this.grow(left, index, from, middle, depth + 1);
    this.grow(left + 1, index, middle, to, depth + 1);
  }

  /** A feature drawn among those that vary, and a threshold in (min, max]; null when no feature varies. */
  private drawSplit(
    index: Uint32Array,
    from: number,
    to: number,
  ): { feature: number; threshold: number } | null {
    const { dim, points } = this;
    const start = Math.floor(this.rng() * dim);
    const varying: number[] = [];
    const ranges: number[] = [];
    for (let step = 0; step < dim; step++) {
      const feature = (start + step) % dim;
      let min = Infinity;
      let max = -Infinity;
      for (let i = from; i < to; i++) {
        const value = points[index[i] * dim + feature];
        if (value < min) min = value;
        if (value > max) max = value;
      }
      if (min === max) continue;
      varying.push(feature);
      ranges.push(min, max);
      if (step === 0) break;
    }
    if (varying.length === 0) return null;
    const pick = varying.length === 1 ? 0 : Math.floor(this.rng() * varying.length);
    const min = ranges[2 * pick];
    const max = ranges[2 * pick + 1];
    const threshold = min + (max - min) * (1 - this.rng());
    return { feature: varying[pick], threshold: threshold > min && threshold <= max ? threshold : max };
  }
}

/**
 * Fits an isolation forest (Liu, Ting & Zhou 2008) on row-major `points` (n x dim). Trees stop at depth
 * ceil(log2 sampleSize). O(trees x sampleSize x log sampleSize). Constant features are never split; a node whose
 * points are all equal is a leaf. Throws `ISOLATION_EMPTY`, `ISOLATION_NOT_FINITE`, `ISOLATION_INVALID`,
 * `ISOLATION_SHAPE`.
 */
export function fitIsolationForest(
  points: ArrayLike<number>,
  dim: number,
  options: IsolationForestOptions,
): IsolationForest {
  const n = rowCount('ISOLATION', points, dim);
  if (n === 0) throw new NumericsError('ISOLATION_EMPTY', 'at least one point is needed');
  requireFinite('ISOLATION', points);
  const trees = options.trees ?? 100;
  requireInteger('ISOLATION', 'trees', trees, 1, 100_000);
  requireInteger('ISOLATION', 'sampleSize', options.sampleSize ?? 256, 1);
  const sampleSize = Math.min(n, options.sampleSize ?? 256);
  const maxDepth = Math.ceil(Math.log2(Math.max(2, sampleSize)));
  const builder = new ForestBuilder(points, dim, options.rng, maxDepth, trees * 2 * sampleSize);
  const roots = new Uint32Array(trees);
  for (let tree = 0; tree < trees; tree++) {
    const index = sampleIndices(options.rng, n, sampleSize);
    roots[tree] = builder.nodes++;
    builder.grow(roots[tree], index, 0, sampleSize, 0);
  }
  return {
    dim,
    sampleSize,
    roots,
    feature: builder.feature.slice(0, builder.nodes),
    threshold: builder.threshold.slice(0, builder.nodes),
    left: builder.left.slice(0, builder.nodes),
  };
}

/** Mean path length of each point over the trees, before normalisation. O(n x trees x depth). */
export function isolationPathLengths(forest: IsolationForest, points: ArrayLike<number>): Float64Array {
  const { dim, roots, feature, threshold, left } = forest;
  const n = rowCount('ISOLATION', points, dim);
  requireFinite('ISOLATION', points);
  const lengths = new Float64Array(n);
  for (let p = 0; p < n; p++) {
    const base = p * dim;
    let sum = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree];
      let depth = 0;
      while (feature[node] >= 0) {
        node = left[node] + (points[base + feature[node]] < threshold[node] ? 0 : 1);
        depth++;
      }
      sum += depth + threshold[node];
    }
    lengths[p] = sum / roots.length;
  }
  return lengths;
}

/**
 * Anomaly scores s = 2^(-E(h) / c(sampleSize)) in (0, 1]: near 1 is anomalous, about 0.5 or less is ordinary, in
 * both tails. A forest grown on a single point scores everything 0.5.
 */
export function isolationScores(forest: IsolationForest, points: ArrayLike<number>): Float64Array {
  const normal = averagePathLength(forest.sampleSize);
  if (normal === 0) return new Float64Array(rowCount('ISOLATION', points, forest.dim)).fill(0.5);
  return isolationPathLengths(forest, points).map((length) => 2 ** (-length / normal));
}
