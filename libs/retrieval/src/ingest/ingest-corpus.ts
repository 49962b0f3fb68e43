import { createHash } from 'node:crypto';
import type { SkipReason } from '@hartonomous/corpus';
import { EMBEDDING_MODEL, PARSER_VERSION, atomTerms, embed, parseFile } from '@hartonomous/corpus';
import type { IngestAtom, IngestFile, Store } from '@hartonomous/store';
import type { MapReport } from '../map/map-quality.js';
import { projectCorpus } from '../map/project-corpus.js';
import type { ReadSkip } from './read-source.js';
import { readSource } from './read-source.js';
import type { CorpusRoot, WalkSkip, WalkedFile } from './source-walk.js';
import { walkRoots } from './source-walk.js';

export type IngestSkip = SkipReason | ReadSkip | WalkSkip | 'duplicate-path';

export interface IngestProgress {
  phase: 'walk' | 'ingest' | 'relate' | 'place';
  done: number;
  total: number;
  path?: string;
}

export interface IngestOptions {
  store: Store;
  tenantId: string;
  /** Name under which the store remembers these files; files of other corpora are left alone. */
  corpus: string;
  roots: readonly CorpusRoot[];
  onProgress?: (progress: IngestProgress) => void;
  signal?: AbortSignal;
}

export interface IngestResult {
  /** Files of the corpus that stand in the store now. */
  files: number;
  /** Files not taken in, with the reason: the first 1,000 by name, all by `skipped`. */
  skippedFiles: { path: string; reason: IngestSkip }[];
  skipped: number;
  /** Files whose bytes were known. */
  unchanged: number;
  removed: number;
  /** Distinct atoms of the tenant now. */
  atoms: number;
  /** Atoms new to the tenant, atoms it held already, atoms given up. */
  written: number;
  known: number;
  released: number;
  /** Atoms that were given a place on the map. */
  placed: number;
  seconds: number;
  /** Quality of the map, when it was laid out anew. */
  map: MapReport | null;
}

/** Bounds of one transaction; a killed run repeats at most one. */
const BATCH_FILES_MAX = 100;
const BATCH_ATOMS_MAX = 2_000;
/** The store's bound of one call. */
const FILE_ATOMS_MAX = 20_000;
const SKIPPED_NAMED_MAX = 1_000;

/**
 * Brings the store in line with source trees: new and changed files are parsed and written, files that are gone are
 * released, all others are left alone; then the atoms get their places. Each batch is one transaction and the same
 * files always give the same atoms, so it can be ended anywhere and run again. Memory: one batch being written and
 * one being parsed, and the list of paths.
 * @throws HartoError CORPUS_MISSING | CORPUS_UNREADABLE before anything changes; the signal's reason when aborted
 */
export async function ingestCorpus(options: IngestOptions): Promise<IngestResult> {
  const started = performance.now();
  const run = new IngestRun(options);
  await run.readAll();
  await run.releaseGone();
  const { store, tenantId, onProgress, signal } = options;
  const projection = await projectCorpus({ store, tenantId, onProgress, signal });
  // The planner knows nothing of rows that came in bulk: without this its first plans are wild guesses.
  if (run.changed || projection.placed > 0) await store.maintenance.refreshStatistics(loadedTables);
  const atoms = await store.withTenant(tenantId, (tx) => tx.atoms.count());
  const seconds = (performance.now() - started) / 1000;
  return { ...run.result(), atoms, placed: projection.placed, map: projection.report, seconds };
}

const loadedTables = [
  'atom',
  'atom_embedding',
  'atom_embedding_staging',
  'atom_relation',
  'atom_source',
  'atom_term',
  'source',
  'tenant_atom',
  'tensor_atom',
];

