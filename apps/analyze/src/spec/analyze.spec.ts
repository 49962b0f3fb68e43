import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { handleOnce } from '@hartonomous/bus';
import { newId, type Envelope } from '@hartonomous/contracts';
import { KillSwitch, type Bus, type ServiceConfig } from '@hartonomous/service-kit';
import type { RequestRecord, TenantTransaction } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, patientClock, removeTestFolder } from '@hartonomous/testing';
import { AnalyzeHandler } from '../analyze.handler.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

let test: TestStore;
let home: string;
let handler: AnalyzeHandler;
beforeAll(async () => {
  test = await openTestStore();
  home = createTestFolder();
  const { store } = test;
  const bus = {
    once: (message: Envelope, work: never) => handleOnce({ store, service: 'analyze' }, message, work),
  } as unknown as Bus;
  const killSwitch = new KillSwitch({ store, clock: patientClock(), home, forced: false });
  handler = new AnalyzeHandler(store, bus, { loopScale: 60 } as ServiceConfig, killSwitch);
});
afterAll(async () => {
  await test?.close();
  removeTestFolder(home);
});

/** The same for all rows: they fall into one hour of the week. */
const startedAt = new Date(Date.now() - 60_000);

const requestOf = (
  modelId: string,
  durationMs: number,
  patch: Partial<RequestRecord> = {},
): RequestRecord => ({
  id: newId(),
  modelId,
  operation: 'search',
  inputHash: newId(),
  input: { query: 'lease', limit: 10 },
  startedAt,
  durationMs,
  status: 'ok',
  cacheHit: false,
  actionId: null,
  blockNo: null,
  arm: null,
  sessionId: null,
  traceId: null,
  spanId: null,
  resultCount: 1,
  steps: [],
  point: null,
  ...patch,
});

async function requested(tenantId: string, scope: 'full' | 'incremental' = 'full') {
  const { cycle } = await test.store.withTenant(tenantId, (tx) =>
    tx.cycles.request({ id: newId(), scope, requestedBy: 'test', dueAt: new Date() }),
  );
  const message: Envelope<'loop.cycle.requested'> = {
    v: 1,
    messageId: newId(),
    name: 'loop.cycle.requested',
    tenantId,
    epoch: cycle.epoch,
    refs: { cycleId: cycle.id },
  };
  return { message, cycle };
}

