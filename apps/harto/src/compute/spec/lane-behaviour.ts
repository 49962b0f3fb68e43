import { availableParallelism } from 'node:os';
import { expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { createPostgresBackend, Queue, QueueEvents, withBackend, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { ShownComputation } from '../computation-documents.js';
import { untilEnded, type LaneRig } from './lane-rig.js';

/** What the lane does on either queue engine. */
export function laneBehaviour(rig: () => LaneRig): void {
  submissions(rig);
  steering(rig);
  it('serves a program that knows only BullMQ', () => publicQueue(rig()), 600_000);
}

function submissions(rig: () => LaneRig): void {
  it('counts primes in chunks, verifies a sample, and shows what it cost', async () => {
    const { id } = await rig().submit({ type: 'prime.count', params: { lo: 1, hi: 1e8 } });
    const done = await rig().until(id, untilEnded);
    expect(done).toMatchObject({ state: 'Completed', result: { count: 5_761_455 }, progress: 1 });
    // Two a worker, and a worker for each core.
    expect(done.chunks.done).toBeGreaterThanOrEqual(2 * availableParallelism());
    expect(done.chunks.verified).toBeGreaterThanOrEqual(1);
    expect(done.cpuSeconds).toBeGreaterThan(0);
  }, 600_000);

  it('stores a key once, and refuses the same key for something else', async () => {
    const idempotencyKey = newId();
    const body = { type: 'prime.count', params: { hi: 1000 }, idempotencyKey };
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => rig().submit(body)));
    expect(new Set([a.id, b.id, c.id]).size).toBe(1);
    await expect(rig().submit({ ...body, params: { hi: 1001 } })).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
  }, 600_000);

  it('refuses bad submissions and stores nothing', async () => {
    const count = async () => (await rig().gateway.get<{ total: number }>('/v1/computations')).total;
    const before = await count();
    for (const body of [
      { type: 'prime.count', params: { lo: 9, hi: 3 } },
      { type: 'prime.count', params: { hi: 2 ** 53 } },
      { type: 'prime.nope', params: {} },
      { type: 'prime.list', params: { hi: 1e9 } },
      { type: 'prime.count', version: 9, params: { hi: 10 } },
      { type: 'kmeans', params: { k: 3 } },
    ]) {
      await expect(rig().submit(body)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    expect(await count()).toBe(before);
  }, 600_000);

  it('lists primes from chunks', async () => {
    const { id } = await rig().submit({ type: 'prime.list', params: { lo: 1, hi: 100_000 } });
    expect(await rig().until(id, untilEnded)).toMatchObject({
      result: { count: 9592, first: 2, last: 99_991 },
    });
    const primes: number[] = [];
    for (let after = -1; ;) {
      const path = `/v1/computations/${id}/results?after=${after}`;
      const page = await rig().gateway.get<{ items: number[]; chunk: number | null }>(path);
      if (page.chunk === null) break;
      primes.push(...page.items);
      after = page.chunk;
    }
    expect(primes).toHaveLength(9592);
    expect(primes.slice(0, 5)).toEqual([2, 3, 5, 7, 11]);
  }, 600_000);
}

function steering(rig: () => LaneRig): void {
  it('pauses, resumes and cancels while it runs; its trace can be seen before it ends', async () => {
    const chunk = { mode: 'fixed', size: 2e9 };
    const { id, traceId } = await rig().submit({
      type: 'prime.count',
      params: { lo: 1e13, hi: 1e13 + 1e11 },
      chunk,
    });
    const command = (verb: string) =>
      rig().gateway.send<ShownComputation>('POST', `/v1/computations/${id}/commands`, { verb });
    await untilLeased(rig(), id);
    await untilSpanIsOpen(rig(), traceId);
    await command('pause');
    const paused = await rig().until(id, ['Paused']);
    expect(paused.chunks.leased).toBe(0);
    expect((await command('resume')).state).toBe('Running');
    await untilLeased(rig(), id);
    await command('cancel');
    expect((await rig().until(id, ['Cancelled'])).chunks.leased).toBe(0);
    await expect(command('resume')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  }, 600_000);
}

async function untilLeased(rig: LaneRig, id: string): Promise<void> {
  for (;;) {
    const [row] = await rig.sql<{ n: string }>(
      `select count(*) as n from computation_chunk where computation_id = $1 and state = 'Leased' and share > 0`,
      [id],
    );
    if (Number(row.n) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The chunk's span is written beside its work, before it ends. */
async function untilSpanIsOpen(rig: LaneRig, traceId: string | null): Promise<void> {
  const open = `select 1 from span where trace_id = $1 and name = 'compute.chunk' and duration_ms is null`;
  while ((await rig.sql(open, [traceId])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The queue as a foreign program opens it: the public name, and nothing of ours. */
function openPublic(rig: LaneRig) {
  if (rig.queueUrl.startsWith('redis')) {
    const connection = new Redis(rig.queueUrl, { maxRetriesPerRequest: null });
    const listening = connection.duplicate();
    const prefix = 'hartonomous';
    return {
      queue: new Queue('compute', { connection, prefix }),
      events: new QueueEvents('compute', { connection: listening, prefix }),
      close: async () => void (connection.disconnect(), listening.disconnect()),
    };
  }
  const bound = withBackend(createPostgresBackend);
  const pool = new pg.Pool({ connectionString: rig.queueUrl, options: '-c search_path=bullmq' });
  pool.on('error', () => {});
  const connection = pool as never;
  return {
    queue: new bound.Queue('hartonomous.compute', { connection }) as unknown as Queue,
    events: new bound.QueueEvents('hartonomous.compute', { connection }) as unknown as QueueEvents,
    close: () => pool.end(),
  };
}

async function publicQueue(rig: LaneRig): Promise<void> {
  const { queue, events, close } = openPublic(rig);
  queue.on('error', () => {});
  events.on('error', () => {});
  try {
    await events.waitUntilReady();
    const data = { type: 'prime.count', params: { hi: 3e9 }, token: rig.key, idempotencyKey: newId() };
    const said: unknown[] = [];
    events.on('progress', ({ data: progress }) => said.push(progress));
    const first: Job = await queue.add('compute.submit', data);
    const twin: Job = await queue.add('compute.submit', data);
    const result = (await first.waitUntilFinished(events, 150_000)) as {
      computationId: string;
      result: unknown;
    };
    expect(result).toMatchObject({ state: 'Completed', result: { count: 144_449_537 } });
    expect(await twin.waitUntilFinished(events, 150_000)).toMatchObject({
      computationId: result.computationId,
    });
    // Events are told beside the outcome, and may come after it.
    while (said.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    for (const [bad, reason] of [
      [{ ...data, params: { lo: 9, hi: 3 } }, /INPUT_INVALID.*lo must not exceed hi/],
      [{ ...data, token: `harto_${'x'.repeat(43)}` }, /AUTH_MISSING/],
      [{ ...data, idempotencyKey: newId(), padding: 'x'.repeat(66_000) }, /INPUT_TOO_LARGE/],
    ] as const) {
      const job = await queue.add('compute.submit', bad);
      await expect(job.waitUntilFinished(events, 150_000)).rejects.toThrow(reason);
    }
  } finally {
    await queue.close().catch(() => {});
    await events.close().catch(() => {});
    await close();
  }
}
