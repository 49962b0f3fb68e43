/** Root of x with path halving. Roots are their own parents. */
export function findRoot(parents: Int32Array, x: number): number {
  while (parents[x] !== x) {
    parents[x] = parents[parents[x]];
    x = parents[x];
  }
  return x;
}

/** Joins two sets given by their roots under the lower one, and returns it; near-constant amortised time. */
export function joinRoots(parents: Int32Array, a: number, b: number): number {
  const root = Math.min(a, b);
  parents[a] = root;
  parents[b] = root;
  return root;
}