const tenant = async (): Promise<string> =>
  (await test.store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`))).id;

/** A warming that was kept ten hours of this loop ago, and whose answers nobody has asked for. */
async function keepAnswers(tx: TenantTransaction, keys: { inputHash: string }[]): Promise<string> {
  const model = await tx.models.ensureNative();
  const { cycle } = await tx.cycles.request({
    id: newId(),
    scope: 'full',
    requestedBy: 'test',
    dueAt: new Date(),
  });
  await tx.cycles.advance(cycle.id, 0, 'Requested', 'Failed');
  const action = await tx.actions.create({
    id: newId(),
    cycleId: cycle.id,
    hypothesisId: newId(),
    type: 'CacheWarming',
    target: 'answers',
    targetClass: 'answers',
    design: 'matched-key-pairs',
    actionClass: 'A',
    state: 'Verifying',
    planHash: 'a'.repeat(64),
    parameters: { modelId: model.id, keys },
    inverse: { kind: 'unload-answers' },
    snapshotHash: null,
    progress: {},
    fingerprint: null,
    reason: 'test',
    expected: { metric: 'latency', direction: 'lower', size: -0.7, low: -1, high: -0.1 },
    exposure: { requestsPerHour: 1, meanSeconds: 1 },
    traceId: null,
    expiresAt: null,
  });
  const entries = keys.map(({ inputHash }) => ({ inputHash, output: '{"hits":[]}', computeMs: 5 }));
  const tomorrow = new Date(Date.now() + 86_400_000);
  await tx.cache.load(model.id, await tx.ingestion.corpusVersion(), action.id, entries, tomorrow);
  await tx.cache.keep(action.id);
  const event = { name: 'gain-proven', reason: 'test', by: 'test', traceId: null };
  await tx.actions.transition(action, 'Kept', event, { appliedAt: new Date(Date.now() - 600_000) });
  return action.id;
}

const documentOf = async (tenantId: string, cycleId: string) =>
  (await test.store.withTenant(tenantId, (tx) => tx.cycles.observationOf(cycleId)))!.document;

describe('analyze', () => {
  it.each([0, 0.05])('reports the 10 slow requests of the acceptance set (jitter %d)', async (jitter) => {
    const tenantId = await tenant();
    const slow: string[] = [];
    await test.store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      const rows = Array.from({ length: 60 }, (_, i) => {
        const wave = 1 + jitter * (((i * 37) % 21) / 10 - 1);
        return requestOf(model.id, (i < 50 ? 200 : 2_500) * wave);
      });
      slow.push(...rows.slice(50).map((r) => r.id));
      await tx.requests.record(rows);
    });
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    const document = await documentOf(tenantId, cycle.id);
    const finding = document.findings.find((f) => f.kind === 'anomalous-requests')!;
    expect(finding.rowIds).toEqual(expect.arrayContaining(slow));
    expect(finding.rowIds.length).toBeLessThanOrEqual(12);
    expect(document.strata[0]).toMatchObject({ count: 60, p99Ms: null });
    expect(document.incidents!.length).toBeGreaterThan(0);
  });

  it('has its effect once, leaves a baseline and hands the cycle on', async () => {
    const tenantId = await tenant();
    const modelId = await test.store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      await tx.requests.record(Array.from({ length: 40 }, () => requestOf(model.id, 20)));
      return model.id;
    });
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    await handler.onRequested(message);
    const read = await test.store.withTenant(tenantId, async (tx) => ({
      cycle: await tx.cycles.get(cycle.id),
      settings: await tx.settings.all(),
      audit: await tx.audit.latest(20),
    }));
    expect(read.cycle).toMatchObject({ state: 'Observed', epoch: 1 });
    expect(JSON.parse(read.settings.get(`baseline.search|${modelId}`)!)).toMatchObject({
      count: 40,
      worse: [],
    });
    expect(read.audit.filter((row) => row.what === 'cycle.observed')).toHaveLength(1);
  });

  it('measures answers from the cache and computed ones apart', async () => {
    const tenantId = await tenant();
    const slow = newId();
    await test.store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      const wave = (i: number): number => 1 + ((i * 37) % 21) / 210;
      const rows = Array.from({ length: 200 }, (_, i) =>
        requestOf(model.id, (i % 5 === 0 ? 90 : 0.4) * wave(i), { cacheHit: i % 5 !== 0 }),
      );
      // As long as a computation takes, and far too long for a look-up.
      rows.push(requestOf(model.id, 90, { id: slow, cacheHit: true }));
      await tx.requests.record(rows);
    });
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    const { findings, strata } = await documentOf(tenantId, cycle.id);
    const out = findings.filter((f) => f.kind === 'anomalous-requests');
    expect(out).toHaveLength(1);
    expect(out[0]).toMatchObject({ rowIds: [slow], facts: { servedFrom: 'cache', requests: 161 } });
    expect(out[0]!.summary).toMatch(
      /^1 of 161 search requests answered from the cache took longer than 0\.\d+ ms, the median is 0\.4\d? ms$/,
    );
    expect(strata).toMatchObject([{ count: 201 }]);
    expect(strata[0]!.cacheHitRate).toBeCloseTo(161 / 201);
  });

  it('names the rows of a regression, and a few of the slowest where there are many', async () => {
    const tenantId = await tenant();
    const { modelId, slowest } = await test.store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      const rows = Array.from({ length: 400 }, (_, i) => requestOf(model.id, 300 + i));
      await tx.requests.record(rows);
      const baseline = {
        frozenAt: '2026-11-01T00:00:00.000Z',
        count: 400,
        lnMedian: Math.log(100),
        errorShare: 0,
        hours: {},
        worse: [true, true, true],
      };
      await tx.settings.set(`baseline.search|${model.id}`, JSON.stringify(baseline), 'test');
      return { modelId: model.id, slowest: rows.slice(-100).map((r) => r.id) };
    });
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    const { findings } = await documentOf(tenantId, cycle.id);
    const regression = findings.find((f) => f.kind === 'regression')!;
    expect(regression).toMatchObject({ rowCount: 400, facts: { scope: `stratum:search|${modelId}` } });
    expect(regression.rowIds).toHaveLength(200);
    expect(regression.rowIds.slice(0, 100).sort()).toEqual(slowest.sort());
    expect(regression.summary).toMatch(/^search is \d+ % slower, [\d.]+ min in total, than when/);
    for (const finding of findings) expect(finding.rowIds.length).toBeGreaterThan(0);
  });

  it('groups code that differs only in names, and says by name what it cannot observe', async () => {
    const tenantId = await tenant();
    const texts = ['a = b', 'c = d', 'e(f)'].map((text) => ({
      modality: 'code' as const,
      text: `${text} // ${newId()}`,
    }));
    const before = await requested(tenantId);
    await handler.onRequested(before.message);
    expect((await documentOf(tenantId, before.cycle.id)).unavailable).toContain(
      'duplicate code: no shapes of code atoms are stored',
    );
    const ids = await test.store.withTenant(tenantId, async (tx) => {
      await tx.cycles.advance(before.cycle.id, before.cycle.epoch + 1, 'Observed', 'Failed');
      await tx.atoms.merge(texts);
      const held = await tx.corpus.matching({});
      await tx.code.put(
        held.map((atomId, i) => ({
          atomId,
          path: `src/${i}.ts`,
          symbol: `f${i}`,
          language: 'typescript',
          astSignature: (i < 2 ? 'a' : 'b').repeat(64),
          minhash: Buffer.alloc(16, i),
        })),
      );
      return held;
    });
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    const { findings, unavailable } = await documentOf(tenantId, cycle.id);
    const clones = findings.find((f) => f.kind === 'duplicate-code')!;
    expect(clones).toMatchObject({ rowCount: 2 });
    expect(clones.rowIds.toSorted()).toEqual(ids.slice(0, 2).toSorted());
    expect(clones.summary).toBe(
      '2 pieces of code in 1 group differ only in names and literals; f0 in src/0.ts and f1 in src/1.ts are in the largest',
    );
    expect(unavailable.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['unusual inputs', 'use of weights']),
    );
  });

  it('names kept answers that hardly anybody asks for, with the requests behind them', async () => {
    const tenantId = await tenant();
    const keys = Array.from({ length: 12 }, (_, i) => ({
      inputHash: String(i % 10).repeat(63) + 'abcdef'[i % 6],
      input: { query: `words ${i}`, limit: 10 },
      count: 9,
    }));
    const kept = await test.store.withTenant(tenantId, (tx) => keepAnswers(tx, keys));
    const { message, cycle } = await requested(tenantId);
    await handler.onRequested(message);
    const { findings } = await documentOf(tenantId, cycle.id);
    const idle = findings.find((f) => f.kind === 'idle-answers')!;
    expect(idle).toMatchObject({ rowCount: 12, facts: { actionId: kept, answers: 12, idle: 12 } });
    expect(idle.rowIds.toSorted()).toEqual(keys.map((k) => k.inputHash).toSorted());
    const told = (idle.facts['keys'] as { inputHash: string; input: unknown }[])[0]!;
    expect(told.input).toEqual(keys.find((k) => k.inputHash === told.inputHash)!.input);
  });

  it('does nothing while the kill switch is on', async () => {
    const tenantId = await tenant();
    const { message, cycle } = await requested(tenantId);
    const flip = (on: boolean) =>
      test.store.withSystem('test', (tx) => tx.plumbing.setKillSwitch(on, 'test', 'test'));
    await flip(true);
    try {
      await expect(handler.onRequested(message)).rejects.toMatchObject({ code: 'KILL_SWITCH_ON' });
      const same = await test.store.withTenant(tenantId, (tx) => tx.cycles.get(cycle.id));
      expect(same!.state).toBe('Requested');
    } finally {
      await flip(false);
    }
  });
});
