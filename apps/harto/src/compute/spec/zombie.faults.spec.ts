import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const runs = 50;
const sleepers = 8;
/** Computations under way, so that a waking worker always finds a chunk. */
const openAtOnce = 3;
/** A lease lasts 4 s: the worker stands still three times as long, between its work and its write. */
const blockMs = 12_500;
const withinMs = 900_000;

describe('a worker that wakes too late', () => {
  let rig: LaneRig;
  beforeAll(async () => {
    rig = await openLaneRig('postgres');
    // Twice as many as needed: a block may begin when the lease is already given back.
    const faults = Array.from(
      { length: 2 * (runs / sleepers) },
      (_, i) => `compute.before-store=block:${blockMs}@${i + 1}`,
    );
    for (let i = 0; i < sleepers; i++)
      await rig.start('act', { HARTO_FAULTS: faults.join(',') }, `sleeper-${i}`);
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  it(
    `writes nothing, ${runs} times`,
    async () => {
      const began = performance.now();
      const body = { type: 'prime.count', params: { lo: 1, hi: 1e9 }, chunk: { mode: 'fixed', size: 1e7 } };
      const ids: string[] = [];
      const late = async () =>
        Number((await rig.sql<{ n: string }>('select sum(wasted) as n from computation'))[0].n ?? 0);
      const run = async () => {
        while ((await late()) < runs && performance.now() - began < withinMs) {
          const { id } = await rig.submit(body);
          ids.push(id);
          const done = await rig.until(id, untilEnded, 240_000);
          expect(done).toMatchObject({
            state: 'Completed',
            result: { count: 50_847_534 },
            chunks: { done: 100, parked: 0 },
          });
        }
      };
      await Promise.all(Array.from({ length: openAtOnce }, run));
      // The last sleepers wake; what stands in the ledger by then stays.
      const ledger = () =>
        rig.sql(`select md5(string_agg(computation_id || '|' || no || '|' || fence || '|' || checksum, ',' order by computation_id, no)) as h
        from computation_chunk where state = 'Done'`);
      const before = await ledger();
      await new Promise((resolve) => setTimeout(resolve, blockMs + 2000));
      expect(await ledger()).toEqual(before);
      const dropped = await late();
      const hashes = new Set(await Promise.all(ids.map(async (id) => (await rig.row(id)).resultHash)));
      process.stderr.write(`late results dropped: ${dropped} in ${ids.length} computations\n`);
      expect(hashes.size).toBe(1);
      expect(dropped).toBeGreaterThanOrEqual(runs);
    },
    withinMs + 300_000,
  );
});
