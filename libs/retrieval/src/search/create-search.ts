import type { SearchHit, SearchRequest, SearchResponse } from '@hartonomous/contracts';
import { HartoError, newId } from '@hartonomous/contracts';
import { queryTermCounts } from '@hartonomous/corpus';
import type { CachedAnswer, ModelRow, RequestRecord, Store, TenantTransaction } from '@hartonomous/store';
import { inputHashOf } from './input-hash.js';
import { resolveModel, SERVING_ALIAS } from './model-reference.js';
import type { SearchAnswer, SearchContext } from './search-atoms.js';
import { AtomSearch } from './search-atoms.js';
import { VectorSnapshots } from './vector-snapshot.js';

export interface ServeContext {
  requestId?: string;
  traceId?: string | null;
  spanId?: string | null;
  /** `off` neither looks up nor serves cached answers: replays and measurements of the search itself. */
  cache?: 'use' | 'off';
  /** Wait for vectors of the present corpus version, rather than answer from one a few seconds old. */
  fresh?: boolean;
  /** The version to rank under, by id, alias, `name@version` or `name@alias`; the serving one without it. */
  model?: string;
  /** Places and aliases as they were at this instant; such an answer neither comes from the cache nor counts in it. */
  asOf?: Date;
}

export interface Served {
  response: SearchResponse;
  record: RequestRecord;
}

/** An answer in the form that the cache keeps. */
export interface ComputedAnswer {
  modelId: string;
  corpusVersion: number;
  inputHash: string;
  output: string;
  computeMs: number;
}

export interface SearchService {
  /**
   * One search from request to response, with the row to record it by. Reads only: with a transaction everything
   * happens inside it, with the store one read transaction is opened.
   */
  serveSearch(
    at: Store | TenantTransaction,
    tenantId: string,
    request: SearchRequest,
    context?: ServeContext,
  ): Promise<Served>;
  /** The row of a request that failed, once this process has served the tenant; null before. */
  failedRecord(
    tenantId: string,
    request: SearchRequest,
    failure: { startedAt: Date; durationMs: number; status: 'error' | 'timeout' },
    context?: ServeContext,
  ): RequestRecord | null;
  /** Computes an answer for the cache, never from it. */
  computeAnswer(
    at: Store | TenantTransaction,
    tenantId: string,
    request: SearchRequest,
  ): Promise<ComputedAnswer>;
  /** The search itself, under a given version. */
  search(tx: TenantTransaction, request: SearchRequest, context: SearchContext): Promise<SearchAnswer>;
  /** Reads the tenant's vectors now. */
  warm(tenantId: string): Promise<void>;
  forget(tenantId: string): void;
}

export interface SearchOptions {
  store: Store;
  now?: () => Date;
}

/** What the cache keeps of an answer. */
interface KeptAnswer {
  hits: SearchHit[];
  point: [number, number, number] | null;
}

export const createSearch = (options: SearchOptions): SearchService => new CreatedSearch(options);

/** When a request arrived: by the wall clock, and by `performance.now()`. */
interface Arrival {
  at: Date;
  started: number;
}

class CreatedSearch implements SearchService {
  private readonly snapshots: VectorSnapshots;
  private readonly atoms: AtomSearch;
  private readonly now: () => Date;
  /** The version that served a tenant last, for records of failures. Bounded by the number of tenants. */
  private readonly lastModel = new Map<string, string>();

  constructor({ store, now = () => new Date() }: SearchOptions) {
    this.snapshots = new VectorSnapshots(store);
    this.atoms = new AtomSearch(this.snapshots);
    this.now = now;
  }

  serveSearch(
    at: Store | TenantTransaction,
    tenantId: string,
    request: SearchRequest,
    context: ServeContext = {},
  ): Promise<Served> {
    const arrival = { at: this.now(), started: performance.now() };
    return within(at, tenantId, (tx) => this.serve(tx, request, context, arrival));
  }

