import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchRequest } from '@hartonomous/contracts';
import { newId } from '@hartonomous/contracts';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { ingestCorpus } from '../ingest/ingest-corpus.js';
import { knownItems, reciprocalRanks } from '../testing/known-items.js';
import { copyTestCorpus } from '../testing/test-corpus.js';
import type { SearchService, ServeContext, Served } from './create-search.js';
import { createSearch } from './create-search.js';
import { inputHashOf } from './input-hash.js';

let test: TestStore;
let folder: string;
let root: string;
let search: SearchService;

beforeAll(async () => {
  test = await openTestStore();
  folder = createTestFolder();
  root = copyTestCorpus(folder);
  await ingestCorpus({ store: test.store, tenantId: test.tenantId, corpus: 'test', roots: [{ dir: root }] });
  search = createSearch({ store: test.store });
});

afterAll(async () => {
  removeTestFolder(folder);
  await test.close();
});

const ask = (query: string, over: Partial<SearchRequest> = {}): SearchRequest => ({
  query,
  limit: 10,
  ...over,
});
const serve = (request: SearchRequest, context?: ServeContext): Promise<Served> =>
  search.serveSearch(test.store, test.tenantId, request, context);

describe('search', () => {
  it('finds a function by its name, explains its rank, and gives the row to record', async () => {
    const { response, record } = await serve(ask('where is fitLandmarkMds'), { traceId: 't1', spanId: 's1' });
    const [first] = response.hits;
    expect(first).toMatchObject({
      path: 'numerics/mds.ts',
      symbol: 'fitLandmarkMds',
      language: 'typescript',
      kind: 'code',
    });
    expect(first.snippet).toContain('fitLandmarkMds');
    expect(first.why.bm25).toBeGreaterThan(0);
    expect(first.why.vector).toBeGreaterThan(0);
    expect(response.served).toEqual({ model: 'native', version: 1, cache: 'miss', arm: null });
    expect(response.timings['total']).toBeGreaterThan(0);
    expect(record).toMatchObject({
      id: response.requestId,
      status: 'ok',
      cacheHit: false,
      traceId: 't1',
      spanId: 's1',
      resultCount: response.hits.length,
    });
    expect(record.steps[0]).toEqual({ atomId: first.atomId, score: first.score, rank: 1 });
    expect(record.point?.every(Number.isFinite)).toBe(true);
  });

  it('finds a section of a document by a question', async () => {
    const { response } = await serve(ask('where are leases renewed', { filters: { kind: 'text' } }));
    expect(response.hits[0]).toMatchObject({ path: 'docs/guide.md', symbol: 'Renewing leases' });
  });

  it('filters before it ranks', async () => {
    const all = await serve(ask('distance', { limit: 50 }));
    expect(new Set(all.response.hits.map(({ path }) => path.split('/')[0])).size).toBeGreaterThan(1);
    for (const filters of [{ pathPrefix: 'loop/' }, { kind: 'text' as const }, { language: 'markdown' }]) {
      const { response } = await serve(ask('distance of evidence', { filters }));
      expect(response.hits.length).toBeGreaterThan(0);
      for (const hit of response.hits) {
        expect(hit.path.startsWith(filters.pathPrefix ?? '')).toBe(true);
        expect(hit.kind).toBe(filters.kind ?? hit.kind);
        expect(hit.language).toBe(filters.language ?? hit.language);
      }
    }
    expect((await serve(ask('distance', { filters: { pathPrefix: 'nowhere/' } }))).response.hits).toEqual([]);
  });

  it('answers a query without any term with nothing', async () => {
    for (const query of ['the of and', '!!!', '%_\\']) {
      const { response, record } = await serve(ask(query));
      expect(response.hits).toEqual([]);
      expect(record.point).toBeNull();
    }
  });

  it('shows a foreign tenant nothing, and refuses a foreign transaction', async () => {
    const other = await test.store.withSystem('test', (tx) => tx.tenants.ensure('other'));
    expect((await search.serveSearch(test.store, other.id, ask('fitLandmarkMds'))).response.hits).toEqual([]);
    const crossed = test.store.withTenant(other.id, (tx) =>
      search.serveSearch(tx, test.tenantId, ask('fitLandmarkMds')),
    );
    await expect(crossed).rejects.toMatchObject({ code: 'AUTH_FORBIDDEN' });
  });

  it('adds the position terms of the serving version', async () => {
    await test.store.withTenant(test.tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      const corpusVersion = await tx.ingestion.corpusVersion();
      const under = (ranking: typeof model.ranking) =>
        search.search(tx, ask('distance', { limit: 100 }), { model: { ...model, ranking }, corpusVersion });
      const plain = await under({ a: 0, b: 0, sigma: 10 });
      expect(plain.hits.every(({ why }) => why.position === 0)).toBe(true);
      const ranking = { a: 0.5, b: 4, sigma: 20 };
      const placed = await under(ranking);
      expect(placed.hits.map(({ atomId }) => atomId)).not.toEqual(plain.hits.map(({ atomId }) => atomId));
      const [qx, qy, qz] = placed.queryPoint ?? [NaN, NaN, NaN];
      const fused = new Map(plain.hits.map(({ atomId, score }) => [atomId, score]));
      for (const { atomId, score, position, why } of placed.hits) {
        const square = (position[0] - qx) ** 2 + (position[1] - qy) ** 2 + (position[2] - qz) ** 2;
        expect(why.position).toBeCloseTo(
          ranking.a * Math.exp(-square / 800) + (ranking.b * position[2]) / 10,
          9,
        );
        const before = fused.get(atomId);
        if (before !== undefined) expect(score).toBeCloseTo(before + why.position, 9);
      }
    });
  });

  it('ranks known items better than either part alone, typing errors included', async () => {
    const items = await knownItems(test.store, test.tenantId, 300, 2026);
    expect(items.length).toBe(300);
    const mrr = async (fusion: 'weighted' | 'bm25' | 'vector'): Promise<number> =>
      (await reciprocalRanks(search, test.store, test.tenantId, items, fusion))['all'];
    const [weighted, bm25, vector] = [await mrr('weighted'), await mrr('bm25'), await mrr('vector')];
    expect(weighted).toBeGreaterThan(bm25);
    expect(weighted).toBeGreaterThan(vector);
    expect(weighted).toBeGreaterThan(0.6);
  }, 300_000);

  it('gives the same answer in a replay, which writes nothing', async () => {
    await search.warm(test.tenantId);
    const request = ask('clamped affine');
    const direct = await serve(request);
    const replayed = await test.store.maintenance.replay(
      test.tenantId,
      { watched: [], hidden: false },
      (tx) => search.serveSearch(tx, test.tenantId, request, { cache: 'off', fresh: true }),
    );
    if ('unavailable' in replayed) throw new Error(replayed.unavailable);
    expect(replayed.value.response.hits).toEqual(direct.response.hits);
    expect(replayed.value.response.served.cache).toBe('off');
  });
});

