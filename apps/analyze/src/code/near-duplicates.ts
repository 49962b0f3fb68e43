import { hashesMax } from './code-shape.js';

export const similarityMin = 0.9;
/** Rows of a band: a pair of similarity 0.9 shares one of 16 bands with probability 0.9999, one of 0.5 with 0.06. */
const bandRows = 8;
/** A member of a bucket is compared with so many of those before it at most: the work stays linear in the atoms. */
const comparedMax = 8;

/** Code atoms of one language and signature stand for one another: `signatures` holds one of each, `hashesMax` values. */
export interface ShapeClass {
  language: string;
  astSignature: string;
  atoms: number;
}

/** Root of a set, with path halving. */
function rootOf(parents: Int32Array, i: number): number {
  while (parents[i]! !== i) {
    parents[i] = parents[parents[i]!]!;
    i = parents[i]!;
  }
  return i;
}

/** Share of equal minima, given up as soon as it cannot reach the least similarity. */
function isSimilar(signatures: Uint32Array, a: number, b: number): boolean {
  let apart = 0;
  const apartMax = Math.floor((1 - similarityMin) * hashesMax);
  for (let k = 0; k < hashesMax; k++) {
    if (signatures[a * hashesMax + k] !== signatures[b * hashesMax + k] && ++apart > apartMax) return false;
  }
  return true;
}

/** Two 26-bit halves of a band's hash in one number; equal keys are compared in full anyway. */
function bandKey(signatures: Uint32Array, i: number, band: number): number {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let k = band; k < band + bandRows; k++) {
    const value = signatures[i * hashesMax + k]!;
    high = Math.imul(high ^ value, 0x01000193);
    low = Math.imul(low ^ (value >>> 7) ^ (value << 9), 0xc2b2ae35);
  }
  return (high >>> 6) * 2 ** 26 + (low >>> 6);
}

/**
 * Groups of classes of one language whose MinHash similarity is 0.9 or more along a chain of pairs, by locality-sensitive
 * banding (Leskovec et al. 2014). Rows of `signatures` follow the classes. O(classes x bands). Indices, ascending.
 */
export function nearGroups(classes: readonly ShapeClass[], signatures: Uint32Array): number[][] {
  const parents = Int32Array.from(classes, (_, i) => i);
  for (let band = 0; band + bandRows <= hashesMax; band += bandRows) {
    const buckets = new Map<number, number[]>();
    for (let i = 0; i < classes.length; i++) {
      const key = bandKey(signatures, i, band);
      const bucket = buckets.get(key);
      if (!bucket) {
        buckets.set(key, [i]);
        continue;
      }
      for (const other of bucket) {
        if (classes[other]!.language !== classes[i]!.language) continue;
        const [a, b] = [rootOf(parents, i), rootOf(parents, other)];
        if (a !== b && isSimilar(signatures, i, other)) parents[Math.max(a, b)] = Math.min(a, b);
      }
      if (bucket.length < comparedMax) bucket.push(i);
    }
  }
  const groups = new Map<number, number[]>();
  for (let i = 0; i < classes.length; i++) {
    const root = rootOf(parents, i);
    const group = groups.get(root);
    if (group) group.push(i);
    else groups.set(root, [i]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
