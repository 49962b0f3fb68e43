import { EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from '@hartonomous/corpus';
import type { VectorScan } from '@hartonomous/numerics';
import { createDotScan, selectTop } from '@hartonomous/numerics';
import type { CorpusFilter, Store, TenantTransaction } from '@hartonomous/store';
import { canonicalJson } from '@hartonomous/contracts';

const PAGE = 4_000;
/** Filters whose atoms are remembered with a snapshot; one bit per atom each. */
const FILTERS_MAX = 64;
/** A snapshot of another corpus version may answer for this long while a new one is read, in milliseconds. */
const STALE_MS_MAX = 5_000;

/** All vectors of a tenant at one corpus version, for exact scans. 4 * 256 bytes an atom. */
export class VectorSnapshot {
  private readonly rows = new Map<string, number>();
  private readonly masks = new Map<string, Uint8Array>();
  private readonly scan: VectorScan<Float32Array, Float32Array>;

  constructor(
    readonly corpusVersion: number,
    readonly atomIds: readonly string[],
    vectors: Float32Array,
  ) {
    atomIds.forEach((id, row) => this.rows.set(id, row));
    this.scan = createDotScan(vectors, EMBEDDING_DIMENSIONS);
  }

  /** Cosines of all atoms to a unit vector. */
  cosines(query: Float32Array): Float32Array {
    return this.scan.scores(query);
  }

  rowOf(atomId: string): number | undefined {
    return this.rows.get(atomId);
  }

  /** Rows of the best positive cosines among the atoms that pass the filter, best first. */
  best(cosines: Float32Array, mask: Uint8Array | null, limit: number): number[] {
    const scores = cosines.slice();
    for (let i = 0; i < scores.length; i++) if (!(scores[i] > 0) || mask?.[i] === 0) scores[i] = NaN;
    return [...selectTop(scores, limit)];
  }

  /** One byte per row, 1 where the atom passes; read from the store once per filter. Null: all pass. */
  async mask(tx: TenantTransaction, filter: CorpusFilter): Promise<Uint8Array | null> {
    if (Object.values(filter).every((value) => value === undefined)) return null;
    const key = canonicalJson(filter);
    const known = this.masks.get(key);
    if (known !== undefined) {
      this.masks.delete(key);
      this.masks.set(key, known);
      return known;
    }
    const mask = new Uint8Array(this.atomIds.length);
    for (const id of await tx.corpus.matching(filter)) {
      const row = this.rows.get(id);
      if (row !== undefined) mask[row] = 1;
    }
    this.masks.set(key, mask);
    const oldest = this.masks.keys().next().value;
    if (this.masks.size > FILTERS_MAX && oldest !== undefined) this.masks.delete(oldest);
    return mask;
  }
}

/** Reads a tenant's vectors in the caller's transaction. */
async function readSnapshot(tx: TenantTransaction, corpusVersion: number): Promise<VectorSnapshot> {
  const pages: Float32Array[] = [];
  const atomIds: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await tx.atoms.vectors(EMBEDDING_MODEL, after, PAGE);
    pages.push(page.data);
    for (const id of page.atomIds) atomIds.push(id);
    if (page.atomIds.length < PAGE) break;
    after = page.atomIds[page.atomIds.length - 1];
  }
  const vectors = new Float32Array(atomIds.length * EMBEDDING_DIMENSIONS);
  let at = 0;
  for (const page of pages) {
    vectors.set(page, at);
    at += page.length;
  }
  return new VectorSnapshot(corpusVersion, atomIds, vectors);
}

interface Held {
  snapshot: VectorSnapshot;
  /** When a newer corpus version was first seen, by `performance.now()`; null while it is current. */
  staleSince: number | null;
  refreshing: boolean;
}

/** Tenants whose vectors are kept at once; the one unused for longest goes first. */
const TENANTS_MAX = 32;

/** The newest snapshot of each tenant. */
export class VectorSnapshots {
  private readonly held = new Map<string, Held>();

  constructor(private readonly store: Store) {}

  /**
   * A snapshot to answer with. After a change of the corpus the old one serves for at most 5 s while the new one is
   * read beside it (atoms that are gone drop out later, by the store); with `fresh` the new one is read first.
   */
  async get(tx: TenantTransaction, corpusVersion: number, fresh: boolean): Promise<VectorSnapshot> {
    const { tenantId } = tx;
    const held = this.held.get(tenantId);
    if (held !== undefined) {
      this.held.delete(tenantId);
      this.held.set(tenantId, held);
      if (held.snapshot.corpusVersion === corpusVersion) return held.snapshot;
      held.staleSince ??= performance.now();
      if (!fresh && performance.now() - held.staleSince < STALE_MS_MAX) {
        this.refresh(tenantId, held);
        return held.snapshot;
      }
    }
    return this.keep(tenantId, await readSnapshot(tx, corpusVersion));
  }

  async warm(tenantId: string): Promise<void> {
    await this.store.withTenant(tenantId, async (tx) =>
      this.get(tx, await tx.ingestion.corpusVersion(), true),
    );
  }

  forget(tenantId: string): void {
    this.held.delete(tenantId);
  }

  /** One reader a tenant; a failed one is tried again by the next request, and the age limit makes faults seen. */
  private refresh(tenantId: string, held: Held): void {
    if (held.refreshing) return;
    held.refreshing = true;
    this.warm(tenantId).catch(() => {
      held.refreshing = false;
    });
  }

  private keep(tenantId: string, snapshot: VectorSnapshot): VectorSnapshot {
    const newer = this.held.get(tenantId)?.snapshot;
    if (newer === undefined || newer.corpusVersion <= snapshot.corpusVersion) {
      this.held.delete(tenantId);
      this.held.set(tenantId, { snapshot, staleSince: null, refreshing: false });
    }
    const oldest = this.held.keys().next().value;
    if (this.held.size > TENANTS_MAX && oldest !== undefined) this.held.delete(oldest);
    return snapshot;
  }
}