describe('the answer cache', () => {
  it('serves treated keys, computes control keys, and forgets when the corpus changes', async () => {
    const requests = [ask('hilbert curve'), ask('bootstrap interval')];
    const plain = await Promise.all(requests.map((request) => serve(request)));
    const answers = await Promise.all(
      requests.map((r) => search.computeAnswer(test.store, test.tenantId, r)),
    );
    expect(answers.map(({ inputHash }) => inputHash)).toEqual(requests.map(inputHashOf));
    const actionId = newId();
    const [{ modelId, corpusVersion }] = answers;
    const tenant = <T>(work: Parameters<typeof test.store.withTenant<T>>[1]): Promise<T> =>
      test.store.withTenant(test.tenantId, work);
    await tenant((tx) =>
      tx.cache.load(modelId, corpusVersion, actionId, answers, new Date(Date.now() + 3_600_000)),
    );
    await tenant((tx) => tx.cache.drawArms(actionId, 3, [answers[0].inputHash]));

    const [treated, control] = await Promise.all(requests.map((request) => serve(request)));
    expect(treated.response.served).toMatchObject({ cache: 'hit', arm: 'treated' });
    expect(treated.record).toMatchObject({ cacheHit: true, actionId, blockNo: 3, arm: 'treated' });
    expect(treated.response.hits).toEqual(plain[0].response.hits);
    expect(treated.record.point).toEqual(plain[0].record.point);
    expect(control.response.served).toMatchObject({ cache: 'miss', arm: 'control' });
    expect(control.record).toMatchObject({ cacheHit: false, actionId, blockNo: 3, arm: 'control' });
    expect(control.response.hits).toEqual(plain[1].response.hits);

    const off = await serve(requests[0], { cache: 'off' });
    expect(off.record).toMatchObject({ cacheHit: false, arm: null, actionId: null });
    await tenant((tx) => tx.cache.keep(actionId));
    const kept = await serve(requests[1]);
    expect(kept.record).toMatchObject({ cacheHit: true, arm: null, actionId: null, blockNo: null });

    writeFileSync(join(root, 'docs/new.md'), '# Hilbert curve\n\nA new document about the hilbert curve.\n');
    await ingestCorpus({
      store: test.store,
      tenantId: test.tenantId,
      corpus: 'test',
      roots: [{ dir: root }],
    });
    const after = await serve(requests[0], { fresh: true });
    expect(after.record.cacheHit).toBe(false);
    expect(after.response.hits.some(({ path }) => path === 'docs/new.md')).toBe(true);
  });
});

describe('inputHashOf', () => {
  it('is equal for equal answers only', () => {
    const hash = inputHashOf(ask('a  b'));
    expect(inputHashOf(ask(' a b ', { sessionId: newId(), filters: {} }))).toBe(hash);
    expect(inputHashOf(ask('caf\u00e9'))).toBe(inputHashOf(ask('cafe\u0301')));
    const others = [ask('A b'), ask('a b', { limit: 11 }), ask('a b', { filters: { kind: 'text' } })];
    expect(new Set([hash, ...others.map(inputHashOf)]).size).toBe(4);
  });
});
