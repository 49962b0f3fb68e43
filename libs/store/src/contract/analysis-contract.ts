import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { RequestPick } from '../port/analysis.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { actionOf, openCycle, requestOf, sha256 } from './samples.js';

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

    const pickOf = (model: string, patch: Partial<RequestPick> = {}): RequestPick => ({
      operation: 'search',
      model,
      cacheHit: null,
      sizeClass: null,
      from,
      to,
      aboveMs: -1,
      failed: false,
      ...patch,
    });

    it('keeps answers from the cache apart', async () => {
      const modelId = newId();
      const rows = [false, false, true].map((cacheHit) => requestOf(modelId, { startedAt: at(5), cacheHit }));
      await inTenant((tx) => tx.requests.record(rows));
      const counts = await inTenant((tx) => tx.analysis.latencyCounts(from, to, 3_600_000));
      const own = counts.filter((r) => r.model === modelId);
      expect(own.find((r) => r.cacheHit)).toMatchObject({ count: 1 });
      expect(own.find((r) => !r.cacheHit)).toMatchObject({ count: 2 });
      const picks = [true, false, null].map((cacheHit) => pickOf(modelId, { cacheHit }));
      const slow = await inTenant((tx) => tx.analysis.slowRequests(picks, 9));
      expect(slow.map((s) => s.count)).toEqual([1, 2, 3]);
    });

    it('keeps requests of different sizes apart, and those whose tokens were not counted', async () => {
      const modelId = newId();
      const sizes = [1, 4, 5, 64, 300, null, undefined];
      const rows = sizes.map((tokens) => requestOf(modelId, { startedAt: at(5), tokens }));
      await inTenant((tx) => tx.requests.record(rows));
      const counts = await inTenant((tx) => tx.analysis.latencyCounts(from, to, 3_600_000));
      const own = counts.filter((r) => r.model === modelId).map((r) => [r.sizeClass, r.count]);
      expect(new Map(own as [number | null, number][])).toEqual(
        new Map([
          [0, 2],
          [1, 1],
          [2, 1],
          [4, 1],
          [null, 2],
        ]),
      );
      const picks = [0, 3, 4, null].map((sizeClass) => pickOf(modelId, { sizeClass }));
      const newest = await inTenant((tx) => tx.analysis.newestRequests(picks, 9));
      expect(newest.map((found) => found.length)).toEqual([2, 0, 1, 2]);
      expect(newest[2]).toMatchObject([{ id: rows[4]!.id, tokens: 300 }]);
    });

    it('reads what requests asked, and where sessions went', async () => {
      const modelId = newId();
      const [one, two] = [newId(), newId()];
      const rows = [3, 1, 2].map((minute) =>
        requestOf(modelId, {
          startedAt: at(minute),
          sessionId: one,
          input: { query: `minute ${minute}`, limit: 3 },
          point: [minute, 10 * minute, 0],
        }),
      );
      await inTenant((tx) => tx.requests.record([...rows, requestOf(modelId, { sessionId: two })]));
      const ids = rows.map((r) => r.id);
      const inputs = await inTenant((tx) => tx.analysis.inputs([ids[0]!, newId()]));
      expect(inputs).toEqual([{ id: ids[0], input: { query: 'minute 3', limit: 3 } }]);
      const paths = await inTenant((tx) => tx.analysis.sessionPaths([one, newId()], 2));
      expect(paths).toEqual([{ id: one, points: [1, 10, 2, 20] }]);
      expect(await inTenant((tx) => tx.analysis.inputs(ids), c().otherTenantId)).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.sessionPaths([one], 2), c().otherTenantId)).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.inputs([]))).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.sessionPaths([], 2))).toEqual([]);
    });

    it('counts all slow requests of each pick and names the slowest', async () => {
      const [one, two] = [newId(), newId()];
      const rows = [10, 20, 30, 40].map((durationMs) => requestOf(one, { startedAt: at(5), durationMs }));
      const other = requestOf(two, { startedAt: at(90), durationMs: 7 });
      const failed = requestOf(two, { startedAt: at(1), durationMs: 3, status: 'error' });
      await inTenant((tx) => tx.requests.record([...rows, other, failed]));
      const picks = [
        pickOf(one, { aboveMs: 15 }),
        pickOf(two),
        pickOf(two, { failed: true }),
        pickOf(two, { to: at(90) }),
      ];
      const slow = await inTenant((tx) => tx.analysis.slowRequests(picks, 2));
      expect(slow).toEqual([
        { count: 3, ids: [rows[3]!.id, rows[2]!.id] },
        { count: 1, ids: [other.id] },
        { count: 1, ids: [failed.id] },
        { count: 0, ids: [] },
      ]);
      expect(await inTenant((tx) => tx.analysis.slowRequests([], 2))).toEqual([]);
      const elsewhere = await inTenant((tx) => tx.analysis.slowRequests(picks, 2), c().otherTenantId);
      expect(elsewhere.map((s) => s.count)).toEqual([0, 0, 0, 0]);
    });

    it('reads the newest requests of each pick', async () => {
      const modelId = newId();
      const rows = [1, 2, 3, 4].map((minute) => requestOf(modelId, { startedAt: at(minute) }));
      await inTenant((tx) => tx.requests.record(rows));
      const picks = [pickOf(modelId), pickOf(modelId, { to: at(2) }), pickOf(newId())];
      const [newest, older, none] = await inTenant((tx) => tx.analysis.newestRequests(picks, 3));
      expect(newest!.map((r) => r.id)).toEqual([rows[3]!.id, rows[2]!.id, rows[1]!.id]);
      expect(newest![0]).toMatchObject({ status: 'ok', tokens: 0, startedAt: at(4) });
      expect(older).toHaveLength(1);
      expect(none).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.newestRequests([], 2))).toEqual([]);
    });

    it('finds the slowest request that has a trace', async () => {
      const modelId = newId();
      const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
      const rows = [
        requestOf(modelId, { startedAt: at(1), durationMs: 10, ...trace }),
        requestOf(modelId, { startedAt: at(1), durationMs: 20, ...trace }),
        requestOf(modelId, { startedAt: at(1), durationMs: 30, traceId: null, spanId: null }),
      ];
      await inTenant((tx) => tx.requests.record(rows));
      const ids = rows.map((r) => r.id);
      expect(await inTenant((tx) => tx.analysis.traced(ids))).toEqual({
        id: ids[1],
        ...trace,
        durationMs: 20,
      });
      expect(await inTenant((tx) => tx.analysis.traced(ids.slice(2)))).toBeNull();
      expect(await inTenant((tx) => tx.analysis.traced([]))).toBeNull();
      expect(await inTenant((tx) => tx.analysis.traced(ids), c().otherTenantId)).toBeNull();
    });

    it('reads no ratings and no ended sessions where there are none', async () => {
      expect(await inTenant((tx) => tx.analysis.ratings(from, to, 5))).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.endedSessions(from, to, 5))).toEqual([]);
    });

    it('reads the answers that kept actions left in the cache, and how they are used', async () => {
      const until = new Date(Date.now() + 3_600_000);
      const hash = (text: string) => sha256(text).toString('hex');
      const event = { name: 'e', reason: 'r', by: 'b', traceId: null };
      const { modelId, kept, open } = await inTenant(async (tx) => {
        const { cycleId, hypothesisId } = await openCycle(tx);
        const model = await tx.models.ensureNative();
        const load = async (hashes: string[], owner: string, expires = until) => {
          const entries = hashes.map((h) => ({ inputHash: hash(h), output: '[1]', computeMs: 4 }));
          await tx.cache.load(model.id, 7, owner, entries, expires);
        };
        const action = await tx.actions.create(
          actionOf(cycleId, hypothesisId, { state: 'Verifying', inverse: { kind: 'none' } }),
        );
        await load(['a', 'b', 'c'], action.id);
        await load(['old'], action.id, new Date(0));
        await tx.cache.keep(action.id);
        await tx.actions.transition(action, 'Kept', event, { appliedAt: at(1) });
        const measured = newId();
        await load(['m'], measured);
        await tx.cache.drawArms(measured, 1, [hash('m')]);
        await tx.cache.countHits(model.id, [
          { inputHash: hash('a'), count: 3 },
          { inputHash: hash('b'), count: 1 },
        ]);
        return { modelId: model.id, kept: action.id, open: measured };
      });
      expect(open).not.toBe(kept);
      const read = await inTenant((tx) => tx.analysis.keptAnswers(7, 99));
      expect(read.count).toBe(4);
      expect(read.sizeBytes).toBeGreaterThanOrEqual(4 * 3);
      expect(read.answers.map((a) => [a.inputHash, a.hits])).toEqual([
        [hash('c'), 0],
        [hash('b'), 1],
        [hash('a'), 3],
      ]);
      expect(read.answers[0]).toMatchObject({ actionId: kept, modelId, since: at(1), computeMs: 4 });
      expect((await inTenant((tx) => tx.analysis.keptAnswers(7, 2))).answers).toHaveLength(2);
      expect(await inTenant((tx) => tx.analysis.keptAnswers(8, 9))).toMatchObject({ answers: [], count: 0 });
      const keys = ['a', 'm', 'old', 'x'].map(hash);
      const cached = await inTenant((tx) => tx.analysis.cachedKeys(modelId, 7, keys));
      expect(cached.toSorted()).toEqual([hash('a'), hash('m')].toSorted());
      expect(await inTenant((tx) => tx.analysis.cachedKeys(modelId, 7, []))).toEqual([]);
      expect(await inTenant((tx) => tx.analysis.keptAnswers(7, 9), c().otherTenantId)).toMatchObject({
        count: 0,
      });
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
