import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commandLineBehaviour } from './cli-behaviour.js';
import { laneBehaviour } from './lane-behaviour.js';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';
import { vectorBehaviour } from './vector-behaviour.js';

describe('the fast lane on PostgreSQL', () => {
  let rig: LaneRig;
  beforeAll(async () => {
    rig = await openLaneRig('postgres', {
      // Whatever has a chunk 77 first fails there three times.
      env: { HARTO_FAULTS: [1, 2, 3].map((n) => `compute.chunk-77=throw@${n}`).join(',') },
    });
  }, 600_000);
  afterAll(() => rig?.close());

  laneBehaviour(() => rig);
  vectorBehaviour(() => rig);
  commandLineBehaviour(() => rig);

  it('parks a poisoned chunk, completes the rest, says so loudly, and a retry fills the gap', async () => {
    const params = { lo: 1, hi: 1_000_000 };
    const { id } = await rig.submit({ type: 'prime.count', params, chunk: { mode: 'fixed', size: 10_000 } });
    const gaps = await rig.until(id, untilEnded);
    expect(gaps).toMatchObject({
      state: 'CompletedWithGaps',
      chunks: { planned: expect.any(Number), parked: 1, done: 99 },
    });
    expect(gaps.reason).toMatch(/1 chunks failed/);
    expect(gaps.result!['count']).toBeLessThan(78_498);
    const gateway = rig.processes.get('gateway')!;
    await gateway.line(/computation has gaps or failed/);
    await rig.gateway.send('POST', `/v1/computations/${id}/commands`, { verb: 'retry' });
    expect(await rig.until(id, ['Completed'])).toMatchObject({ result: { count: 78_498 } });
  }, 600_000);

  it('a killed worker costs the chunks it held, and the result is the same', async () => {
    const body = {
      type: 'prime.count',
      params: { lo: 1, hi: 300_000_000 },
      chunk: { mode: 'fixed', size: 7_500_000 },
    };
    const whole = await rig.until((await rig.submit(body)).id, untilEnded);
    const { id } = await rig.submit(body);
    await rig.until(id, ['Running', ...untilEnded]);
    while ((await rig.gateway.get<{ chunks: { done: number } }>(`/v1/computations/${id}`)).chunks.done < 5) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const claims = async () =>
      rig.sql<{ no: number; claims: number }>(
        `select no, claims from computation_chunk where computation_id = $1 and state = 'Done' order by no`,
        [id],
      );
    rig.processes.get('act')!.kill('SIGKILL');
    await rig.processes.get('act')!.exited;
    const doneBefore = await claims();
    await rig.start('act');
    const done = await rig.until(id, untilEnded);
    expect(done).toMatchObject({
      state: 'Completed',
      result: { count: 16_252_325 },
      resultHash: whole.resultHash,
    });
    // What was done before is not done again. How often a chunk is lost else is the machine's: it may stall longer than
    // a lease lasts.
    expect(doneBefore.length).toBeGreaterThanOrEqual(5);
    const after = new Map((await claims()).map((chunk) => [chunk.no, chunk.claims]));
    expect(doneBefore.map(({ no }) => after.get(no))).toEqual(doneBefore.map((chunk) => chunk.claims));
  }, 600_000);
});
