import type { TreeLayout } from './kd-build.js';

/** Leaves hold 9 to 18 points: fewer would pass 30 bytes per 3-D point, more cost distance tests. */
export const LEAF_SIZE = 18;
/** Deep enough for 2^30 points. */
const STACK = 64;
const stackNode = new Int32Array(STACK);
const stackBound = new Float64Array(4 * STACK);
/** The points of one leaf that are nearer than the worst of the list was on entering it. */
const nearIds = new Int32Array(LEAF_SIZE);
const nearDist2 = new Float64Array(LEAF_SIZE);

/**
 * The k nearest of a 3-D Euclidean tree to one point, depth first, nearer child first. Bounds are sums of the same
 * terms in the same order as distances, and rounding is monotone, so pruning is exact.
 * @param tree with leaves of at most LEAF_SIZE points
 * @param dist2 squared distances out, ascending, dist2[at .. at + k)
 * @param ids original indices out, same places
 * @returns how many were found: min(k, n)
 */
export function knn3(
  tree: TreeLayout,
  qx: number,
  qy: number,
  qz: number,
  k: number,
  dist2: Float64Array,
  ids: Uint32Array,
  at: number,
): number {
  const { n, points, leafCount, axis, extents } = tree;
  const perLeaf = n / leafCount;
  const last = at + k - 1;
  let [end, worst, node, top] = [at, Infinity, 1, 0];
  let ox = outside(qx, tree.min[0], tree.max[0]);
  let oy = outside(qy, tree.min[1], tree.max[1]);
  let oz = outside(qz, tree.min[2], tree.max[2]);
  for (;;) {
    while (node < leafCount) {
      const a = axis[node];
      const e = 4 * node;
      const q = a === 0 ? qx : a === 1 ? qy : qz;
      const pastLeft = q - extents[e + 1];
      const beforeRight = extents[e + 2] - q;
      const right = pastLeft < beforeRight ? 0 : 1;
      const far = right === 0 ? beforeRight : pastLeft;
      const fx = a === 0 ? far : ox;
      const fy = a === 1 ? far : oy;
      const fz = a === 2 ? far : oz;
      const bound = fx * fx + fy * fy + fz * fz;
      if (bound < worst) {
        stackNode[top] = 2 * node + 1 - right;
        const s = 4 * top++;
        stackBound[s] = bound;
        stackBound[s + 1] = fx;
        stackBound[s + 2] = fy;
        stackBound[s + 3] = fz;
      }
      const outer = right === 0 ? extents[e] - q : q - extents[e + 3];
      const inner = right === 0 ? pastLeft : beforeRight;
      const near = outer > inner ? outer : inner;
      if (a === 0) ox = near > ox ? near : ox;
      else if (a === 1) oy = near > oy ? near : oy;
      else oz = near > oz ? near : oz;
      node = 2 * node + right;
    }
    const leaf = ox * ox + oy * oy + oz * oz < worst ? node - leafCount : -1;
    const from = leaf < 0 ? 0 : Math.floor(leaf * perLeaf);
    const near = listNear(points, from, Math.floor((leaf + 1) * perLeaf), qx, qy, qz, worst);
    for (let c = 0; c < near; c++) {
      const d = nearDist2[c];
      if (d >= worst) continue;
      insertSorted(dist2, ids, at, end <= last ? end++ : last, d, nearIds[c]);
      if (end > last) worst = dist2[last];
    }
    do {
      if (top === 0) return originalIds(tree.ids, ids, at, end);
      top--;
    } while (stackBound[4 * top] >= worst);
    node = stackNode[top];
    ox = stackBound[4 * top + 1];
    oy = stackBound[4 * top + 2];
    oz = stackBound[4 * top + 3];
  }
}

/**
 * Lists points from..to nearer than `worst` (squared); returns how many. Every test writes the next free entry, which is
 * kept when the point is near, so there is no branch to guess.
 */
function listNear(
  points: Float64Array,
  from: number,
  to: number,
  qx: number,
  qy: number,
  qz: number,
  worst: number,
): number {
  let near = 0;
  for (let i = from, p = 3 * from; i < to; i++, p += 3) {
    const dx = points[p] - qx;
    const dy = points[p + 1] - qy;
    const dz = points[p + 2] - qz;
    const d = dx * dx + dy * dy + dz * dz;
    nearIds[near] = i;
    nearDist2[near] = d;
    near += +(d < worst);
  }
  return near;
}

/** Puts (value, id) into its place in the ascending list at..slot, whose last entry is overwritten. */
export function insertSorted(
  values: Float64Array,
  ids: Uint32Array,
  at: number,
  slot: number,
  value: number,
  id: number,
): void {
  while (slot > at && values[slot - 1] > value) {
    values[slot] = values[slot - 1];
    ids[slot] = ids[slot - 1];
    slot--;
  }
  values[slot] = value;
  ids[slot] = id;
}

export function outside(q: number, min: number, max: number): number {
  return q < min ? min - q : q > max ? q - max : 0;
}

function originalIds(original: Uint32Array, ids: Uint32Array, at: number, end: number): number {
  for (let i = at; i < end; i++) ids[i] = original[ids[i]];
  return end - at;
}
