import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ChunkResult, ComputationRow, NewChunk } from '../port/compute.js';
import type { TenantTransaction } from '../port/store.js';
import { hookTimeoutMs, until, type ContractStore, type EngineFixture } from './fixture.js';

const found = (count: number): ChunkResult => ({
  summary: { count },
  partial: Buffer.from([1, 2]),
  output: Buffer.from([3]),
  checksum: 'c'.repeat(64),
  elapsedMs: 10,
  cpuMs: 9,
});

const chunk = (no: number, more: Partial<NewChunk> = {}): NewChunk => ({
  no,
  round: 0,
  lo: no * 10,
  hi: no * 10 + 9,
  cost: 100,
  verifies: null,
  ...more,
});

const submission = (key: string) => ({
  id: newId(),
  type: 'prime.count',
  version: 1,
  params: { lo: 1, hi: 2 ** 53 - 1 },
  options: { chunk: { mode: 'fixed', size: 10 } },
  lane: 'user' as const,
  priority: 0,
  idempotencyKey: key,
  requestedBy: 'ada',
  publicJob: null,
  totalCost: 300,
  traceId: null,
  spanId: null,
});

export function computeContract(fixture: EngineFixture): void {
  describe('computations', () => {
    let c: ContractStore;
    beforeAll(async () => {
      c = await fixture.open();
    }, hookTimeoutMs);
    afterAll(() => c.close());
    const tenant = <T>(work: (tx: TenantTransaction) => Promise<T>) => c.store.withTenant(c.tenantId, work);

    /** A running computation with these chunks. */
    async function running(chunks: NewChunk[]): Promise<ComputationRow> {
      return tenant(async (tx) => {
        const { row } = await tx.computations.create(submission(newId()));
        await tx.computations.move(row, 'Running', { started: true });
        await tx.computations.addChunks(row.id, chunks);
        return (await tx.computations.get(row.id))!;
      });
    }

    it('stores a submission once per key, and keeps what it was given', async () => {
      const rows = await Promise.all(
        [1, 2, 3, 4].map(() => tenant((tx) => tx.computations.create(submission('the same')))),
      );
      expect(rows.filter((r) => r.created)).toHaveLength(1);
      expect(new Set(rows.map((r) => r.row.id)).size).toBe(1);
      expect(rows[0].row).toMatchObject({
        state: 'Pending',
        params: { lo: 1, hi: 2 ** 53 - 1 },
        progress: 0,
        revision: 0,
      });
      expect(
        await tenant((tx) => tx.computations.count({ type: 'prime.count', text: '9007199254740991' })),
      ).toBe(1);
      expect(await tenant((tx) => tx.computations.count({ text: '%' }))).toBe(0);
    });

    it('moves by revision and state only', async () => {
      const row = await running([]);
      expect(await tenant((tx) => tx.computations.move(row, 'Pausing'))).toBe(true);
      expect(await tenant((tx) => tx.computations.move(row, 'Cancelling'))).toBe(false);
      const next = (await tenant((tx) => tx.computations.get(row.id)))!;
      expect(next).toMatchObject({ state: 'Pausing', revision: row.revision + 1 });
      const result = { count: 5 };
      const patch = {
        result,
        resultHash: 'h',
        carry: Buffer.from([7]),
        output: Buffer.from([8]),
        finished: true,
      };
      expect(await tenant((tx) => tx.computations.move(next, 'Completed', patch))).toBe(true);
      const done = (await tenant((tx) => tx.computations.get(row.id)))!;
      expect(done).toMatchObject({ state: 'Completed', result, resultHash: 'h' });
      expect(done.finishedAt).toBeInstanceOf(Date);
      expect([...(await tenant((tx) => tx.computations.carry(row.id)))!]).toEqual([7]);
      expect([...(await tenant((tx) => tx.computations.output(row.id)))!]).toEqual([8]);
    });

    leases(() => c, running);
    recovery(() => c, running);

    it('keeps tenants apart', async () => {
      const row = await running([chunk(0)]);
      const other = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
        c.store.withTenant(c.otherTenantId, work);
      expect(await other((tx) => tx.computations.get(row.id))).toBeNull();
      expect(await other((tx) => tx.computations.claim(row.id, 'w', 1000))).toBeNull();
      expect(await other((tx) => tx.computations.chunks(row.id, -1, 10))).toEqual([]);
      expect(await other((tx) => tx.computations.move(row, 'Cancelling'))).toBe(false);
      const seen = await c.store.withSystem('contract', (tx) => tx.computations.runnable(1000));
      expect(seen.find((r) => r.computationId === row.id)).toMatchObject({
        tenantId: c.tenantId,
        running: 0,
      });
    });
  });
}

