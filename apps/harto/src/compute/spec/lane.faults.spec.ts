import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { messages, queueNameOf, type MessageName } from '@hartonomous/contracts';
import { openQueues } from '@hartonomous/bus';
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

  it('every message delivered three times at once and once again later has one effect', async () => {
    const keys = 1000;
    const ids: string[] = [];
    const submit = (key: string) =>
      rig.submit({
        type: 'prime.count',
        params: { lo: 1, hi: 100 },
        chunk: { mode: 'fixed', size: 100 },
        idempotencyKey: key,
      });
    for (let from = 0; from < keys; from += 50) {
      const batch = Array.from({ length: 50 }, (_, i) => `key-${from + i}`);
      const rows = await Promise.all(batch.flatMap((key) => [submit(key), submit(key), submit(key)]));
      ids.push(...new Set(rows.map((row) => row.id)));
    }
    expect(new Set(ids).size).toBe(keys);
    await drained(rig, ids);
    const before = await effects(rig);
    const queues = await openQueues({ url: rig.queueUrl });
    try {
      const inbox = await rig.sql<{ message_id: string; consumer: string }>(
        `select message_id, consumer from inbox where consumer in ('analyze', 'learn', 'hypothesize') limit 1000`,
      );
      const names: Record<string, MessageName> = {
        analyze: 'compute.submitted',
        hypothesize: 'compute.state.assessed',
        learn: 'compute.chunk.completed',
      };
      for (const { message_id: messageId, consumer } of inbox) {
        const name = names[consumer];
        const refs = {
          computationId: ids[0],
          ...(consumer === 'learn' ? { chunkNo: 0, outcome: 'done' } : {}),
        };
        // The inbox keeps what was received long after the queue has forgotten it: an old message comes again.
        const envelope = { v: 1, messageId, name, tenantId: rig.tenantId, epoch: 0, refs };
        const queue = queues.of(queueNameOf(name));
        await queue.add(name, envelope, { attempts: messages[name].attempts, removeOnComplete: true });
      }
      await pause(5000);
    } finally {
      await queues.close();
    }
    expect(await effects(rig)).toEqual(before);
  }, 600_000);
});

async function drained(rig: LaneRig, ids: string[]): Promise<void> {
  for (;;) {
    const [{ n }] = await rig.sql<{ n: string }>(
      `select count(*) as n from computation where id = any ($1::uuid[]) and state <> 'Completed'`,
      [ids],
    );
    if (n === '0') return;
    await pause(500);
  }
}

/** Everything the ledger says, in one line. */
async function effects(rig: LaneRig): Promise<unknown> {
  const [computations] = await rig.sql(
    `select count(*) as n, sum(version) as moves, min(state) as state, count(distinct result_hash) as results
     from computation where idempotency_key like 'key-%'`,
  );
  const [chunks] = await rig.sql(
    `select count(*) as n, sum(claims) as claims, sum(fence) as fences from computation_chunk`,
  );
  return { computations, chunks };
}
