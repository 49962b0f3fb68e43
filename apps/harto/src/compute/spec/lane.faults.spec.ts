import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { services, type ServiceName } from '@hartonomous/contracts';
import { seededRandom, testSeed } from '@hartonomous/testing';
import type { ShownComputation } from '../computation-documents.js';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** 200 chunks of [1, 3e9]. */
const job = { type: 'prime.count', params: { lo: 1, hi: 3e9 }, chunk: { mode: 'fixed', size: 15_000_000 } };
const pi3e9 = 144_449_537;
/** 200 chunks of some 60 ms. */
const slowJob = {
  type: 'prime.count',
  params: { lo: 1e13, hi: 1e13 + 4e10 - 1 },
  chunk: { mode: 'fixed', size: 2e8 },
};

/** Attempts that were neither a result nor a verification: work that was done again. */
const redone = ({ chunks }: ShownComputation) => chunks.attempts - chunks.done - chunks.verified;

describe('faults of the fast lane', () => {
  let rig: LaneRig;
  let calm: ShownComputation;
  beforeAll(async () => {
    // Short locks: a killed worker's message comes back soon, and the kills make up most of the time.
    rig = await openLaneRig('postgres', { env: { QUEUE_LOCK_MS: '1000', QUEUE_STALLED_MS: '500' } });
    calm = await rig.until((await rig.submit(job)).id, untilEnded, 120_000);
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  const look = (id: string) => rig.gateway.get<ShownComputation>(`/v1/computations/${id}`);

  it('the job itself: 200 chunks, the known count', () => {
    expect(calm).toMatchObject({ state: 'Completed', result: { count: pi3e9 }, chunks: { done: 200 } });
    expect(redone(calm)).toBe(0);
  });

  it('every process killed at the borders of chunks: a worker redoes at most the chunk it held', async () => {
    const { id } = await rig.submit(job);
    const open = async () => !untilEnded.includes((await rig.row(id)).state);
    const kills = new Map<string, number>();
    /** Starts a service that dies right after a commit, and again, until the computation has ended. */
    const dying = async (service: ServiceName, fault: string, name: string = service) => {
      rig.processes.get(name)?.kill('SIGKILL');
      while (await open()) {
        // It may die before it can say that it is ready.
        const child = await rig.start(service, { HARTO_FAULTS: fault }, name).catch(() => null);
        while (child?.child.exitCode === null && child.child.signalCode === null && (await open()))
          await pause(20);
        if (child?.child.exitCode === null && child.child.signalCode === null) child.kill();
        else kills.set(service, (kills.get(service) ?? 0) + 1);
      }
      await rig.start(service, {}, name);
    };
    await Promise.all([
      // Two workers' processes, and each incarnation stores one chunk.
      dying('act', 'compute.after-commit=kill@1'),
      dying('act', 'compute.after-commit=kill@1', 'act-2'),
      dying('learn', 'learn.after-commit=kill@10'),
      dying('hypothesize', 'hypothesize.after-commit=kill@1'),
      dying('analyze', 'analyze.after-commit=kill@1'),
    ]);
    const done = await look(id);
    const counts = JSON.stringify(Object.fromEntries(kills));
    process.stderr.write(`killed at borders ${counts}, redone ${redone(done)}, wasted ${done.wasted}\n`);
    expect(done).toMatchObject({ state: 'Completed', resultHash: calm.resultHash, chunks: { parked: 0 } });
    // Of the two workers of a process one stands at the border, and the other may hold a chunk.
    expect(kills.get('act')).toBeGreaterThanOrEqual(100);
    expect(redone(done)).toBeLessThanOrEqual(kills.get('act')!);
    await rig.processes.get('act-2')!.stop();
  }, 900_000);

  it('any process killed at 20 random points of the work: same result, nothing lost', async () => {
    const random = seededRandom(testSeed());
    const ids: string[] = [];
    const reference = (await rig.until((await rig.submit(slowJob)).id, untilEnded, 120_000)).resultHash;
    const kills = new Map<string, number>();
    let total = 0;
    while (total < 20) {
      const { id } = await rig.submit(slowJob);
      ids.push(id);
      await rig.until(id, ['Running']);
      for (;;) {
        await pause(1000 * random());
        const { chunks, state } = await look(id);
        if (total >= 20 || untilEnded.includes(state) || chunks.done >= 190) break;
        const name = services[Math.floor(random() * services.length)];
        rig.processes.get(name)!.kill('SIGKILL');
        await rig.start(name);
        kills.set(name, (kills.get(name) ?? 0) + 1);
        total++;
      }
    }
    let again = 0;
    for (const id of ids) {
      const done = await rig.until(id, untilEnded, 180_000);
      expect(done).toMatchObject({
        state: 'Completed',
        resultHash: reference,
        chunks: { parked: 0, done: 200 },
      });
      again += redone(done);
    }
    const counts = JSON.stringify(Object.fromEntries(kills));
    process.stderr.write(`killed at random points ${counts}, redone ${again}\n`);
    expect(again).toBeLessThanOrEqual(2 * (kills.get('act') ?? 0));
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
