/**
 * Hashed bag of terms (Weinberger et al. 2009): every term adds sqrt(tf), with a sign, to two of 256 components; the
 * sum is normalised to length 1. There is no idf: the stop list of the terms is frozen with this name, and a vector
 * depends on its own text alone. Integer hashing and IEEE 754 square roots give the same bits on every platform.
 */
export const EMBEDDING_MODEL = 'hashed-tf-256-v1';
export const EMBEDDING_DIMENSIONS = 256;

/**
 * The unit vector of a bag of terms; the zero vector for an empty one. Terms are added in sorted order, so the
 * result does not depend on where they stood. O(terms log terms).
 */
export function embed(terms: ReadonlyMap<string, number>): Float32Array {
  const sums = new Float64Array(EMBEDDING_DIMENSIONS);
  for (const term of [...terms.keys()].sort()) {
    const weight = Math.sqrt(terms.get(term) ?? 0);
    const hash = hashOf(term);
    sums[hash & 255] += hash & 0x10000 ? weight : -weight;
    sums[(hash >>> 8) & 255] += hash & 0x20000 ? weight : -weight;
  }
  let square = 0;
  for (const value of sums) square += value * value;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return Float32Array.from(sums, (value) => value * scale);
}

/** FNV-1a over UTF-16 units with the finaliser of MurmurHash3: 32 well-mixed bits, unsigned. */
export function hashOf(term: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < term.length; i++) {
    h ^= term.charCodeAt(i);
    h = Math.imul(h, 0x01000193);
  }
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