type Running = (chunks: NewChunk[]) => Promise<ComputationRow>;

function leases(store: () => ContractStore, running: Running): void {
  const tenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    store().store.withTenant(store().tenantId, work);

  it('gives each chunk to one worker, however many ask at once', async () => {
    const row = await running([chunk(0), chunk(1), chunk(2)]);
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, i) => tenant((tx) => tx.computations.claim(row.id, `w${i}`, 60_000))),
    );
    const nos = claims.flatMap((claim) => (claim ? [claim.no] : [])).sort();
    expect(nos).toEqual([0, 1, 2]);
    expect(await tenant((tx) => tx.computations.claim(row.id, 'late', 60_000))).toBeNull();
  });

  it('a result counts once and only under the fence of its lease', async () => {
    const row = await running([chunk(0), chunk(1), chunk(2)]);
    const first = (await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!;
    expect(first).toMatchObject({ no: 0, lo: 0, hi: 9, claims: 1, computation: { id: row.id } });
    const { no, fence } = first;
    expect(await tenant((tx) => tx.computations.renew(row.id, no, fence, 0.5, 60_000))).toBe('Running');
    expect(await tenant((tx) => tx.computations.tallies(row.id))).toMatchObject({
      leased: 1,
      partlyCost: 50,
    });
    expect(await tenant((tx) => tx.computations.complete(row.id, no, fence - 1, found(4)))).toBe(false);
    expect(await tenant((tx) => tx.computations.complete(row.id, no, fence, found(4)))).toBe(true);
    expect(await tenant((tx) => tx.computations.complete(row.id, no, fence, found(4)))).toBe(false);
    expect(await tenant((tx) => tx.computations.renew(row.id, no, fence, 0.9, 60_000))).toBeNull();
    const after = (await tenant((tx) => tx.computations.get(row.id)))!;
    expect(after.progress).toBeCloseTo(1 / 3, 9);
    const partials = await tenant((tx) => tx.computations.partials(row.id, 0, -1, 10));
    expect(partials.map((p) => [p.no, p.summary, [...(p.partial ?? [])]])).toEqual([
      [0, { count: 4 }, [1, 2]],
    ]);
    const outputs = await tenant((tx) => tx.computations.partials(row.id, 0, -1, 10, true));
    expect([...(outputs[0].output ?? [])]).toEqual([3]);
    expect(await tenant((tx) => tx.computations.timings(row.id, 5))).toEqual([{ cost: 100, elapsedMs: 10 }]);
  });

  it('hands out nothing of a computation that does not run, and takes chunks back', async () => {
    const row = await running([chunk(0), chunk(1)]);
    const held = (await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!;
    await tenant(async (tx) => tx.computations.move((await tx.computations.get(row.id))!, 'Pausing'));
    expect(await tenant((tx) => tx.computations.claim(row.id, 'b', 60_000))).toBeNull();
    expect(await tenant((tx) => tx.computations.renew(row.id, held.no, held.fence, 0.1, 60_000))).toBe(
      'Pausing',
    );
    expect(await tenant((tx) => tx.computations.release(row.id, held.no, held.fence))).toBe(true);
    expect(await tenant((tx) => tx.computations.release(row.id, held.no, held.fence))).toBe(false);
    expect(await tenant((tx) => tx.computations.tallies(row.id))).toMatchObject({ pending: 2, leased: 0 });
  });
}

function recovery(store: () => ContractStore, running: Running): void {
  const tenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    store().store.withTenant(store().tenantId, work);
  const overview = () => store().store.withSystem('contract', (tx) => tx.computations.unattended(0));

  it('a silent worker loses its chunk, and its late result is refused', async () => {
    const row = await running([chunk(0)]);
    const held = (await tenant((tx) => tx.computations.claim(row.id, 'a', 600_000)))!;
    expect(await tenant((tx) => tx.computations.expire(row.id, 3))).toEqual([]);
    await tenant((tx) => tx.computations.renew(row.id, held.no, held.fence, 0.1, 20));
    const seen = async () => (await overview()).find((r) => r.computationId === row.id)?.expired === true;
    await until(seen);
    expect(await tenant((tx) => tx.computations.expire(row.id, 3))).toEqual([0]);
    const again = (await tenant((tx) => tx.computations.claim(row.id, 'b', 60_000)))!;
    expect(again.fence).toBeGreaterThan(held.fence);
    expect(await tenant((tx) => tx.computations.complete(row.id, 0, held.fence, found(1)))).toBe(false);
    await tenant((tx) => tx.computations.addWaste(row.id, 12));
    expect(await tenant((tx) => tx.computations.get(row.id))).toMatchObject({ wasted: 1, wastedMs: 12 });
    expect(await tenant((tx) => tx.computations.complete(row.id, 0, again.fence, found(1)))).toBe(true);
  });

  it('parks a chunk at its third failure; the others go on; a retry brings it back', async () => {
    const row = await running([chunk(0), chunk(1)]);
    for (let attempt = 1; attempt <= 3; attempt++) {
      const held = (await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!;
      expect(held.no).toBe(0);
      const state = await tenant((tx) => tx.computations.fail(row.id, 0, held.fence, 'poison', 0, 3));
      expect(state).toBe(attempt < 3 ? 'Pending' : 'Parked');
    }
    expect((await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!.no).toBe(1);
    expect(await tenant((tx) => tx.computations.tallies(row.id))).toMatchObject({ parked: 1, leased: 1 });
    expect(await tenant((tx) => tx.computations.retryParked(row.id))).toBe(1);
    expect((await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!.no).toBe(0);
  });

  it('a failed chunk waits before it is handed out again', async () => {
    const row = await running([chunk(0)]);
    const held = (await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!;
    await tenant((tx) => tx.computations.fail(row.id, 0, held.fence, 'once', 60_000, 3));
    expect(await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000))).toBeNull();
  });

  it('settles verifications: agreement marks both, a difference makes both pending', async () => {
    const row = await running([chunk(0), chunk(1, { verifies: 0, lo: 0, hi: 9 })]);
    const finish = async () => {
      for (;;) {
        const held = await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000));
        if (!held) return;
        await tenant((tx) => tx.computations.complete(row.id, held.no, held.fence, found(1)));
      }
    };
    await finish();
    // A verification is no progress and no partial of its own.
    expect(await tenant((tx) => tx.computations.partials(row.id, 0, -1, 10))).toHaveLength(1);
    await tenant((tx) => tx.computations.settleVerification(row.id, 1, 0, false, 3));
    expect(await tenant((tx) => tx.computations.tallies(row.id))).toMatchObject({ pending: 2, done: 0 });
    await finish();
    await tenant((tx) => tx.computations.settleVerification(row.id, 1, 0, true, 3));
    const rows = await tenant((tx) => tx.computations.chunks(row.id, -1, 10));
    expect(rows.map((r) => [r.state, r.verified, r.failures])).toEqual([
      ['Done', true, 1],
      ['Done', true, 1],
    ]);
    expect(await tenant((tx) => tx.computations.rerun(row.id, 5, 7))).toBe(2);
    expect(await tenant((tx) => tx.computations.tallies(row.id))).toMatchObject({ pending: 2, done: 0 });
  });

  it('measures the worker time of each tenant', async () => {
    const row = await running([chunk(0)]);
    const held = (await tenant((tx) => tx.computations.claim(row.id, 'a', 60_000)))!;
    const use = async () =>
      (await store().store.withSystem('contract', (tx) => tx.computations.usage(3_600_000))).find(
        (u) => u.tenantId === store().tenantId,
      )!.usedMs;
    const before = await use();
    await tenant((tx) =>
      tx.computations.complete(row.id, 0, held.fence, { ...found(1), elapsedMs: 3_600_000 }),
    );
    // What is under way counts by the clock: far less than the hour that the worker then tells.
    expect((await use()) - before).toBeGreaterThan(1_800_000);
  });
}
