/**
 * Hashed bag of terms and of their four-letter grams (Weinberger et al. 2009; Bojanowski et al. 2017 for the grams): a
 * term adds sqrt(tf), with a sign, to two of 256 components, its grams add to one each, so that misspelt and cut words
 * still come near; long terms, which are rare, weigh more. There is no idf: what a vector says depends on its own text
 * and on this name alone. Integer hashing and IEEE 754 arithmetic give the same bits on every platform.
 */
export const EMBEDDING_MODEL = 'hashed-tf-256-v1';
export const EMBEDDING_DIMENSIONS = 256;

/** Terms of this length and above have the full weight. */
const FULL_WEIGHT_CHARS = 12;
const GRAM_CHARS = 4;
/** Length of a term's gram part against its own weight. Chosen on known items with typing errors. */
const GRAM_WEIGHT = 2;

/** What one occurrence of a term adds: component indices and signed weights. */
interface Share {
  indices: Uint8Array;
  weights: Float64Array;
}

/** Terms recur: their shares are kept, in a bounded table. */
const shares = new Map<string, Share>();
const SHARES_MAX = 50_000;

/**
 * The unit vector of a bag of terms; the zero vector for an empty one. Terms are added in sorted order, so the
 * result does not depend on where they stood. O(characters of the terms + terms log terms).
 */
export function embed(terms: ReadonlyMap<string, number>): Float32Array {
  const sums = new Float64Array(EMBEDDING_DIMENSIONS);
  for (const term of [...terms.keys()].sort()) {
    const count = Math.sqrt(terms.get(term) ?? 0);
    const { indices, weights } = shareOf(term);
    for (let i = 0; i < indices.length; i++) sums[indices[i]] += count * weights[i];
  }
  let square = 0;
  for (const value of sums) square += value * value;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  return Float32Array.from(sums, (value) => value * scale);
}

function shareOf(term: string): Share {
  const known = shares.get(term);
  if (known !== undefined) return known;
  const bounded = `<${term}>`;
  const grams = Math.max(0, bounded.length - GRAM_CHARS + 1);
  const share: Share = { indices: new Uint8Array(2 + grams), weights: new Float64Array(2 + grams) };
  const weight = Math.min(term.length, FULL_WEIGHT_CHARS) / FULL_WEIGHT_CHARS;
  const put = (at: number, index: number, value: number): void => {
    share.indices[at] = index;
    share.weights[at] = value;
  };
  const hash = hashOf(term);
  put(0, hash & 255, hash & 0x10000 ? weight : -weight);
  put(1, (hash >>> 8) & 255, hash & 0x20000 ? weight : -weight);
  const gramWeight = (GRAM_WEIGHT * weight) / Math.sqrt(grams);
  for (let i = 0; i < grams; i++) {
    // The mark keeps a gram apart from a term of the same letters.
    const gram = hashOf(`#${bounded.slice(i, i + GRAM_CHARS)}`);
    put(2 + i, gram & 255, gram & 0x10000 ? gramWeight : -gramWeight);
  }
  if (shares.size >= SHARES_MAX) shares.clear();
  shares.set(term, share);
  return share;
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
