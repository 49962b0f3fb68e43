import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { RequestRecord } from '../port/serving.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { requestOf, sha256 } from './samples.js';

const from = new Date('2026-11-01T00:00:00Z');
const to = new Date('2026-11-02T00:00:00Z');
const second = (n: number) => new Date(Date.UTC(2026, 10, 1, 10, 0, n));
const hash = (text: string) => sha256(text).toString('hex');

type InTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId?: string) => Promise<T>;

export function servingContract(fixture: EngineFixture): void {
  describe('serving', () => {
    let model = '';
    const c = contractStore(fixture, async ({ store, tenantId }) => {
      model = (await store.withTenant(tenantId, (tx) => tx.models.ensureNative())).id;
    });
    const modelId = () => model;
    const inTenant: InTenant = (work, tenantId = c().tenantId) => c().store.withTenant(tenantId, work);
    recordLaws(c, inTenant, modelId);
    workloadLaws(c, inTenant, modelId);
    armLaws(inTenant, modelId);
    cacheLaws(inTenant, modelId);
  });
}

function recordLaws(c: Contract, inTenant: InTenant, modelId: () => string): void {
  it('records requests, steps and sessions in bulk, each once', async () => {
    const sessionId = newId();
    const rows = [
      requestOf(modelId(), {
        sessionId,
        startedAt: second(2),
        steps: [{ atomId: newId(), score: 1, rank: 0 }],
      }),
      requestOf(modelId(), {
        sessionId,
        startedAt: second(1),
        traceId: 'trace',
        spanId: 'span',
        durationMs: 40,
      }),
      requestOf(modelId(), { startedAt: second(3), point: null, steps: [], resultCount: 0 }),
    ];
    await inTenant((tx) => tx.requests.record(rows));
    await inTenant((tx) =>
      tx.requests.record([...rows.slice(0, 2), requestOf(modelId(), { startedAt: second(4) })]),
    );
    expect(await inTenant((tx) => tx.requests.count(from, to))).toBe(4);
    expect(await inTenant((tx) => tx.requests.count(from, second(4)))).toBe(3);
    expect(await inTenant((tx) => tx.workload.oldestRequestAt())).toEqual(second(1));
    const [session] = await c().asOwner(`select started_at as at from session where id = '${sessionId}'`);
    expect(session['at']).toEqual(second(1));
    const path = await c().asOwner(
      `select request_id as id from session_path where session_id = '${sessionId}' order by visited_at`,
    );
    expect(path.map((row) => String(row['id']).toLowerCase())).toEqual([rows[1].id, rows[0].id]);
    const slowest = await inTenant((tx) => tx.workload.slowest(from, to, 2));
    expect(slowest[0]).toEqual({
      id: rows[1].id,
      traceId: 'trace',
      spanId: 'span',
      durationMs: 40,
      startedAt: second(1),
    });
    await inTenant((tx) => tx.requests.record([]));
  });
}

function workloadLaws(c: Contract, inTenant: InTenant, modelId: () => string): void {
  it('describes strata by all rows, and percentiles only where rows carry them', async () => {
    const tenant = await c().store.withSystem('contract', (tx) => tx.tenants.ensure(`strata-${newId()}`));
    const rows = Array.from({ length: 29 }, (_, i) =>
      requestOf(modelId(), { durationMs: i + 1, cacheHit: i < 6 }),
    );
    rows.push(requestOf(modelId(), { durationMs: 0.1, status: 'error' }));
    rows.push(requestOf(modelId(), { operation: 'similar', durationMs: 7 }));
    await inTenant((tx) => tx.requests.record(rows), tenant.id);
    const strata = await inTenant((tx) => tx.workload.strata(from, to), tenant.id);
    expect(strata).toEqual([
      {
        operation: 'search',
        model: modelId(),
        count: 30,
        errors: 1,
        p50Ms: 15,
        p90Ms: 27,
        p95Ms: null,
        p99Ms: null,
        cacheHitRate: 0.2,
        meanRating: null,
      },
      {
        operation: 'similar',
        model: modelId(),
        count: 1,
        errors: 0,
        p50Ms: null,
        p90Ms: null,
        p95Ms: null,
        p99Ms: null,
        cacheHitRate: 0,
        meanRating: null,
      },
    ]);
    expect(await inTenant((tx) => tx.workload.strata(to, new Date(+to + 1)), tenant.id)).toEqual([]);
  });

  it('ranks keys by use and samples with a seed', async () => {
    const tenant = await c().store.withSystem('contract', (tx) => tx.tenants.ensure(`keys-${newId()}`));
    const of = (query: string, n: number): RequestRecord[] =>
      Array.from({ length: n }, (_, i) =>
        requestOf(modelId(), { input: { query, limit: 10 }, durationMs: i + 1, cacheHit: i === 0 }),
      );
    await inTenant((tx) => tx.requests.record([...of('a', 5), ...of('b', 9), ...of('c', 2)]), tenant.id);
    const keys = await inTenant((tx) => tx.workload.topKeys(from, to, 2), tenant.id);
    expect(keys).toEqual([
      { inputHash: hash('b'), input: { query: 'b', limit: 10 }, count: 9, meanMs: 5, cacheHits: 1 },
      { inputHash: hash('a'), input: { query: 'a', limit: 10 }, count: 5, meanMs: 3, cacheHits: 1 },
    ]);
    const sample = (seed: number) => inTenant((tx) => tx.workload.sample(from, to, 8, seed), tenant.id);
    const first = await sample(1);
    expect(first).toHaveLength(8);
    expect(await sample(1)).toEqual(first);
    expect(await sample(2)).not.toEqual(first);
  });
}