class IngestRun {
  private readonly skippedFiles: IngestResult['skippedFiles'] = [];
  private readonly seen = new Set<string>();
  /** Paths that could not be read: what they held before stays. */
  private readonly unread: string[] = [];
  private readonly counts = {
    files: 0,
    skipped: 0,
    unchanged: 0,
    removed: 0,
    written: 0,
    known: 0,
    released: 0,
  };
  private hashes = new Map<string, string>();
  private batch: IngestFile[] = [];
  private batchAtoms = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: IngestOptions) {}

  result(): Omit<IngestResult, 'atoms' | 'placed' | 'seconds' | 'map'> {
    return { ...this.counts, skippedFiles: this.skippedFiles };
  }

  get changed(): boolean {
    return this.counts.files > this.counts.unchanged || this.counts.removed > 0;
  }

  async readAll(): Promise<void> {
    const { store, tenantId, corpus, roots, onProgress, signal } = this.options;
    const walk = await walkRoots(roots, signal);
    for (const { path, reason } of walk.skipped) this.skip(path, reason);
    onProgress?.({ phase: 'walk', done: walk.files.length, total: walk.files.length });
    this.hashes = await store.withTenant(tenantId, (tx) => tx.ingestion.fileHashes(corpus));
    await this.releaseOutdated();
    try {
      for (const [index, walked] of walk.files.entries()) {
        signal?.throwIfAborted();
        await this.take(walked);
        onProgress?.({ phase: 'ingest', done: index + 1, total: walk.files.length, path: walked.path });
      }
      await this.flush();
    } finally {
      await this.writing;
    }
  }

  /** What another version of the parser made is released whole: the store keeps the terms of atoms that it holds. */
  private async releaseOutdated(): Promise<void> {
    const { store, tenantId, corpus } = this.options;
    const setting = `ingestion.parser.${corpus}`;
    const before = await store.withTenant(tenantId, (tx) => tx.settings.get(setting));
    if (before === PARSER_VERSION) return;
    if (before !== null) {
      await this.release([...this.hashes.keys()].sort());
      this.hashes = new Map();
    }
    await store.withTenant(tenantId, (tx) => tx.settings.set(setting, PARSER_VERSION, 'ingest'));
  }

  private async take(walked: WalkedFile): Promise<void> {
    if (this.seen.has(walked.path)) return this.skip(walked.path, 'duplicate-path');
    const read = await readSource(walked);
    if (!read.ok) return this.skip(walked.path, read.reason);
    const hash = createHash('sha256').update(read.bytes).digest();
    if (this.hashes.get(walked.path) === hash.toString('hex')) {
      this.seen.add(walked.path);
      this.counts.files++;
      this.counts.unchanged++;
      return;
    }
    const parsed = parseFile({ path: walked.path, bytes: read.bytes });
    if (!parsed.ok) return this.skip(walked.path, parsed.reason);
    if (parsed.atoms.length > FILE_ATOMS_MAX) return this.skip(walked.path, 'too-large');
    this.seen.add(walked.path);
    const atoms = parsed.atoms.map((atom): IngestAtom => {
      const terms = atomTerms(atom);
      return {
        contentHash: createHash('sha256').update(atom.text).digest(),
        modality: parsed.kind,
        text: atom.text,
        symbol: atom.symbol,
        heading: atom.heading,
        language: parsed.language,
        kind: atom.kind,
        lineStart: atom.lineStart,
        lineEnd: atom.lineEnd,
        terms,
        vector: embed(terms),
      };
    });
    const file = {
      path: walked.path,
      contentHash: hash,
      sizeBytes: read.bytes.length,
      language: parsed.language,
      atoms,
    };
    if (this.batchAtoms + atoms.length > BATCH_ATOMS_MAX) await this.flush();
    this.batch.push(file);
    this.batchAtoms += atoms.length;
    this.counts.files++;
    if (this.batch.length >= BATCH_FILES_MAX) await this.flush();
  }

  /** Starts writing the batch once the one before is written, so that parsing and writing overlap. */
  private async flush(): Promise<void> {
    await this.writing;
    if (this.batch.length === 0) return;
    const { store, tenantId, corpus } = this.options;
    const files = this.batch;
    this.batch = [];
    this.batchAtoms = 0;
    this.writing = store
      .withTenant(tenantId, (tx) => tx.ingestion.ingest(corpus, EMBEDDING_MODEL, files))
      .then((counts) => {
        this.counts.written += counts.atomsWritten;
        this.counts.known += counts.atomsKnown;
        this.counts.released += counts.atomsReleased;
      });
    // Awaited at the next flush or at the end; the fault must not count as unhandled until then.
    this.writing.catch(() => undefined);
  }

  /** Releases what the trees no longer hold; what could not be read is kept as it was. */
  async releaseGone(): Promise<void> {
    const kept = (path: string): boolean =>
      this.seen.has(path) || this.unread.some((unread) => path === unread || path.startsWith(unread));
    await this.release([...this.hashes.keys()].filter((path) => !kept(path)).sort());
  }

  private async release(paths: readonly string[]): Promise<void> {
    const { store, tenantId, corpus, signal } = this.options;
    for (let i = 0; i < paths.length; i += BATCH_FILES_MAX) {
      signal?.throwIfAborted();
      const batch = paths.slice(i, i + BATCH_FILES_MAX);
      const counts = await store.withTenant(tenantId, (tx) => tx.ingestion.removeFiles(corpus, batch));
      this.counts.removed += counts.files;
      this.counts.released += counts.atomsReleased;
    }
  }

  private skip(path: string, reason: IngestSkip): void {
    this.counts.skipped++;
    if (reason === 'unreadable' && (path === '' || path.endsWith('/') || this.hashes.has(path)))
      this.unread.push(path);
    if (this.skippedFiles.length < SKIPPED_NAMED_MAX) this.skippedFiles.push({ path, reason });
  }
}
