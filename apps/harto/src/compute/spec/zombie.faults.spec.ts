import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const runs = 50;
/** A lease lasts 4 s: the worker stands still three times as long. */
const blockMs = 12_500;

describe('a worker that wakes too late', () => {
  let rig: LaneRig;
  beforeAll(async () => {
    rig = await openLaneRig('postgres');
  }, 120_000);
  afterAll(() => rig?.close(), 60_000);

  it(`writes nothing, ${runs} runs`, async () => {
    // Many zombies at once, one process each, beside one sound worker.
    const together = 10;
    let zombies = 0;
    for (let round = 0; round < runs / together; round++) {
      const names = Array.from({ length: together }, (_, i) => `act-${round}-${i}`);
      await rig.processes.get('act')!.stop();
      for (const name of names) {
        await rig.start('act', { HARTO_FAULTS: `compute.before-store=block:${blockMs}@1` }, name);
      }
      const body = { type: 'prime.count', params: { lo: 1, hi: 4e9 }, chunk: { mode: 'fixed', size: 1e8 } };
      const { id } = await rig.submit(body);
      await rig.start('act');
      const done = await rig.until(id, untilEnded, 180_000);
      expect(done).toMatchObject({
        state: 'Completed',
        result: { count: 189_961_812 },
        chunks: { done: 40 },
      });
      // Its late result comes when the block ends; none of them counts.
      await new Promise((resolve) => setTimeout(resolve, blockMs));
      const after = await rig.row(id);
      zombies += after.wasted;
      expect(after.resultHash).toBe(done.resultHash);
      const owners = await rig.sql<{ n: string }>(
        `select count(*) as n from computation_chunk where computation_id = $1 and claims > 1 and owner like $2`,
        [id, `act-${round}-%`],
      );
      expect(Number(owners[0].n)).toBeLessThanOrEqual(after.wasted);
      for (const name of names) {
        await rig.processes.get(name)!.stop();
        rig.processes.delete(name);
      }
    }
    process.stderr.write(`late results dropped: ${zombies}\n`);
    expect(zombies).toBeGreaterThanOrEqual(runs / 2);
  }, 1_800_000);
});
