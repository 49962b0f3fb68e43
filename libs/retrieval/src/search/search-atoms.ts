import type { SearchHit, SearchRequest } from '@hartonomous/contracts';
import { EMBEDDING_MODEL, embed, queryTermCounts } from '@hartonomous/corpus';
import type {
  AtomRow,
  AtomSource,
  CorpusFilter,
  ModelRow,
  PlacedAtom,
  TenantTransaction,
} from '@hartonomous/store';
import { MapPlacer, decodeLandmarks } from '../map/landmark-set.js';
import type { Candidate, Fusion } from './fusion.js';
import { fuse } from './fusion.js';
import { snippetOf } from './snippet.js';
import type { VectorSnapshots } from './vector-snapshot.js';

/** Candidates of each part before fusion: ten full pages of the default size. */
export const CANDIDATES = 100;

export interface SearchContext {
  model: ModelRow;
  corpusVersion: number;
  /** Wait for vectors of this very corpus version. */
  fresh?: boolean;
  fusion?: Fusion;
  /** Ranks by the places as they were at this instant. */
  asOf?: Date;
}

export interface SearchAnswer {
  hits: SearchHit[];
  steps: { atomId: string; score: number; rank: number }[];
  /** Where the answer lies on the map: the mean of its hits' places, weighted by score; null without hits. */
  point: [number, number, number] | null;
  /** The query's own place: its vector by the landmarks, z 0; null when it has no vector or there is no map yet. */
  queryPoint: [number, number, number] | null;
  /** Milliseconds by stage. */
  timings: Record<string, number>;
}

interface Ranked extends Candidate {
  position: number;
  score: number;
}

/** Placers by landmark set, a handful: sets change seldom and one process serves few tenants. */
const PLACERS_MAX = 32;

/** Search in one transaction: BM25 and vectors, fused, then ranked under the serving version. Reads only. */
export class AtomSearch {
  private readonly placers = new Map<string, MapPlacer>();

  constructor(private readonly snapshots: VectorSnapshots) {}

  async search(tx: TenantTransaction, request: SearchRequest, context: SearchContext): Promise<SearchAnswer> {
    const stage = stages();
    const counts = queryTermCounts(request.query);
    const filter: CorpusFilter = request.filters ?? {};
    const byTerms = await tx.corpus.bm25([...counts.keys()], filter, CANDIDATES);
    stage('bm25');
    const query = embed(counts);
    const candidates = await this.withVectors(tx, byTerms, query, filter, context);
    stage('vector');
    const { ranking } = context.model;
    const positional = ranking.a !== 0 || ranking.b !== 0;
    const queryPoint = positional && counts.size > 0 ? await this.placeQuery(tx, query) : null;
    const places = new Map<string, PlacedAtom>();
    const readPlaces = async (ids: string[]): Promise<void> => {
      const { model, asOf } = context;
      const found = asOf
        ? await tx.overlays.positionsAsOf(model.id, ids, asOf)
        : await tx.map.positions(model.id, ids);
      for (const place of found) places.set(place.atomId, place);
    };
    if (positional) await readPlaces(candidates.map(({ atomId }) => atomId));
    const ranked = rank(candidates, places, queryPoint, ranking).slice(0, request.limit);
    stage('rank');
    const ids = ranked.map(({ atomId }) => atomId);
    if (!positional) await readPlaces(ids);
    const rows = new Map((await tx.atoms.read(ids)).map((atom) => [atom.id, atom]));
    const sources = bestSources(await tx.atoms.sources(ids), filter);
    const terms = new Set(counts.keys());
    const hits = ranked.flatMap((found) => toHit(found, rows, sources, places, terms));
    const steps = hits.map(({ atomId, score }, i) => ({ atomId, score, rank: i + 1 }));
    stage('hydrate');
    return { hits, steps, point: centreOf(hits), queryPoint, timings: stage.timings };
  }

  private async withVectors(
    tx: TenantTransaction,
    byTerms: { atomId: string; score: number }[],
    query: Float32Array,
    filter: CorpusFilter,
    context: SearchContext,
  ): Promise<Candidate[]> {
    const snapshot = await this.snapshots.get(tx, context.corpusVersion, context.fresh ?? false);
    const mask = await snapshot.mask(tx, filter);
    const cosines = snapshot.cosines(query);
    const byVector = snapshot.best(cosines, mask, CANDIDATES).map((row) => ({
      atomId: snapshot.atomIds[row],
      score: cosines[row],
    }));
    const cosineOf = (atomId: string): number | null => {
      const row = snapshot.rowOf(atomId);
      return row === undefined ? null : cosines[row];
    };
    return fuse(byTerms, byVector, cosineOf, context.fusion);
  }

