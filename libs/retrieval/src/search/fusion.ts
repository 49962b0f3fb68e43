/** A candidate with the parts of its score. */
export interface Candidate {
  atomId: string;
  /** BM25, or null when its terms were not found. */
  bm25: number | null;
  /** Cosine to the query's vector, or null when the atom has none. */
  vector: number | null;
  /** In [0, 1]. */
  fused: number;
}

export type Fusion = 'weighted' | 'reciprocal-rank' | 'bm25' | 'vector';

/** Share of BM25 in the weighted score; the rest is the cosine's. Best of 0.5 ... 0.95 on known items, see README. */
export const BM25_SHARE = 0.7;
/** Cormack, Clarke & Buettcher 2009. */
const RECIPROCAL_RANK_K = 60;

/**
 * Joins two rankings. `weighted` scales each part by its best and adds them by share, so that a clear winner stays
 * clear; `reciprocal-rank` uses ranks alone. Ties go to the lower atom id.
 */
export function fuse(
  byTerms: readonly { atomId: string; score: number }[],
  byVector: readonly { atomId: string; score: number }[],
  cosineOf: (atomId: string) => number | null,
  method: Fusion = 'weighted',
): Candidate[] {
  const candidates = new Map<string, Candidate>();
  const bestTerms = byTerms[0]?.score ?? 0;
  const bestVector = byVector[0]?.score ?? 0;
  const termRank = new Map(byTerms.map(({ atomId }, rank) => [atomId, rank]));
  const vectorRank = new Map(byVector.map(({ atomId }, rank) => [atomId, rank]));
  const reciprocal = (rank: number | undefined): number =>
    rank === undefined ? 0 : (RECIPROCAL_RANK_K + 1) / 2 / (RECIPROCAL_RANK_K + 1 + rank);
  const add = (atomId: string, bm25: number | null): void => {
    if (candidates.has(atomId)) return;
    const vector = cosineOf(atomId);
    const terms = bm25 !== null && bestTerms > 0 ? bm25 / bestTerms : 0;
    const cosine = vector !== null && bestVector > 0 ? Math.max(0, vector) / bestVector : 0;
    let fused = BM25_SHARE * terms + (1 - BM25_SHARE) * cosine;
    if (method === 'reciprocal-rank')
      fused = reciprocal(termRank.get(atomId)) + reciprocal(vectorRank.get(atomId));
    if (method === 'bm25') fused = terms;
    if (method === 'vector') fused = cosine;
    candidates.set(atomId, { atomId, bm25, vector, fused });
  };
  for (const { atomId, score } of byTerms) add(atomId, score);
  for (const { atomId } of byVector) add(atomId, null);
  return [...candidates.values()].sort((a, b) => b.fused - a.fused || (a.atomId < b.atomId ? -1 : 1));
}
