import { EMBEDDING_DIMENSIONS, EMBEDDING_MODEL } from '@hartonomous/corpus';
import { hilbertKey, keyToBigint } from '@hartonomous/geometry';
import type { AtomVectors, LandmarkSet, PlacedAtom, Store } from '@hartonomous/store';
import type { IngestProgress } from '../ingest/ingest-corpus.js';
import { importanceOf } from './importance.js';
import type { LandmarkData } from './landmark-set.js';
import { MapPlacer, decodeLandmarks, encodeLandmarks, fitLandmarks } from './landmark-set.js';
import type { MapReport } from './map-quality.js';
import { mapQuality } from './map-quality.js';
import type { RelatedAtoms } from './relate-atoms.js';
import { relateAtoms } from './relate-atoms.js';

export interface ProjectionResult {
  placed: number;
  /** Set when the map was laid out anew. */
  report: MapReport | null;
}

interface ProjectOptions {
  store: Store;
  tenantId: string;
  onProgress?: (progress: IngestProgress) => void;
  signal?: AbortSignal;
}

/** Where the values of z come from; stands in the projection's setting. */
const Z_SOURCE = 'pagerank';
const LANDMARK_SEED = 20_261_121;
/** Vectors that landmarks are chosen among and that quality is measured on. */
const POOL_MAX = 8_000;
const QUALITY_SAMPLE_MAX = 3_000;
const PAGE = 2_000;

/** Setting that says what the places of a model's atoms rest on. */
const stateName = (modelId: string): string => `projection.${modelId}`;

interface ProjectionState {
  corpusVersion: number;
  landmarkVersion: number;
  z: string;
}

/**
 * Gives every atom of the tenant x, y by the landmark set (made at first use, then reused), z by importance and a
 * Hilbert key, in the native model. Does nothing when the corpus has not changed since. Places depend on the corpus
 * and the set alone: an interrupted run that is repeated ends with the same places.
 */
export async function projectCorpus(options: ProjectOptions): Promise<ProjectionResult> {
  const { store, tenantId } = options;
  const start = await store.withTenant(tenantId, async (tx) => {
    const model = await tx.models.ensureNative();
    const set = await tx.map.latestLandmarkSet(EMBEDDING_MODEL);
    const corpusVersion = await tx.ingestion.corpusVersion();
    const setting = await tx.settings.get(stateName(model.id));
    const state = setting === null ? null : (JSON.parse(setting) as ProjectionState);
    const upToDate = state?.corpusVersion === corpusVersion && state.landmarkVersion === set?.version;
    const done = upToDate && (await tx.map.unplaced(model.id, 1)).length === 0;
    return { modelId: model.id, set, corpusVersion, done, atoms: await tx.atoms.count() };
  });
  if (start.done || start.atoms === 0) return { placed: 0, report: null };
  const related = await relateAtoms({
    ...options,
    onPage: (done, total) => options.onProgress?.({ phase: 'relate', done, total }),
  });
  const importance = importanceOf(related.edges);
  const z = new Map(related.atomIds.map((id, node) => [id, importance[node]]));
  const set = start.set ?? (await makeLandmarks(options, related, z));
  const placed = await placeAll(options, start.modelId, set, z);
  const report = start.set === null ? (set.report as MapReport) : null;
  const state: ProjectionState = {
    corpusVersion: start.corpusVersion,
    landmarkVersion: set.version,
    z: Z_SOURCE,
  };
  await store.withTenant(tenantId, (tx) =>
    tx.settings.set(stateName(start.modelId), JSON.stringify(state), 'ingest'),
  );
  return { placed, report };
}

/** Atoms with the smallest content hashes, in hash order: a sample that depends on the corpus alone. */
function sampleByHash(related: RelatedAtoms, size: number): string[] {
  const order = related.atomIds.map((_, i) => i);
  order.sort((a, b) => (related.hashes[a] < related.hashes[b] ? -1 : 1));
  return order.slice(0, size).map((i) => related.atomIds[i]);
}

