import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom, testSeed } from '@hartonomous/testing';
import type { ShownComputation } from '../computation-documents.js';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** 200 chunks of [1, 3e9]. */
const job = { type: 'prime.count', params: { lo: 1, hi: 3e9 }, chunk: { mode: 'fixed', size: 15_000_000 } };
const pi3e9 = 144_449_537;

/** Attempts that were neither a result nor a verification: work that was done again. */
const redone = ({ chunks }: ShownComputation) => chunks.attempts - chunks.done - chunks.verified;

describe('faults of the fast lane', () => {
  let rig: LaneRig;
  let calm: ShownComputation;
  beforeAll(async () => {
    rig = await openLaneRig('postgres');
    calm = await rig.until((await rig.submit(job)).id, untilEnded, 120_000);
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  const look = (id: string) => rig.gateway.get<ShownComputation>(`/v1/computations/${id}`);

  it('the job itself: 200 chunks, the known count', () => {
    expect(calm).toMatchObject({ state: 'Completed', result: { count: pi3e9 }, chunks: { done: 200 } });
    expect(redone(calm)).toBe(0);
  });

  it('a worker killed at every border of a chunk redoes at most what it held', async () => {
    const { id } = await rig.submit(job);
    let kills = 0;
    let seen = 0;
    for (;;) {
      const shown = await look(id);
      if (untilEnded.includes(shown.state)) break;
      if (shown.chunks.done > seen) {
        rig.processes.get('act')!.kill('SIGKILL');
        kills++;
        await rig.start('act');
        // The next border after the process is back.
        seen = (await look(id)).chunks.done;
      }
      await pause(5);
    }
    const done = await look(id);
    process.stderr.write(`border kills ${kills}, redone ${redone(done)}, wasted ${done.wasted}\n`);
    expect(done).toMatchObject({ state: 'Completed', resultHash: calm.resultHash, chunks: { parked: 0 } });
    expect(kills).toBeGreaterThanOrEqual(10);
    expect(redone(done)).toBeLessThanOrEqual(2 * kills);
  }, 1_200_000);

  it('any service killed at 20 random moments: same result, nothing lost', async () => {
    const random = seededRandom(testSeed());
    const names = ['analyze', 'hypothesize', 'act', 'learn', 'gateway'] as const;
    let kills = 0;
    let again = 0;
    while (kills < 20) {
      const { id } = await rig.submit(job);
      const own = { kills: 0, act: 0 };
      while (kills < 20 && !untilEnded.includes((await rig.row(id)).state)) {
        await pause(200 + random() * 1500);
        const name = names[Math.floor(random() * names.length)];
        if (name === 'gateway') continue;
        rig.processes.get(name)!.kill('SIGKILL');
        await rig.start(name);
        kills++;
        own.kills++;
        if (name === 'act') own.act++;
      }
      const done = await rig.until(id, untilEnded, 180_000);
      expect(done).toMatchObject({ state: 'Completed', resultHash: calm.resultHash, chunks: { parked: 0 } });
      expect(redone(done)).toBeLessThanOrEqual(2 * own.act);
      again += redone(done);
    }
    process.stderr.write(`random kills ${kills}, redone ${again}\n`);
  }, 900_000);

  it('pause, resume and cancel are acknowledged by every worker, p95 within 3 s', async () => {
    const waits: number[] = [];
    const timed = async (id: string, verb: string, state: 'Paused' | 'Cancelled') => {
      const began = performance.now();
      await rig.gateway.send('POST', `/v1/computations/${id}/commands`, { verb });
      const shown = await rig.until(id, [state], 20_000);
      expect(shown.chunks.leased).toBe(0);
      waits.push(performance.now() - began);
    };
    const big = { ...job, params: { lo: 1e13, hi: 1e13 + 2e11 }, chunk: { mode: 'fixed', size: 4e9 } };
    for (let round = 0; round < 20; round++) {
      const { id } = await rig.submit(big);
      while ((await look(id)).chunks.leased < 2) await pause(20);
      if (round % 2 === 0) {
        await timed(id, 'pause', 'Paused');
        await rig.gateway.send('POST', `/v1/computations/${id}/commands`, { verb: 'resume' });
        while ((await look(id)).chunks.leased < 1) await pause(20);
      }
      await timed(id, 'cancel', 'Cancelled');
    }
    waits.sort((a, b) => a - b);
    const p95 = waits[Math.ceil(0.95 * waits.length) - 1];
    process.stderr.write(
      `acknowledged: p50 ${waits[waits.length >> 1].toFixed(0)} ms, p95 ${p95.toFixed(0)} ms\n`,
    );
    expect(p95).toBeLessThanOrEqual(3000);
  }, 300_000);
});
