import { buildKdTree, createKnnSearch } from './kd-tree.js';
import { requireFinite, requireInteger, rowCount } from './preconditions.js';

/** Above this dimension a scan beats the tree. */
const TREE_DIM_MAX = 12;

/** Neighbours of m queries: row i holds `k` indices and Euclidean distances, ascending. */
export interface Neighbours {
  k: number;
  indices: Uint32Array;
  distances: Float64Array;
}

function scanNeighbours(
  points: Float64Array,
  queries: Float64Array,
  dim: number,
  k: number,
  self: boolean,
): Neighbours {
  const n = points.length / dim;
  const m = queries.length / dim;
  const indices = new Uint32Array(m * k);
  const distances = new Float64Array(m * k);
  for (let i = 0; i < m; i++) {
    const q = i * dim;
    const row = i * k;
    let count = 0;
    for (let j = 0; j < n; j++) {
      if (self && j === i) continue;
      const base = j * dim;
      let s0 = 0;
      let s1 = 0;
      let t = 0;
      for (; t + 1 < dim; t += 2) {
        const d0 = points[base + t] - queries[q + t];
        const d1 = points[base + t + 1] - queries[q + t + 1];
        s0 += d0 * d0;
        s1 += d1 * d1;
      }
      if (t < dim) s0 += (points[base + t] - queries[q + t]) ** 2;
      const sum = s0 + s1;
      if (count === k && sum >= distances[row + k - 1]) continue;
      let slot = count < k ? count++ : k - 1;
      while (slot > 0 && distances[row + slot - 1] > sum) {
        distances[row + slot] = distances[row + slot - 1];
        indices[row + slot] = indices[row + slot - 1];
        slot--;
      }
      distances[row + slot] = sum;
      indices[row + slot] = j;
    }
  }
  for (let i = 0; i < distances.length; i++) distances[i] = Math.sqrt(distances[i]);
  return { k, indices, distances };
}

function treeNeighbours(
  points: Float64Array,
  queries: Float64Array | null,
  dim: number,
  k: number,
): Neighbours {
  const tree = buildKdTree(points, dim);
  const search = createKnnSearch(tree, k);
  const { ids } = tree;
  const asked = queries ?? tree.coordinates;
  const m = asked.length / dim;
  const indices = new Uint32Array(m * k);
  const distances = new Float64Array(m * k);
  for (let i = 0; i < m; i++) {
    const { squared, positions } = search(asked, i * dim, queries ? -1 : i);
    const row = (queries ? i : ids[i]) * k;
    for (let s = 0; s < k; s++) {
      indices[row + s] = ids[positions[s]];
      distances[row + s] = Math.sqrt(squared[s]);
    }
  }
  return { k, indices, distances };
}

/**
 * k nearest neighbours of every point among the others (itself left out, duplicates kept), Euclidean. A k-d tree
 * up to 12 dimensions (O(n (k + log n)) expected), a scan above (O(n^2 dim)). k is cut to n - 1. Equal distances
 * are ordered deterministically. Throws `NEIGHBOURS_SHAPE`, `NEIGHBOURS_NOT_FINITE`, `NEIGHBOURS_INVALID`.
 */
export function allNearestNeighbours(points: ArrayLike<number>, dim: number, k: number): Neighbours {
  const n = rowCount('NEIGHBOURS', points, dim);
  requireInteger('NEIGHBOURS', 'k', k, 1);
  requireFinite('NEIGHBOURS', points);
  const kept = Math.min(k, Math.max(0, n - 1));
  if (kept === 0) return { k: 0, indices: new Uint32Array(0), distances: new Float64Array(0) };
  const data = points instanceof Float64Array ? points : Float64Array.from(points);
  if (dim > TREE_DIM_MAX || n < 64) return scanNeighbours(data, data, dim, kept, true);
  return treeNeighbours(data, null, dim, kept);
}

/** k nearest points of each query (k cut to n); queries may coincide with points. See {@link allNearestNeighbours}. */
export function nearestNeighbours(
  points: ArrayLike<number>,
  queries: ArrayLike<number>,
  dim: number,
  k: number,
): Neighbours {
  const n = rowCount('NEIGHBOURS', points, dim);
  rowCount('NEIGHBOURS', queries, dim);
  requireInteger('NEIGHBOURS', 'k', k, 1);
  requireFinite('NEIGHBOURS', points);
  requireFinite('NEIGHBOURS', queries);
  const kept = Math.min(k, n);
  if (kept === 0) return { k: 0, indices: new Uint32Array(0), distances: new Float64Array(0) };
  const data = Float64Array.from(points);
  const asked = Float64Array.from(queries);
  if (dim > TREE_DIM_MAX || n < 64) return scanNeighbours(data, asked, dim, kept, false);
  return treeNeighbours(data, asked, dim, kept);
}