/** Fits, measures and stores the first landmark set of the tenant. */
async function makeLandmarks(
  options: ProjectOptions,
  related: RelatedAtoms,
  z: ReadonlyMap<string, number>,
): Promise<LandmarkSet> {
  const pool = sampleByHash(related, POOL_MAX);
  const vectors = await vectorsOf(options, pool);
  const fitted = fitLandmarks(vectors, EMBEDDING_DIMENSIONS, LANDMARK_SEED);
  const report = measure(
    fitted,
    vectors,
    Float64Array.from(pool, (id) => z.get(id) ?? 0),
  );
  const data = encodeLandmarks(fitted);
  return options.store.withTenant(options.tenantId, async (tx) => {
    // Another run may have been first: its set is as good, and the only one.
    const existing = await tx.map.latestLandmarkSet(EMBEDDING_MODEL);
    return (
      existing ??
      tx.map.saveLandmarkSet({ embeddingModel: EMBEDDING_MODEL, seed: LANDMARK_SEED, data, report })
    );
  });
}

function measure(fitted: LandmarkData, vectors: Float32Array, z: Float64Array): MapReport {
  const placer = new MapPlacer(fitted);
  const sample = Math.min(QUALITY_SAMPLE_MAX, z.length);
  const points = new Float64Array(sample * 3);
  let clamped = 0;
  for (let i = 0; i < z.length; i++) {
    const place = placer.place(vectors.subarray(i * EMBEDDING_DIMENSIONS, (i + 1) * EMBEDDING_DIMENSIONS));
    if (place.clamped) clamped++;
    if (i < sample) points.set([place.x, place.y, z[i]], i * 3);
  }
  return mapQuality(
    vectors.subarray(0, sample * EMBEDDING_DIMENSIONS),
    EMBEDDING_DIMENSIONS,
    points,
    clamped / z.length,
  );
}

/** Vectors of these atoms, in their order; an atom that went away in the meantime has the zero vector. */
async function vectorsOf(options: ProjectOptions, atomIds: readonly string[]): Promise<Float32Array> {
  const rowOf = new Map(atomIds.map((id, row) => [id, row]));
  const out = new Float32Array(atomIds.length * EMBEDDING_DIMENSIONS);
  for await (const page of allVectors(options)) {
    page.atomIds.forEach((id, i) => {
      const row = rowOf.get(id);
      const vector = page.data.subarray(i * page.dimensions, (i + 1) * page.dimensions);
      if (row !== undefined) out.set(vector, row * EMBEDDING_DIMENSIONS);
    });
  }
  return out;
}

async function placeAll(
  options: ProjectOptions,
  modelId: string,
  set: LandmarkSet,
  z: ReadonlyMap<string, number>,
): Promise<number> {
  const placer = new MapPlacer(decodeLandmarks(set.data));
  let placed = 0;
  for await (const page of allVectors(options)) {
    const rows = page.atomIds.flatMap((atomId, i): PlacedAtom[] => {
      const importance = z.get(atomId);
      if (importance === undefined) return [];
      const { x, y } = placer.place(page.data.subarray(i * page.dimensions, (i + 1) * page.dimensions));
      return [{ atomId, x, y, z: importance, hilbert: mapKey(x, y, importance) }];
    });
    placed += await options.store.withTenant(options.tenantId, (tx) => tx.map.placeAtoms(modelId, rows));
    options.onProgress?.({ phase: 'place', done: placed, total: z.size });
  }
  return placed;
}

async function* allVectors({ store, tenantId, signal }: ProjectOptions): AsyncGenerator<AtomVectors> {
  let after: string | null = null;
  for (;;) {
    signal?.throwIfAborted();
    const page: AtomVectors = await store.withTenant(tenantId, (tx) =>
      tx.atoms.vectors(EMBEDDING_MODEL, after, PAGE),
    );
    if (page.atomIds.length > 0) yield page;
    if (page.atomIds.length < PAGE) return;
    after = page.atomIds[page.atomIds.length - 1];
  }
}

function mapKey(x: number, y: number, z: number): bigint {
  const { hi, lo } = hilbertKey(x, y, z);
  return keyToBigint(hi, lo);
}
