/** Points per leaf. */
const LEAF_SIZE = 14;

/**
 * Static k-d tree for neighbour queries inside this library: points permuted so that every node is a contiguous
 * range, halved at the median of the widest axis (an implicit, balanced layout). O(n log n) build.
 */
export interface KdTree {
  readonly dim: number;
  readonly n: number;
  /** Permuted coordinates. */
  readonly coordinates: Float64Array;
  /** Original index of each permuted point. */
  readonly ids: Uint32Array;
  /** Levels of inner nodes; node i's children are 2i + 1 and 2i + 2. */
  readonly depth: number;
  readonly axis: Uint8Array;
  readonly split: Float64Array;
}

/** Places the k-th smallest on `axis` at k, smaller ones before it; expected O(to - from). */
function selectOnAxis(keys: Float64Array, ids: Uint32Array, k: number, from: number, to: number): void {
  let left = from;
  let right = to;
  while (right > left) {
    const middle = (left + right) >> 1;
    const a = keys[left];
    const b = keys[middle];
    const c = keys[right];
    const pivot = a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b;
    let i = left;
    let j = right;
    while (i <= j) {
      while (keys[i] < pivot) i++;
      while (keys[j] > pivot) j--;
      if (i <= j) {
        const key = keys[i];
        keys[i] = keys[j];
        keys[j] = key;
        const id = ids[i];
        ids[i++] = ids[j];
        ids[j--] = id;
      }
    }
    if (k <= j) right = j;
    else if (k >= i) left = i;
    else return;
  }
}

/** Builds the tree over row-major points (n x dim). Coordinates must be finite (checked by the callers). */
export function buildKdTree(points: ArrayLike<number>, dim: number): KdTree {
  const n = points.length / dim;
  const ids = new Uint32Array(n);
  for (let i = 0; i < n; i++) ids[i] = i;
  let depth = 0;
  while (Math.ceil(n / 2 ** depth) > LEAF_SIZE) depth++;
  const axis = new Uint8Array(2 ** depth - 1);
  const split = new Float64Array(2 ** depth - 1);
  const keys = new Float64Array(n);
  const grow = (node: number, from: number, to: number): void => {
    if (node >= axis.length) return;
    let widest = 0;
    let spread = -1;
    for (let t = 0; t < dim; t++) {
      let min = Infinity;
      let max = -Infinity;
      for (let i = from; i < to; i++) {
        const value = points[ids[i] * dim + t];
        if (value < min) min = value;
        if (value > max) max = value;
      }
      if (max - min > spread) {
        spread = max - min;
        widest = t;
      }
    }
    const middle = (from + to) >> 1;
    for (let i = from; i < to; i++) keys[i] = points[ids[i] * dim + widest];
    selectOnAxis(keys, ids, middle, from, to - 1);
    axis[node] = widest;
    split[node] = keys[middle];
    grow(2 * node + 1, from, middle);
    grow(2 * node + 2, middle, to);
  };
  grow(0, 0, n);
  const coordinates = new Float64Array(n * dim);
  for (let i = 0; i < n; i++) {
    for (let t = 0; t < dim; t++) coordinates[i * dim + t] = points[ids[i] * dim + t];
  }
  return { dim, n, coordinates, ids, depth, axis, split };
}

/** k nearest of one query: squared distances ascending with permuted positions, in buffers that are reused. */
export interface KnnList {
  readonly squared: Float64Array;
  readonly positions: Uint32Array;
  /** Entries filled by the last search. */
  count: number;
}

/**
 * A k-nearest search over the tree with its own buffers. `exclude` is a permuted position to leave out (-1 for
 * none). Branches are pruned by the incremental distance to their cell (Arya & Mount 1993); among equal distances
 * the first met stays, which is deterministic. Expected O(k + log n) per query in few dimensions.
 */
export function createKnnSearch(
  tree: KdTree,
  k: number,
): (query: Float64Array, at: number, exclude: number) => KnnList {
  const { dim, n, coordinates, axis, split } = tree;
  const squared = new Float64Array(k + 1);
  const positions = new Uint32Array(k + 1);
  const offsets = new Float64Array(dim);
  const q = new Float64Array(dim);
  const list: KnnList = { squared, positions, count: 0 };
  const inner = axis.length;
  let worst = Infinity;
  let skipped = -1;
  let count = 0;
  const scan = (from: number, to: number): void => {
    for (let p = from; p < to; p++) {
      const base = p * dim;
      let sum = 0;
      for (let t = 0; t < dim; t++) {
        const delta = coordinates[base + t] - q[t];
        sum += delta * delta;
      }
      if (sum >= worst || p === skipped) continue;
      let slot = count < k ? count++ : k - 1;
      while (slot > 0 && squared[slot - 1] > sum) {
        squared[slot] = squared[slot - 1];
        positions[slot] = positions[slot - 1];
        slot--;
      }
      squared[slot] = sum;
      positions[slot] = p;
      if (count === k) worst = squared[k - 1];
    }
  };
  const visit = (node: number, from: number, to: number, cell: number): void => {
    if (node >= inner) {
      scan(from, to);
      return;
    }
    const middle = (from + to) >> 1;
    const t = axis[node];
    const delta = q[t] - split[node];
    const old = offsets[t];
    const far = cell - old * old + delta * delta;
    if (delta < 0) {
      visit(2 * node + 1, from, middle, cell);
      if (far >= worst) return;
      offsets[t] = delta;
      visit(2 * node + 2, middle, to, far);
    } else {
      visit(2 * node + 2, middle, to, cell);
      if (far >= worst) return;
      offsets[t] = delta;
      visit(2 * node + 1, from, middle, far);
    }
    offsets[t] = old;
  };
  return (query, at, exclude) => {
    for (let t = 0; t < dim; t++) q[t] = query[at + t];
    offsets.fill(0);
    worst = Infinity;
    count = 0;
    skipped = exclude;
    visit(0, 0, n, 0);
    list.count = count;
    return list;
  };
}

/** Calls `found` with the permuted position of every point within `radius` (inclusive) of the query. */
export function forEachWithin(
  tree: KdTree,
  query: Float64Array,
  at: number,
  radius: number,
  found: (position: number) => void,
): void {
  const { dim, n, coordinates, axis, split } = tree;
  const limit = radius * radius;
  const visit = (node: number, from: number, to: number): void => {
    if (node < axis.length) {
      const middle = (from + to) >> 1;
      const delta = query[at + axis[node]] - split[node];
      if (delta <= 0 || delta * delta <= limit) visit(2 * node + 1, from, middle);
      if (delta >= 0 || delta * delta <= limit) visit(2 * node + 2, middle, to);
      return;
    }
    for (let p = from; p < to; p++) {
      let sum = 0;
      for (let t = 0; t < dim; t++) {
        const delta = coordinates[p * dim + t] - query[at + t];
        sum += delta * delta;
      }
      if (sum <= limit) found(p);
    }
  };
  visit(0, 0, n);
}
