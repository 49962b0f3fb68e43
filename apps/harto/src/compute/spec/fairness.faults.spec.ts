import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLaneRig, type LaneRig } from './lane-rig.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Worker time is shared over the last two minutes: what one had while it was alone counts. */
const windowMs = 75_000;

describe('twenty computations of three tenants at once', () => {
  let rig: LaneRig;
  beforeAll(async () => {
    rig = await openLaneRig('postgres');
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  /** Milliseconds from the request of a cycle to its end. */
  async function cycleMs(): Promise<number> {
    const began = performance.now();
    const { cycle } = await rig.gateway.requestCycle('full');
    for (;;) {
      const { state } = await rig.gateway.cycle(cycle.id);
      if (state === 'Learned' || state === 'Failed') return performance.now() - began;
      if (performance.now() - began > 60_000) throw new Error(`the cycle is ${state} after a minute`);
      await pause(20);
    }
  }

  it('get equal worker time, and cycles go on beside them', async () => {
    const alone = [await cycleMs(), await cycleMs(), await cycleMs()];
    const tenants = [
      { tenantId: rig.tenantId, gateway: rig.gateway },
      await rig.addTenant(),
      await rig.addTenant(),
    ];
    // 12, 5 and 3 computations, with chunks of different length.
    const counts = [12, 5, 3];
    const sizes = [3e8, 5e8, 8e8];
    const [{ now }] = await rig.sql<{ now: Date }>('select now() as now');
    for (const [t, { gateway }] of tenants.entries()) {
      for (let i = 0; i < counts[t]; i++) {
        const params = { lo: 1e13, hi: 1e13 + 1e12 };
        await rig.submit({ type: 'prime.count', params, chunk: { mode: 'fixed', size: sizes[t] } }, gateway);
      }
    }
    const beside: number[] = [];
    for (let left = 3; left > 0; left--) {
      beside.push(await cycleMs());
      await pause(windowMs / 3);
    }
    const rows = await rig.sql<{ tenant_id: string; ms: number }>(
      'select tenant_id, sum(elapsed_ms) as ms from computation_chunk where finished_at > $1 group by tenant_id',
      [now],
    );
    const shares = tenants.map(({ tenantId }) =>
      Number(rows.find((row) => row.tenant_id === tenantId)?.ms ?? 0),
    );
    const mean = shares.reduce((a, b) => a + b) / 3;
    const off = shares.map((share) => share / mean - 1);
    const text = off.map((value) => `${(100 * value).toFixed(1)} %`).join(', ');
    const list = (values: number[]) => values.map((value) => value.toFixed(0)).join(', ');
    process.stderr.write(
      `shares off by ${text}; cycles alone ${list(alone)} ms, beside ${list(beside)} ms\n`,
    );
    for (const value of off) expect(Math.abs(value)).toBeLessThan(0.1);
    const median = (values: number[]) => values.toSorted((a, b) => a - b)[1];
    expect(median(beside)).toBeLessThan(5 * median(alone) + 1000);
  }, 240_000);
});
