import type { SearchHit, SearchRequest, SearchResponse } from '@hartonomous/contracts';
import { HartoError, newId } from '@hartonomous/contracts';
import type { CachedAnswer, ModelRow, RequestRecord, Store, TenantTransaction } from '@hartonomous/store';
import { inputHashOf } from './input-hash.js';
import type { SearchAnswer, SearchContext } from './search-atoms.js';
import { AtomSearch } from './search-atoms.js';
import { VectorSnapshots } from './vector-snapshot.js';

/** Alias of the version that serves. */
export const SERVING_ALIAS = 'default';

export interface ServeContext {
  requestId?: string;
  traceId?: string | null;
  spanId?: string | null;
  /** `off` neither looks up nor serves cached answers: replays and measurements of the search itself. */
  cache?: 'use' | 'off';
  /** Wait for vectors of the present corpus version, rather than answer from one a few seconds old. */
  fresh?: boolean;
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

export function createSearch({ store, now = () => new Date() }: SearchOptions): SearchService {
  const snapshots = new VectorSnapshots(store);
  const atoms = new AtomSearch(snapshots);
  /** The version that served a tenant last, for records of failures. Bounded by the number of tenants. */
  const lastModel = new Map<string, string>();

  const serve = async (
    tx: TenantTransaction,
    request: SearchRequest,
    context: ServeContext,
    started: number,
    startedAt: Date,
  ): Promise<Served> => {
    const model = await servingModel(tx);
    lastModel.set(tx.tenantId, model.id);
    const corpusVersion = await tx.ingestion.corpusVersion();
    const inputHash = inputHashOf(request);
    const cached = context.cache === 'off' ? null : await tx.cache.find(model.id, corpusVersion, inputHash);
    const opened = performance.now() - started;
    const kept = cached?.enabled ? (JSON.parse(cached.output) as KeptAnswer) : null;
    const answer = kept ?? (await atoms.search(tx, request, { model, corpusVersion, fresh: context.fresh }));
    const experiment = experimentOf(cached);
    const total = performance.now() - started;
    const timings = { ...('timings' in answer ? (answer as SearchAnswer).timings : {}), open: round(opened) };
    const requestId = context.requestId ?? newId();
    const { traceId = null, spanId = null } = context;
    const state = context.cache === 'off' ? 'off' : kept === null ? 'miss' : 'hit';
    return {
      response: {
        requestId,
        traceId,
        hits: answer.hits,
        served: { model: model.name, version: model.version, cache: state, arm: experiment.arm },
        timings: { ...timings, total: round(total) },
      },
      record: {
        ...baseRecord(requestId, request, inputHash, context),
        modelId: model.id,
        startedAt,
        durationMs: total,
        status: 'ok',
        cacheHit: kept !== null,
        ...experiment,
        traceId,
        spanId,
        resultCount: answer.hits.length,
        steps: answer.hits.map(({ atomId, score }, i) => ({ atomId, score, rank: i + 1 })),
        point: answer.point,
      },
    };
  };

  return {
    serveSearch(at, tenantId, request, context = {}) {
      const started = performance.now();
      const startedAt = now();
      return within(at, tenantId, (tx) => serve(tx, request, context, started, startedAt));
    },

    failedRecord(tenantId, request, failure, context = {}) {
      const modelId = lastModel.get(tenantId);
      if (modelId === undefined) return null;
      const { traceId = null, spanId = null } = context;
      return {
        ...baseRecord(context.requestId ?? newId(), request, inputHashOf(request), context),
        ...failure,
        modelId,
        cacheHit: false,
        ...experimentOf(null),
        traceId,
        spanId,
        resultCount: 0,
        steps: [],
        point: null,
      };
    },

    computeAnswer: (at, tenantId, request) =>
      within(at, tenantId, async (tx) => {
        const started = performance.now();
        const model = await servingModel(tx);
        const corpusVersion = await tx.ingestion.corpusVersion();
        const { hits, point } = await atoms.search(tx, request, { model, corpusVersion, fresh: true });
        const kept: KeptAnswer = { hits, point };
        const computeMs = performance.now() - started;
        const inputHash = inputHashOf(request);
        return { modelId: model.id, corpusVersion, inputHash, output: JSON.stringify(kept), computeMs };
      }),

    search: (tx, request, context) => atoms.search(tx, request, context),
    warm: (tenantId) => snapshots.warm(tenantId),
    forget: (tenantId) => snapshots.forget(tenantId),
  };
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

function baseRecord(
  id: string,
  request: SearchRequest,
  inputHash: string,
  context: ServeContext,
): Pick<RequestRecord, 'id' | 'operation' | 'inputHash' | 'input' | 'sessionId' | 'traceId' | 'spanId'> {
  return {
    id,
    operation: 'search',
    inputHash,
    input: request,
    sessionId: request.sessionId ?? null,
    traceId: context.traceId ?? null,
    spanId: context.spanId ?? null,
  };
}
