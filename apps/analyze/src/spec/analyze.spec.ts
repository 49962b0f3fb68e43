import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { handleOnce } from '@hartonomous/bus';
import { newId, type Envelope } from '@hartonomous/contracts';
import { KillSwitch, type Bus, type ServiceConfig } from '@hartonomous/service-kit';
import type { RequestRecord } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, patientClock, removeTestFolder } from '@hartonomous/testing';
import { AnalyzeHandler } from '../analyze.handler.js';

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
