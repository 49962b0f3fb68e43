import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { RequestRecord, Store } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { RequestRecorder } from './request-recorder.js';

let test: TestStore;
let modelId: string;

beforeAll(async () => {
  test = await openTestStore();
  modelId = (await test.store.withTenant(test.tenantId, (tx) => tx.models.ensureNative())).id;
});

afterAll(() => test.close());

const startedAt = new Date('2026-11-21T10:00:00Z');

const record = (over: Partial<RequestRecord> = {}): RequestRecord => ({
  id: newId(),
  modelId,
  operation: 'search',
  inputHash: 'a'.repeat(64),
  input: { query: 'q', limit: 10 },
  startedAt,
  durationMs: 3,
  status: 'ok',
  cacheHit: false,
  actionId: null,
  blockNo: null,
  arm: null,
  sessionId: newId(),
  traceId: null,
  spanId: null,
  resultCount: 0,
  steps: [],
  point: [1, 2, 3],
  ...over,
});

const count = (): Promise<number> =>
  test.store.withTenant(test.tenantId, (tx) =>
    tx.requests.count(new Date(startedAt.getTime() - 1000), new Date(startedAt.getTime() + 1000)),
  );

/** The real store, whose tenant transactions first pass through `gate`. */
const gated = (gate: () => Promise<void>): Store =>
  new Proxy(test.store, {
    get: (store, key) =>
      key === 'withTenant'
        ? async (...args: Parameters<Store['withTenant']>) => {
            await gate();
            return store.withTenant(...args);
          }
        : (Reflect.get(store, key) as unknown),
  });

describe('RequestRecorder', () => {
  it('writes every row once, in batches', async () => {
    const before = await count();
    let writes = 0;
    // Its time does not come: a batch is written because it is full, the last one at the end.
    const recorder = new RequestRecorder({ store: gated(async () => void writes++), flushMs: 3_600_000 });
    const rows = Array.from({ length: 450 }, () => record());
    for (const row of rows) await recorder.add(test.tenantId, row);
    await recorder.add(test.tenantId, rows[0]);
    await recorder.close();
    expect(await count()).toBe(before + 450);
    expect(writes).toBe(3);
    await expect(recorder.add(test.tenantId, record())).rejects.toThrow('closed');
  });

  it('writes without being asked', async () => {
    const before = await count();
    const recorder = new RequestRecorder({ store: test.store, flushMs: 20 });
    await recorder.add(test.tenantId, record());
    while ((await count()) === before);
    await recorder.close();
    expect(await count()).toBe(before + 1);
  });

  it('keeps rows through faults and tells of them', async () => {
    const before = await count();
    const told: number[] = [];
    let faults = 2;
    const store = gated(async () => {
      if (faults-- > 0) throw new Error('the store is away');
    });
    const recorder = new RequestRecorder({ store, flushMs: 5, onError: (_, waiting) => told.push(waiting) });
    for (let i = 0; i < 20; i++) await recorder.add(test.tenantId, record());
    await expect(recorder.flush()).rejects.toThrow('the store is away');
    await expect(recorder.flush()).rejects.toThrow('the store is away');
    await recorder.close();
    expect(told).toEqual([20, 20]);
    expect(await count()).toBe(before + 20);
  });

  it('makes senders wait while its buffer is full', async () => {
    const before = await count();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const recorder = new RequestRecorder({ store: gated(() => gate), batchRows: 4, capacityRows: 8 });
    let accepted = 0;
    const senders = Array.from({ length: 12 }, async () => {
      await recorder.add(test.tenantId, record());
      accepted++;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(accepted).toBe(8);
    open();
    await Promise.all(senders);
    await recorder.close();
    expect(await count()).toBe(before + 12);
  });

  it('counts the hits of cached answers', async () => {
    const inputHash = 'b'.repeat(64);
    const actionId = newId();
    await test.store.withTenant(test.tenantId, (tx) =>
      tx.cache.load(
        modelId,
        0,
        actionId,
        [{ inputHash, output: '{}', computeMs: 5 }],
        new Date(Date.now() + 60_000),
      ),
    );
    const recorder = new RequestRecorder({ store: test.store });
    for (let i = 0; i < 3; i++) await recorder.add(test.tenantId, record({ inputHash, cacheHit: true }));
    await recorder.close();
    const entries = await test.store.withTenant(test.tenantId, (tx) => tx.cache.entries(actionId));
    expect(entries).toEqual([{ inputHash, enabled: false, hits: 3 }]);
  });
});
