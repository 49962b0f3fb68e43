import type { AtomKind, Modality } from '@hartonomous/contracts';

export interface AtomRow {
  id: string;
  contentHash: Buffer;
  modality: Modality;
  text: string;
  sizeBytes: number;
}

/** Where a tenant found an atom: a file region. */
export interface AtomSource {
  atomId: string;
  path: string;
  symbol: string | null;
  heading: string | null;
  language: string;
  kind: AtomKind;
  lineStart: number;
  lineEnd: number;
}

export interface AtomRepository {
  read(atomIds: string[]): Promise<AtomRow[]>;
  /** Where these atoms were found; an atom may have several sources. */
  sources(atomIds: string[]): Promise<AtomSource[]>;
  count(): Promise<number>;
  /** Takes contents up for the tenant: equal bytes are one atom, counted. How many the tenant did not hold before. */
  merge(contents: { modality: Modality; text: string }[]): Promise<number>;
  /** Pages of (atom, vector) in atom id order, float32 little-endian; `after` is the last id of the page before. */
  vectors(embeddingModel: string, after: string | null, limit: number): Promise<AtomVectors>;
  /** Symbols and headings with their source, for workloads and tests; ordered by path and line. */
  listSources(after: { path: string; lineStart: number } | null, limit: number): Promise<AtomSource[]>;
}

export interface AtomVectors {
  atomIds: string[];
  dimensions: number;
  /** Row-major, atomIds.length x dimensions. */
  data: Float32Array;
}

export interface IngestAtom {
  /** SHA-256 of the atom's bytes. */
  contentHash: Buffer;
  modality: Modality;
  text: string;
  symbol: string | null;
  heading: string | null;
  language: string;
  kind: AtomKind;
  lineStart: number;
  lineEnd: number;
  /** Term -> occurrences; terms are at most 64 characters. */
  terms: Map<string, number>;
  vector: Float32Array;
}

export interface IngestFile {
  path: string;
  contentHash: Buffer;
  sizeBytes: number;
  language: string;
  atoms: IngestAtom[];
}

export interface IngestCounts {
  files: number;
  atomsWritten: number;
  atomsKnown: number;
  atomsReleased: number;
}

export interface IngestionRepository {
  /** Path -> hash of each file of this corpus as last ingested, so that unchanged files are skipped. */
  fileHashes(corpus: string): Promise<Map<string, string>>;
  /**
   * Replaces the atoms of these files, set-based: new bytes are merged by content hash, reference counts follow,
   * terms and vectors are written once per (tenant, atom). At most 200 files and 20,000 atoms a call.
   */
  ingest(corpus: string, embeddingModel: string, files: IngestFile[]): Promise<IngestCounts>;
  /** Releases files that are gone from the source tree. */
  removeFiles(corpus: string, paths: string[]): Promise<IngestCounts>;
  /** Rises whenever the tenant's atoms change: caches and snapshots compare it. */
  corpusVersion(): Promise<number>;
  corpusSize(): Promise<{ files: number; atoms: number }>;
}

export interface CorpusFilter {
  pathPrefix?: string;
  language?: string;
  kind?: AtomKind;
}

export interface CorpusSearch {
  /** Number of atoms and mean length in terms, of this tenant. */
  statistics(): Promise<{ atoms: number; meanLength: number }>;
  /** BM25 (k1 = 1.2, b = 0.75) over the tenant's atoms, best first. Terms are bounded to 32. */
  bm25(terms: string[], filter: CorpusFilter, limit: number): Promise<{ atomId: string; score: number }[]>;
  /** Atoms that pass the filter, for the vector scan. */
  matching(filter: CorpusFilter): Promise<string[]>;
  /** PageRank edges or other relations of the tenant's atoms are read in pages by the projector. */
  relations(limit: number): Promise<{ source: string; target: string; weight: number }[]>;
  putRelations(rows: { source: string; target: string; type: string; weight: number }[]): Promise<number>;
}
