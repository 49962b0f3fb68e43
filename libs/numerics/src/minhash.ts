import { requireInteger, requireSameLength } from './preconditions.js';
import type { Rng } from './random.js';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Avalanche of 32 bits (Murmur3's finaliser): a bijection of the 32-bit integers. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** 32-bit hash of a string: FNV-1a over its UTF-16 units, then an avalanche. The same on every platform. */
export function hashToken(token: string): number {
  let h = FNV_OFFSET;
  for (let i = 0; i < token.length; i++) {
    const unit = token.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), FNV_PRIME);
    h = Math.imul(h ^ (unit >>> 8), FNV_PRIME);
  }
  return mix32(h);
}

/** Hashes of all runs of `size` consecutive tokens (one hash of the whole when there are fewer), duplicates kept. */
export function shingleHashes(tokens: ArrayLike<string>, size: number): Uint32Array {
  requireInteger('SHINGLE', 'size', size, 1, 1000);
  if (tokens.length === 0) return new Uint32Array(0);
  const hashes = Uint32Array.from(tokens, hashToken);
  const count = Math.max(1, hashes.length - size + 1);
  const out = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let h = FNV_OFFSET;
    for (let j = i; j < Math.min(i + size, hashes.length); j++) h = mix32(Math.imul(h, 31) + hashes[j]);
    out[i] = h;
  }
  return out;
}

/** A family of hash functions; signatures are comparable only within one family. */
export interface MinHashFamily {
  readonly seeds: Uint32Array;
  readonly multipliers: Uint32Array;
}

/** `size` hash functions (the standard error of an estimate is at most 1 / (2 sqrt size)). */
export function createMinHashFamily(size: number, rng: Rng): MinHashFamily {
  requireInteger('MINHASH', 'size', size, 1, 65_536);
  const word = (): number => Math.floor(rng() * 4294967296);
  const seeds = Uint32Array.from({ length: size }, word);
  return { seeds, multipliers: Uint32Array.from({ length: size }, () => word() | 1) };
}

/**
 * Signature of a set of 32-bit item hashes (Broder 1997): per function the least hash; all ones for an empty set.
 * Duplicates do not matter. O(items x size).
 */
export function minHash(family: MinHashFamily, items: ArrayLike<number>): Uint32Array {
  const { seeds, multipliers } = family;
  const signature = new Uint32Array(seeds.length).fill(0xffffffff);
  for (let i = 0; i < items.length; i++) {
    const item = mix32(items[i]);
    for (let f = 0; f < seeds.length; f++) {
      let h = Math.imul(item ^ seeds[f], multipliers[f]);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
      h = (h ^ (h >>> 13)) >>> 0;
      if (h < signature[f]) signature[f] = h;
    }
  }
  return signature;
}

/** Estimated Jaccard similarity: the share of equal positions. Throws `MINHASH_SHAPE` for unequal lengths. */
export function minHashSimilarity(a: Uint32Array, b: Uint32Array): number {
  requireSameLength('MINHASH', a, b);
  if (a.length === 0) return 1;
  let equal = 0;
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) equal++;
  return equal / a.length;
}

/**
 * Candidate pairs (i < j) by locality-sensitive banding: signatures that agree on all rows of some band of
 * `rows`. A pair of similarity s becomes a candidate with probability 1 - (1 - s^rows)^bands. Flat pairs,
 * ascending, no duplicates. Expected O(n x bands + pairs). Throws `MINHASH_INVALID` when rows exceed the size.
 */
export function minHashCandidates(signatures: readonly Uint32Array[], rows: number): Uint32Array {
  if (signatures.length === 0) return new Uint32Array(0);
  const size = signatures[0].length;
  requireInteger('MINHASH', 'rows', rows, 1, size);
  const n = signatures.length;
  const found = new Set<number>();
  for (let band = 0; band + rows <= size; band += rows) {
    const buckets = new Map<string, number[]>();
    for (let i = 0; i < n; i++) {
      requireSameLength('MINHASH', signatures[i], signatures[0]);
      const key = signatures[i].subarray(band, band + rows).join();
      const bucket = buckets.get(key);
      if (!bucket) {
        buckets.set(key, [i]);
        continue;
      }
      for (const j of bucket) found.add(j * n + i);
      bucket.push(i);
    }
  }
  const pairs = Float64Array.from(found).sort();
  const out = new Uint32Array(2 * pairs.length);
  pairs.forEach((pair, at) => out.set([Math.floor(pair / n), pair % n], 2 * at));
  return out;
}
