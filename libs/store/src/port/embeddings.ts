/** Staged vectors that wait for promotion at most; below as many in all, a search is exact. */
export const promotionRows = 50_000;

export interface AtomVector {
  atomId: string;
  vector: Float32Array;
}

export interface Neighbour {
  atomId: string;
  /** Cosine, -1 to 1; 0 for a vector of zeros. */
  similarity: number;
}

/**
 * Ids of the promoted atoms nearest to a vector, best first, from whatever index holds them: the map's neighbours of the
 * projected vector, or an index in memory. May err and repeat.
 */
export type PromotedIndex = (vector: Float32Array, count: number) => Promise<string[]>;

export interface NearestOptions {
  /** Up to as many rows in both tables the search is exact. */
  exactUpTo?: number;
  /** Without one, promoted vectors are read exactly, however many there are. */
  index?: PromotedIndex;
}

/** Vectors of a tenant's atoms: written into staging, promoted in bulk into the indexed table, searched in both. */
export interface EmbeddingRepository {
  /** Writes or replaces vectors of atoms that the tenant holds; how many. All of a model have equal dimensions. */
  stage(embeddingModel: string, rows: Iterable<AtomVector>): Promise<number>;
  sizes(embeddingModel: string): Promise<{ promoted: number; staged: number }>;
  /** Promotes all staged vectors of a model in one transaction once they are more than `above`; how many. */
  promote(embeddingModel: string, above?: number): Promise<number>;
  /** The k nearest, each atom once, ties by id; `route` says how they were found. */
  nearest(
    embeddingModel: string,
    vector: Float32Array,
    k: number,
    options?: NearestOptions,
  ): Promise<{ route: 'exact' | 'merged'; neighbours: Neighbour[] }>;
}