  /** The place that the newest landmark set gives the query; null before the first ingestion. */
  private async placeQuery(
    tx: TenantTransaction,
    query: Float32Array,
  ): Promise<[number, number, number] | null> {
    const set = await tx.map.latestLandmarkSet(EMBEDDING_MODEL);
    if (set === null) return null;
    let placer = this.placers.get(set.id);
    if (placer === undefined) {
      placer = new MapPlacer(decodeLandmarks(set.data));
      const oldest = this.placers.keys().next().value;
      if (this.placers.size >= PLACERS_MAX && oldest !== undefined) this.placers.delete(oldest);
      this.placers.set(set.id, placer);
    }
    const { x, y } = placer.place(query);
    return [x, y, 0];
  }
}

/** fused + a exp(-|p - q|^2 / 2 sigma^2) + b z / 10, with places of the serving version. */
function rank(
  candidates: readonly Candidate[],
  places: ReadonlyMap<string, PlacedAtom>,
  query: readonly [number, number, number] | null,
  { a, b, sigma }: ModelRow['ranking'],
): Ranked[] {
  const ranked = candidates.map((candidate): Ranked => {
    const place = places.get(candidate.atomId);
    let position = 0;
    if (place !== undefined && (a !== 0 || b !== 0)) {
      position = (b * place.z) / 10;
      if (query !== null && a !== 0 && sigma > 0) {
        const square = (place.x - query[0]) ** 2 + (place.y - query[1]) ** 2 + (place.z - query[2]) ** 2;
        position += a * Math.exp(-square / (2 * sigma * sigma));
      }
    }
    return { ...candidate, position, score: candidate.fused + position };
  });
  return ranked.sort((p, q) => q.score - p.score || (p.atomId < q.atomId ? -1 : 1));
}

/** For each atom its first source, by path and line, that passes the filter. */
function bestSources(sources: readonly AtomSource[], filter: CorpusFilter): Map<string, AtomSource> {
  const best = new Map<string, AtomSource>();
  for (const source of sources) {
    const passes =
      (filter.language === undefined || source.language === filter.language) &&
      (filter.kind === undefined || source.kind === filter.kind) &&
      (filter.pathPrefix === undefined || source.path.startsWith(filter.pathPrefix));
    if (passes && !best.has(source.atomId)) best.set(source.atomId, source);
  }
  return best;
}

function toHit(
  found: Ranked,
  rows: ReadonlyMap<string, AtomRow>,
  sources: ReadonlyMap<string, AtomSource>,
  places: ReadonlyMap<string, PlacedAtom>,
  terms: ReadonlySet<string>,
): SearchHit[] {
  const atom = rows.get(found.atomId);
  const source = sources.get(found.atomId);
  // Released between the snapshot of the vectors and now.
  if (atom === undefined || source === undefined) return [];
  const place = places.get(found.atomId);
  const { path, symbol, language, kind, lineStart, lineEnd } = source;
  return [
    {
      atomId: found.atomId,
      score: found.score,
      path,
      symbol: symbol ?? source.heading,
      language,
      kind,
      lineStart,
      lineEnd,
      snippet: snippetOf(atom.text, terms),
      position: place === undefined ? [50, 50, 0] : [place.x, place.y, place.z],
      why: { bm25: found.bm25, vector: found.vector, position: found.position },
    },
  ];
}

function centreOf(hits: readonly SearchHit[]): [number, number, number] | null {
  const total = hits.reduce((sum, hit) => sum + Math.max(0, hit.score), 0);
  if (!(total > 0)) return null;
  const mean = (axis: 0 | 1 | 2): number =>
    hits.reduce((sum, hit) => sum + (Math.max(0, hit.score) / total) * hit.position[axis], 0);
  return [mean(0), mean(1), mean(2)];
}

/** Marks the end of a stage by name; times in milliseconds, rounded to microseconds. */
function stages(): ((name: string) => void) & { timings: Record<string, number> } {
  const timings: Record<string, number> = {};
  let last = performance.now();
  const mark = (name: string): void => {
    const now = performance.now();
    timings[name] = Math.round((now - last) * 1000) / 1000;
    last = now;
  };
  return Object.assign(mark, { timings });
}