function armLaws(inTenant: InTenant, modelId: () => string): void {
  it('reads the durations of an experiment block by arm, and of untreated keys', async () => {
    const actionId = newId();
    const day = new Date('2026-11-05T00:00:00Z');
    const at = (n: number) => new Date(+day + n * 1_000);
    const row = (n: number, patch: Partial<RequestRecord>) =>
      requestOf(modelId(), { startedAt: at(n), durationMs: n, input: { query: 'arm', limit: 1 }, ...patch });
    const rows = [
      row(1, { actionId, blockNo: 0, arm: 'treated' }),
      row(2, { actionId, blockNo: 0, arm: 'control', status: 'timeout' }),
      row(3, { actionId, blockNo: 1, arm: 'treated' }),
      row(4, {}),
    ];
    await inTenant((tx) => tx.requests.record(rows));
    const block = await inTenant((tx) => tx.workload.armDurations(actionId, 0));
    expect(block.map((r) => [r.arm, r.durationMs, r.status])).toEqual([
      ['treated', 1, 'ok'],
      ['control', 2, 'timeout'],
    ]);
    const end = new Date(+day + 86_400_000);
    const untreated = await inTenant((tx) => tx.workload.keyDurations(day, end, [hash('arm')]));
    expect(untreated.map((r) => r.durationMs)).toEqual([2, 4]);
    expect(await inTenant((tx) => tx.workload.keyDurations(day, end, []))).toEqual([]);
  });
}

function cacheLaws(inTenant: InTenant, modelId: () => string): void {
  const actionId = newId();
  const entries = ['k1', 'k2', 'k3'].map((k) => ({
    inputHash: hash(k),
    output: `{"k":"${k}"}`,
    computeMs: 4,
  }));
  const later = () => new Date(Date.now() + 3_600_000);
  const load = (by: string, corpusVersion: number, expiresAt = later()) =>
    inTenant((tx) => tx.cache.load(modelId(), corpusVersion, by, entries, expiresAt));
  const find = (k: string, corpusVersion = 5) =>
    inTenant((tx) => tx.cache.find(modelId(), corpusVersion, hash(k)));

  it('loads answers disabled, draws arms, keeps and unloads', async () => {
    expect(await load(actionId, 5)).toBe(3);
    expect(await find('k1')).toMatchObject({ enabled: false, measuring: true, actionId, blockNo: null });
    await inTenant((tx) => tx.cache.drawArms(actionId, 2, [hash('k1'), hash('k3')]));
    const arms = async () =>
      (await inTenant((tx) => tx.cache.entries(actionId))).filter((e) => e.enabled).length;
    expect(await find('k1')).toMatchObject({ enabled: true, blockNo: 2, output: '{"k":"k1"}' });
    expect(await find('k2')).toMatchObject({ enabled: false, blockNo: 2 });
    await inTenant((tx) => tx.cache.drawArms(actionId, 3, [hash('k2')]));
    expect(await arms()).toBe(1);
    await inTenant((tx) => tx.cache.drawArms(actionId, 4, []));
    expect(await arms()).toBe(0);
    expect(await inTenant((tx) => tx.cache.keep(actionId))).toBe(3);
    expect(await find('k2')).toMatchObject({ enabled: true, measuring: false });
    await inTenant((tx) => tx.cache.drawArms(actionId, 5, []));
    expect(await arms()).toBe(3);
  });

  it('does not serve another corpus version, an expired answer or another tenant', async () => {
    expect(await find('k1', 6)).toBeNull();
    expect(await find('absent')).toBeNull();
    const other = newId();
    expect(await load(other, 5)).toBe(0);
    expect(await load(other, 6, new Date(Date.now() - 1_000))).toBe(3);
    expect(await find('k1', 6)).toBeNull();
    expect(await load(actionId, 6)).toBe(3);
    expect(await find('k1', 6)).toMatchObject({ actionId });
  });

  it('counts hits and the time they saved, and undoes a load', async () => {
    const hits = [
      { inputHash: hash('k1'), count: 2 },
      { inputHash: hash('k1'), count: 1 },
      { inputHash: hash('absent'), count: 9 },
    ];
    await inTenant((tx) => tx.cache.countHits(modelId(), hits));
    expect((await inTenant((tx) => tx.cache.entries(actionId))).map((e) => e.hits).sort()).toEqual([0, 0, 3]);
    const size = await inTenant((tx) => tx.cache.size());
    expect(size.entries).toBe(3);
    expect(size.bytes).toBeGreaterThanOrEqual(30);
    expect(await inTenant((tx) => tx.cache.unload(actionId))).toBe(3);
    expect(await inTenant((tx) => tx.cache.size())).toEqual({ entries: 0, bytes: 0 });
  });
}
