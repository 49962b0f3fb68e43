/**
 * Jaccard similarity |A n B| / |A u B| of two collections taken as sets; 1 when both are empty. O(|A| + |B|).
 */
export function jaccard<T>(a: Iterable<T>, b: Iterable<T>): number {
  const left = new Set(a);
  const right = new Set(b);
  if (left.size === 0 && right.size === 0) return 1;
  let shared = 0;
  const [small, large] = left.size <= right.size ? [left, right] : [right, left];
  for (const item of small) if (large.has(item)) shared++;
  return shared / (left.size + right.size - shared);
}

/** Jaccard similarity of two strictly ascending id lists, without allocation; 1 when both are empty. */
export function jaccardSorted(a: Uint32Array, b: Uint32Array): number {
  if (a.length === 0 && b.length === 0) return 1;
  let i = 0;
  let j = 0;
  let shared = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      shared++;
      i++;
      j++;
    } else if (a[i] < b[j]) i++;
    else j++;
  }
  return shared / (a.length + b.length - shared);
}

/** Weighted Jaccard (Ruzicka) sum min / sum max of two non-negative vectors of equal length; 1 when both are 0. */
export function weightedJaccard(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const x = i < a.length ? a[i] : 0;
    const y = i < b.length ? b[i] : 0;
    low += Math.min(x, y);
    high += Math.max(x, y);
  }
  return high === 0 ? 1 : low / high;
}
