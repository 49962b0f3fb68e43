import { BallTree, normaliseAll, type Metric } from './ball-tree.js';
import { GeometryError } from './geometry-error.js';
import { COORDINATE_LIMIT } from './kd-build.js';
import { insertSorted } from './kd-knn3.js';
import { KdTree, type Neighbours } from './kd-tree.js';

/** A search after an insert plants a small tree over at most this many buffered points. */
const BUFFER_SIZE = 256;
/** Above this dimension axis bounds stop helping and balls take over. */
const KD_DIMS = 12;

interface Block {
  readonly firstId: number;
  readonly tree: KdTree | BallTree;
}

/**
 * A neighbour index that takes inserts: a buffer before a few static trees of at least doubling size (the
 * logarithmic method, Bentley and Saxe 1980). Ids are the order of insertion. Insert is amortised O(log^2 n), a
 * search asks O(log n) trees; `rebuild` makes it one.
 */
export class GrowingIndex {
  readonly dims: number;
  readonly metric: Metric;
  private data: Float64Array;
  private count = 0;
  private inTrees = 0;
  private readonly blocks: Block[] = [];

  /**
   * @param points initial points, flat, n * dims
   * @throws GeometryError INDEX_BAD_SHAPE, and those of KdTree and BallTree
   */
  constructor(dims: number, metric: Metric = 'euclidean', points: Float64Array = new Float64Array(0)) {
    if (!Number.isInteger(dims) || dims < 1 || points.length % dims !== 0) {
      throw new GeometryError('INDEX_BAD_SHAPE', 'length is no multiple of the dimension', { dims });
    }
    this.dims = dims;
    this.metric = metric;
    this.data = points.slice();
    this.count = points.length / dims;
    this.rebuild();
  }

  get n(): number {
    return this.count;
  }

  /** Number of static trees asked by a search. */
  get treeCount(): number {
    return this.blocks.length;
  }

  /**
   * Adds one point and returns its id. Amortised O(log^2 n).
   * @throws GeometryError INDEX_BAD_POINT (length, NaN, infinite, beyond 1e150), BALLTREE_NO_DIRECTION
   */
  insert(point: ArrayLike<number>): number {
    const { dims } = this;
    let good = point.length === dims;
    for (let d = 0; good && d < dims; d++) good = Math.abs(point[d]) <= COORDINATE_LIMIT;
    if (!good) throw new GeometryError('INDEX_BAD_POINT', 'a point has dims finite coordinates', { dims });
    if (this.metric === 'cosine') normaliseAll(Float64Array.from(point), dims);
    if ((this.count + 1) * dims > this.data.length) {
      const larger = new Float64Array(Math.max(BUFFER_SIZE * dims, 2 * this.data.length));
      larger.set(this.data);
      this.data = larger;
    }
    for (let d = 0; d < dims; d++) this.data[this.count * dims + d] = point[d];
    this.count++;
    if (this.count - this.inTrees >= BUFFER_SIZE) this.absorbBuffer();
    return this.count - 1;
  }

  /** Puts everything into one tree. O(n log n). */
  rebuild(): void {
    this.blocks.length = 0;
    if (this.count > 0) this.pushBlock(0);
    this.inTrees = this.count;
  }

  /** The min(k, n) nearest points, nearest first. @throws GeometryError as KdTree.knn or BallTree.knn */
  knn(query: ArrayLike<number>, k: number): Neighbours {
    const parts = this.ask((tree) => tree.knn(query, k));
    const room = Math.min(k, this.count);
    const distances = new Float64Array(room);
    const ids = new Uint32Array(room);
    let found = 0;
    for (const part of parts) {
      for (let i = 0; i < part.ids.length; i++) {
        if (found === room && part.distances[i] >= distances[room - 1]) continue;
        insertSorted(distances, ids, 0, found < room ? found++ : room - 1, part.distances[i], part.ids[i]);
      }
    }
    return { ids, distances };
  }

  /** All points within `radius` (inclusive), in no particular order. @throws GeometryError as the trees' radius */
  radius(query: ArrayLike<number>, radius: number): Neighbours {
    const parts = this.ask((tree) => tree.radius(query, radius));
    return {
      ids: Uint32Array.from(parts.flatMap((part) => Array.from(part.ids))),
      distances: Float64Array.from(parts.flatMap((part) => Array.from(part.distances))),
    };
  }

  /** Answers of all trees, and of a tree made of the buffer, with global ids. */
  private ask(question: (tree: KdTree | BallTree) => Neighbours): Neighbours[] {
    const blocks = [...this.blocks];
    if (this.inTrees < this.count || blocks.length === 0) blocks.push(this.bufferBlock());
    return blocks.map(({ firstId, tree }) => {
      const { ids, distances } = question(tree);
      return { ids: ids.map((id) => id + firstId), distances };
    });
  }

  private buffered: Block | null = null;

  /** The buffer as a tree, kept until the next insert. */
  private bufferBlock(): Block {
    if (this.buffered === null || this.buffered.firstId + this.buffered.tree.n !== this.count) {
      this.buffered = { firstId: this.inTrees, tree: this.plant(this.inTrees) };
    }
    return this.buffered;
  }

  private absorbBuffer(): void {
    let from = this.inTrees;
    while (this.blocks.length > 0) {
      const last = this.blocks[this.blocks.length - 1];
      if (last.tree.n > this.count - from) break;
      from = last.firstId;
      this.blocks.pop();
    }
    this.pushBlock(from);
    this.inTrees = this.count;
  }

  private pushBlock(from: number): void {
    this.blocks.push({ firstId: from, tree: this.plant(from) });
  }

  private plant(from: number): KdTree | BallTree {
    const points = this.data.subarray(from * this.dims, this.count * this.dims);
    if (this.metric === 'cosine' || this.dims > KD_DIMS) return new BallTree(points, this.dims, this.metric);
    return new KdTree(points, this.dims, this.metric);
  }
}
