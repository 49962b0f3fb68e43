/** Root of x with path halving. Roots are their own parents. */
export function findRoot(parents: Int32Array, x: number): number {
  while (parents[x] !== x) {
    parents[x] = parents[parents[x]];
    x = parents[x];
  }
  return x;
}

/** Joins two sets under the lower root; near-constant amortised time. */
export function joinSets(parents: Int32Array, a: number, b: number): void {
  const rootA = findRoot(parents, a);
  const rootB = findRoot(parents, b);
  if (rootA < rootB) parents[rootB] = rootA;
  else parents[rootA] = rootB;
}
