import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lanesOf, openQueues, type Queues } from '@hartonomous/bus';
import { codeOf, messages, newId, services, type Envelope, type QueueName } from '@hartonomous/contracts';
import { jumpMs } from './fake-clock.js';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const keys = 1000;
const copies = 3;
/** Submissions sent before their answers are awaited. */
const atOnce = 150;
const pageJobs = 100;

const lanes: QueueName[] = services.flatMap(lanesOf).filter((name) => name.endsWith('-compute'));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface Delivery {
  queue: QueueName;
  envelope: Envelope;
}

describe('one effect of each message', () => {
  let rig: LaneRig;
  let queues: Queues;
  beforeAll(async () => {
    rig = await openLaneRig('postgres', { fakeClock: true });
    queues = await openQueues({ url: rig.queueUrl });
  }, 240_000);
  afterAll(async () => {
    await queues?.close();
    await rig?.close();
  }, 60_000);

  const submit = async (key: string): Promise<string> => {
    const params = { lo: 1, hi: 100 };
    const body = { type: 'prime.count', params, chunk: { mode: 'fixed', size: 100 }, idempotencyKey: key };
    for (;;) {
      try {
        return (await rig.submit(body)).id;
      } catch (error) {
        // The gateway's limit of requests a second.
        if (codeOf(error) !== 'RATE_LIMITED') throw error;
        await pause(1000);
      }
    }
  };

  /** Sends every key `times` times, equal ones next to each other; the computations that they stand for. */
  async function submitAll(names: string[], times: number): Promise<string[]> {
    const ids: string[] = [];
    const all = names.flatMap((name) => Array.from({ length: times }, () => name));
    for (let from = 0; from < all.length; from += atOnce) {
      ids.push(...(await Promise.all(all.slice(from, from + atOnce).map(submit))));
    }
    return [...new Set(ids)];
  }

  const counts = async (name: QueueName) => {
    const found = await queues.of(name).getJobCounts('waiting', 'active', 'delayed', 'prioritized');
    return Object.values(found).reduce((sum, n) => sum + n, 0);
  };

  /** Waits for jobs, those of the outbox included, until none is left in `name`. */
  async function untilEmpty(name: QueueName): Promise<void> {
    while ((await counts(name)) > 0) await pause(100);
  }

  async function outboxRows(condition: string): Promise<number> {
    const [{ n }] = await rig.sql<{ n: string }>(
      `select count(*) as n from outbox where name like 'compute.%' and deliver_at <= now() and ${condition}`,
    );
    return Number(n);
  }

  /**
   * Carries the lane queue by queue: what waits in a stopped queue is put back `copies` times side by side, and the
   * queue is let go until it is empty. Returns everything that was delivered, once each.
   */
  async function carryInTriples(): Promise<Delivery[]> {
    const delivered: Delivery[] = [];
    for (let idle = 0; idle < lanes.length;) {
      idle = 0;
      for (const name of lanes) {
        // What a commit has left in the outbox is in the queue when every row's job is there.
        let waiting = await counts(name);
        for (let before = -1; before !== waiting || (await outboxRows('published_at is null')) > 0;) {
          before = waiting;
          await pause(300);
          waiting = await counts(name);
        }
        const jobs = await waitingJobs(name);
        if (jobs.length === 0) {
          idle++;
          continue;
        }
        delivered.push(...jobs.map(({ data }) => ({ queue: name, envelope: data })));
        const envelopes = jobs.map(({ data }) => data);
        await queues.of(name).drain();
        await deliver(name, envelopes, copies);
        await queues.of(name).resume();
        await untilEmpty(name);
        await queues.of(name).pause();
      }
    }
    return delivered;
  }

  async function waitingJobs(name: QueueName) {
    const jobs: { data: Envelope }[] = [];
    for (;;) {
      // A page at a time: each job of a page is one query, all at once.
      const page = await queues.of(name).getJobs(['waiting'], jobs.length, jobs.length + pageJobs - 1, true);
      jobs.push(...(page as unknown as { data: Envelope }[]));
      if (page.length < pageJobs) return jobs;
    }
  }

  async function deliver(name: QueueName, envelopes: Envelope[], times: number): Promise<void> {
    const queue = queues.of(name);
    const jobs = envelopes.flatMap((data) =>
      Array.from({ length: times }, (_, i) => ({
        name: data.name,
        data,
        opts: {
          // The relay looks for the first by this id.
          jobId: i === 0 ? data.messageId : newId(),
          attempts: messages[data.name].attempts,
          removeOnComplete: true,
        },
      })),
    );
    for (let from = 0; from < jobs.length; from += 1500) await queue.addBulk(jobs.slice(from, from + 1500));
  }

  /** What the ledger says of the computations whose keys begin so: one line, whatever their number. */
  async function effects(prefix: string): Promise<Record<string, unknown>> {
    const [row] = await rig.sql<Record<string, unknown>>(
      `select count(*)::int as computations, array_agg(distinct c.state) as states,
         array_agg(distinct c.version) as moves, array_agg(distinct c.result_hash) as results,
         array_agg(distinct c.wasted) as wasted, array_agg(distinct k.chunks) as chunks,
         array_agg(distinct k.claims) as claims, array_agg(distinct k.fences) as fences,
         array_agg(distinct a.n) as audits
       from computation c
       cross join lateral (select count(*)::int as chunks, sum(claims)::int as claims, sum(fence)::int as fences
         from computation_chunk k where k.tenant_id = c.tenant_id and k.computation_id = c.id) k
       cross join lateral (select count(*)::int as n from audit a
         where a.tenant_id = c.tenant_id and a.subject = c.id::text) a
       where c.idempotency_key like $1`,
      [`${prefix}-%`],
    );
    return row;
  }

  it(`${keys} keys: each message three times at once, and once again ten minutes later`, async () => {
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const began = performance.now();
      const value = await work();
      process.stderr.write(`${what}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
      return value;
    };
    // The same computation, left alone: what one effect of each of its messages is.
    await rig.until(await submit('calm-0'), untilEnded);
    const { computations: _one, ...calm } = await effects('calm');
    for (const name of lanes) await queues.of(name).pause();

    const names = Array.from({ length: keys }, (_, i) => `key-${i}`);
    const ids = await timed('submitted three times', () => submitAll(names, 3));
    expect(ids).toHaveLength(keys);
    const delivered = await timed('carried in triples', carryInTriples);
    const after = await effects('key');
    expect(after).toEqual({ computations: keys, ...calm, states: ['Completed'] });
    const kinds = new Map<string, number>();
    for (const { envelope } of delivered) kinds.set(envelope.name, (kinds.get(envelope.name) ?? 0) + 1);
    process.stderr.write(`messages: ${JSON.stringify(Object.fromEntries(kinds))}\n`);
    for (const name of ['compute.submitted', 'compute.state.assessed', 'compute.ended']) {
      expect(kinds.get(name)).toBe(keys);
    }
    // The chunk and its verification.
    expect(kinds.get('compute.chunk.completed')).toBe(2 * keys);

    for (const name of lanes) await queues.of(name).resume();
    await rig.jump();
    await clockJumped();
    await timed('again, ten minutes later', async () => {
      for (const name of lanes) {
        const due = delivered.filter(({ queue }) => queue === name).map(({ envelope }) => envelope);
        await deliver(name, due, 1);
        await untilEmpty(name);
      }
    });
    expect(await submitAll(names.slice(0, 100), 1)).toEqual(ids.slice(0, 100));
    // Nothing follows from them either.
    for (const name of lanes) await untilEmpty(name);
    while ((await outboxRows('true')) > 0) await pause(200);
    expect(await effects('key')).toEqual(after);
  }, 600_000);

  /** Both clocks stand ahead: that of the database in the heartbeats, that of the processes in the gateway's answer. */
  async function clockJumped(): Promise<void> {
    const ahead = jumpMs / 2;
    for (;;) {
      const [{ n }] = await rig.sql<{ n: string }>(
        `select count(distinct service) as n from service_heartbeat where seen_at > now() + $1 * interval '1 millisecond'`,
        [ahead],
      );
      const { checkedAt } = await readiness();
      if (Number(n) === services.length && Date.parse(checkedAt) > Date.now() + ahead) return;
      await pause(200);
    }
  }

  const readiness = async () => (await (await fetch(`${rig.url}/readyz`)).json()) as { checkedAt: string };
});