  private async serve(
    tx: TenantTransaction,
    request: SearchRequest,
    context: ServeContext,
    arrival: Arrival,
  ): Promise<Served> {
    const { asOf } = context;
    const reference = context.model ?? (asOf && SERVING_ALIAS);
    const model = reference ? await resolveModel(tx, reference, asOf) : await servingModel(tx);
    if (!reference) this.lastModel.set(tx.tenantId, model.id);
    const corpusVersion = await tx.ingestion.corpusVersion();
    const inputHash = inputHashOf(request);
    const cacheOff = context.cache === 'off' || asOf !== undefined;
    const cached = cacheOff ? null : await tx.cache.find(model.id, corpusVersion, inputHash);
    const open = performance.now() - arrival.started;
    const kept = cached?.enabled ? (JSON.parse(cached.output) as KeptAnswer) : null;
    const computed =
      kept === null
        ? await this.atoms.search(tx, request, { model, corpusVersion, fresh: context.fresh, asOf })
        : null;
    const { hits, point } = computed ?? kept ?? { hits: [], point: null };
    const experiment = experimentOf(cached);
    const durationMs = performance.now() - arrival.started;
    const base = baseRecord(context.requestId ?? newId(), request, inputHash, context);
    const state = cacheOff ? 'off' : kept === null ? 'miss' : 'hit';
    return {
      response: {
        requestId: base.id,
        traceId: base.traceId,
        hits,
        served: { model: model.name, version: model.version, cache: state, arm: experiment.arm },
        timings: { ...computed?.timings, open: round(open), total: round(durationMs) },
      },
      record: {
        ...base,
        ...experiment,
        modelId: model.id,
        startedAt: arrival.at,
        durationMs,
        status: 'ok',
        cacheHit: kept !== null,
        resultCount: hits.length,
        steps: hits.map(({ atomId, score }, i) => ({ atomId, score, rank: i + 1 })),
        point,
      },
    };
  }

  failedRecord(
    tenantId: string,
    request: SearchRequest,
    failure: { startedAt: Date; durationMs: number; status: 'error' | 'timeout' },
    context: ServeContext = {},
  ): RequestRecord | null {
    const modelId = this.lastModel.get(tenantId);
    if (modelId === undefined) return null;
    return {
      ...baseRecord(context.requestId ?? newId(), request, inputHashOf(request), context),
      ...failure,
      ...experimentOf(null),
      modelId,
      cacheHit: false,
      resultCount: 0,
      steps: [],
      point: null,
    };
  }

  computeAnswer(
    at: Store | TenantTransaction,
    tenantId: string,
    request: SearchRequest,
  ): Promise<ComputedAnswer> {
    return within(at, tenantId, async (tx) => {
      const started = performance.now();
      const model = await servingModel(tx);
      const corpusVersion = await tx.ingestion.corpusVersion();
      const { hits, point } = await this.atoms.search(tx, request, { model, corpusVersion, fresh: true });
      const kept: KeptAnswer = { hits, point };
      const computeMs = performance.now() - started;
      const inputHash = inputHashOf(request);
      return { modelId: model.id, corpusVersion, inputHash, output: JSON.stringify(kept), computeMs };
    });
  }

  search(tx: TenantTransaction, request: SearchRequest, context: SearchContext): Promise<SearchAnswer> {
    return this.atoms.search(tx, request, context);
  }

  warm(tenantId: string): Promise<void> {
    return this.snapshots.warm(tenantId);
  }

  forget(tenantId: string): void {
    this.snapshots.forget(tenantId);
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Runs in the given transaction, or in one of its own; never in another tenant's. */
function within<T>(
  at: Store | TenantTransaction,
  tenantId: string,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T> {
  if ('withTenant' in at) return at.withTenant(tenantId, work);
  if (at.tenantId !== tenantId)
    throw new HartoError('AUTH_FORBIDDEN', 'the transaction belongs to another tenant');
  return work(at);
}

/** A tenant without any ingestion has no model yet: it gets its native one. */
const servingModel = async (tx: TenantTransaction): Promise<ModelRow> =>
  (await tx.models.resolve(SERVING_ALIAS)) ?? (await tx.models.ensureNative());

/** A key counts as treated or control only while its action is measured. */
function experimentOf(cached: CachedAnswer | null): Pick<RequestRecord, 'actionId' | 'blockNo' | 'arm'> {
  if (cached === null || !cached.measuring || cached.actionId === null || cached.blockNo === null) {
    return { actionId: null, blockNo: null, arm: null };
  }
  const { actionId, blockNo, enabled } = cached;
  return { actionId, blockNo, arm: enabled ? 'treated' : 'control' };
}

/** Terms of a query, repeats counted: what its size class goes by. */
const termsIn = (query: string): number =>
  [...queryTermCounts(query).values()].reduce((sum, count) => sum + count, 0);

function baseRecord(
  id: string,
  request: SearchRequest,
  inputHash: string,
  context: ServeContext,
): Pick<
  RequestRecord,
  'id' | 'operation' | 'inputHash' | 'input' | 'tokens' | 'sessionId' | 'traceId' | 'spanId'
> {
  return {
    id,
    operation: 'search',
    inputHash,
    input: request,
    tokens: termsIn(request.query),
    sessionId: request.sessionId ?? null,
    traceId: context.traceId ?? null,
    spanId: context.spanId ?? null,
  };
}
