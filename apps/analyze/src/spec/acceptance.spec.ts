import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publish } from '@hartonomous/bus';
import { newId } from '@hartonomous/contracts';
import { createRng } from '@hartonomous/numerics';
import type { RequestRecord } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, removeTestFolder, spawnNode, type NodeProcess } from '@hartonomous/testing';

// The service as it is started in production, a process of its own, reached over the queue.
let test: TestStore;
let home: string;
let service: NodeProcess;
beforeAll(async () => {
  test = await openTestStore();
  home = createTestFolder();
  service = spawnNode(new URL('../main.js', import.meta.url), {
    env: {
      STORE_URL: test.urls.url,
      STORE_SYSTEM_URL: test.urls.systemUrl,
      STORE_MAINTENANCE_URL: test.urls.maintenanceUrl,
      QUEUE_URL: test.urls.queueUrl,
      HARTO_HOME: home,
      LOG_LEVEL: 'warn',
    },
  });
  await service.line(/"event":"ready"/);
}, 300_000);
afterAll(async () => {
  await service?.stop();
  await test?.close();
  removeTestFolder(home);
}, 300_000);

const traceId = 'c'.repeat(32);

/** 50 requests of 200 ms and 10 of 2500 ms among them, over an hour; the ids of the ten. */
async function recordAcceptanceSet(tenantId: string, jitter: number): Promise<string[]> {
  const rng = createRng(7);
  return test.store.withTenant(tenantId, async (tx) => {
    const model = await tx.models.ensureNative();
    const endMs = (await tx.now()).getTime() - 60_000;
    const rows = Array.from({ length: 60 }, (_, i): RequestRecord => {
      const slow = i % 6 === 5;
      return {
        id: newId(),
        modelId: model.id,
        operation: 'search',
        inputHash: newId().replaceAll('-', '').padEnd(64, '0'),
        input: { query: `lease ${i}`, limit: 10 },
        startedAt: new Date(endMs - (60 - i) * 60_000),
        durationMs: (slow ? 2_500 : 200) * (1 + jitter * (2 * rng() - 1)),
        status: 'ok',
        cacheHit: false,
        actionId: null,
        blockNo: null,
        arm: null,
        sessionId: null,
        traceId,
        spanId: 'd'.repeat(16),
        resultCount: 10,
        steps: [],
        point: null,
      };
    });
    await tx.requests.record(rows);
    return rows.filter((_, i) => i % 6 === 5).map((r) => r.id);
  });
}

async function observed(tenantId: string) {
  const { store } = test;
  const cycleId = newId();
  await store.withTenant(tenantId, async (tx) => {
    const asked = { id: cycleId, scope: 'full', requestedBy: 'test', dueAt: new Date() } as const;
    const { cycle } = await tx.cycles.request(asked);
    await publish(tx, { name: 'loop.cycle.requested', epoch: cycle.epoch, refs: { cycleId } });
  });
  for (;;) {
    const cycle = (await store.withTenant(tenantId, (tx) => tx.cycles.get(cycleId)))!;
    if (cycle.state !== 'Requested') {
      const observation = await store.withTenant(tenantId, (tx) => tx.cycles.observationOf(cycleId));
      return { cycle, document: observation!.document };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the acceptance set through the running service', () => {
  it.each([0, 0.05])(
    'is reported: the 10, and at most 2 of the 50 (jitter %d)',
    async (jitter) => {
      const tenant = await test.store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`));
      const slow = await recordAcceptanceSet(tenant.id, jitter);
      const { cycle, document } = await observed(tenant.id);
      const [finding] = document.findings.filter((f) => f.kind === 'anomalous-requests');
      expect(finding!.rowIds).toEqual(expect.arrayContaining(slow));
      expect(finding!.rowIds.length).toBeLessThanOrEqual(12);
      expect(finding!.summary).toMatch(/^10 of 60 search requests computed took longer than \d+ ms/);
      expect(document.strata).toMatchObject([{ operation: 'search', count: 60, errors: 0 }]);
      // The cycle goes on in the trace of the request that it noticed.
      expect(cycle).toMatchObject({ state: 'Observed', traceId });
    },
    300_000,
  );
});
