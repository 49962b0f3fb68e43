import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { openCycle, requestOf } from './samples.js';

const from = new Date('2026-11-01T10:00:00.000Z');
const to = new Date('2026-11-01T12:00:00.000Z');
const at = (minutes: number): Date => new Date(from.getTime() + minutes * 60_000);

/** What Analyze reads set-based. */
export function analysisContract(fixture: EngineFixture): void {
  describe('analysis', () => {
    const c = contractStore(fixture);
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
      c().store.withTenant(tenantId, work);

    it('counts latencies by stratum, slot and bucket over all rows of the window', async () => {
      const modelId = newId();
      const rows = [1, 30, 59, 61, 119].map((minute, i) =>
        requestOf(modelId, { startedAt: at(minute), durationMs: i < 2 ? 100 : 200 }),
      );
      const failed = requestOf(modelId, { startedAt: at(10), status: 'error' });
      const outside = requestOf(modelId, { startedAt: to });
      await inTenant((tx) => tx.requests.record([...rows, failed, outside]));
      const counts = await inTenant((tx) => tx.analysis.latencyCounts(from, to, 3_600_000));
      const own = counts.filter((r) => r.model === modelId);
      const of = (bucket: number | null, slot: number) =>
        own.find((r) => r.bucket === bucket && r.slot === slot)?.count;
      const [fast, slow] = [100, 200].map((ms) => Math.floor(Math.log(ms) * 100));
      expect(own.reduce((sum, r) => sum + r.count, 0)).toBe(6);
      expect([of(fast, 1), of(slow, 1), of(slow, 0), of(null, 1)]).toEqual([2, 1, 2, 1]);
      expect(own.find((r) => r.bucket === null)).toMatchObject({ failed: 1 });
      expect(
        await inTenant((tx) => tx.analysis.latencyCounts(from, to, 3_600_000), c().otherTenantId),
      ).toEqual([]);
    });

    it('counts all slow requests and names the slowest', async () => {
      const modelId = newId();
      const rows = [10, 20, 30, 40].map((durationMs) => requestOf(modelId, { startedAt: at(5), durationMs }));
      await inTenant((tx) => tx.requests.record(rows));
      const limits = [{ operation: 'search', model: modelId, aboveMs: 15 }];
      const [slow] = await inTenant((tx) => tx.analysis.slowRequests(from, to, limits, 2));
      expect(slow).toMatchObject({ count: 3, ids: [rows[3]!.id, rows[2]!.id] });
      const newest = await inTenant((tx) =>
        tx.analysis.newestRequests(from, to, { operation: 'search', model: modelId }, 3),
      );
      expect(newest).toHaveLength(3);
      expect(newest[0]).toMatchObject({ status: 'ok', tokens: 0, startedAt: at(5) });
      expect(await inTenant((tx) => tx.analysis.slowRequests(from, to, [], 2))).toEqual([]);
    });

    it('reads no ratings and no ended sessions where there are none', async () => {
      expect(await inTenant((tx) => tx.analysis.ratings(from, to, 5))).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.endedSessions(from, to, 5))).toEqual([]);
    });

    it('keeps metrics, newest first', async () => {
      const { cycleId } = await inTenant(openCycle);
      const name = `m-${newId()}`;
      const row = (value: number) => ({ cycleId, name, label: 'a', value, low: null, high: 2 });
      await inTenant((tx) => tx.analysis.addMetrics([row(1)]));
      await new Promise((resolve) => setTimeout(resolve, 5));
      await inTenant((tx) => tx.analysis.addMetrics([row(3)]));
      const read = await inTenant((tx) => tx.analysis.metrics(name, 5));
      expect(read.map((r) => r.value)).toEqual([3, 1]);
      expect(read[0]).toMatchObject({ ...row(3), at: expect.any(Date) });
      expect(await inTenant((tx) => tx.analysis.metrics(name, 5), c().otherTenantId)).toEqual([]);
    });
  });
}
