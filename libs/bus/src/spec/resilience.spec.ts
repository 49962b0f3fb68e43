import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { Envelope } from '@hartonomous/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { handleOnce } from '../handle-once.js';
import { publish } from '../publish.js';
import { queueAge } from '../queue-ages.js';
import { defaultQueueSettings } from '../queues.js';
import { engines, openRig, startService, until } from './rig.js';
import type { Rig, TestService } from './rig.js';

type Recorded = Envelope<'loop.observation.recorded'>;
let behave: (message: Recorded) => Promise<unknown>;

@Controller()
class Hypothesize {
  @EventPattern<string>('loop.observation.recorded')
  onRecorded(@Payload() message: Recorded): Promise<unknown> {
    return behave(message);
  }
}

describe.each(engines)('resilience on $engine', ({ engine, skip }) => {
  if (skip) return void it.skip(`SKIPPED: ${skip}`, () => {});

  let rig: Rig;
  let service: TestService | null = null;
  let cycleId: string;

  beforeAll(async () => {
    rig = await openRig(engine);
    cycleId = (await rig.cycle()).id;
  });
  afterAll(() => rig.close());
  beforeEach(() => {
    behave = effect;
  });
  afterEach(async () => {
    await service?.stop();
    service = null;
    await rig.query('truncate outbox, inbox, dead_letter');
    await rig.wipe();
  });

  const effect = (message: Recorded) =>
    handleOnce({ store: rig.store, service: 'hypothesize' }, message, (tx) =>
      tx.audit.append({ what: 'effect', subject: message.messageId, who: 'test', why: 'test' }),
    );
  const effects = (ids: string[]) =>
    rig.query<{ n: number }>(
      `select count(*)::int as n from audit where what = 'effect' and subject = any($1) group by subject`,
      [ids],
    );
  const once = async (ids: string[]) => {
    const counts = await effects(ids);
    return counts.length === ids.length && counts.every(({ n }) => n === 1);
  };
  const write = (count: number, deliverAt?: Date) =>
    rig.store.withTenant(rig.tenantId, async (tx) => {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) {
        const refs = { cycleId, observationId: newId() };
        ids.push(await publish(tx, { name: 'loop.observation.recorded', epoch: 0, refs, deliverAt }));
      }
      return ids;
    });
  const start = async (staleMs?: number) =>
    (service = await startService(rig, 'hypothesize', Hypothesize, { staleMs }));

  it('refills a queue that was emptied, also with what is not due yet', async () => {
    const { queues, relay, transport } = await start();
    expect(await transport.drain(60_000)).toBe(true);
    const now = await write(40);
    const later = await write(5, new Date(Date.now() + 3_600_000));
    await relay.flush(60_000);
    const counts = await queues.of('hypothesize').getJobCounts('waiting', 'delayed');
    expect(counts).toEqual({ waiting: 40, delayed: 5 });
    await rig.wipe();
    await service?.stop();
    await start(1_000);
    await until(() => once(now), 150_000, 'every effect once');
    expect(await effects(later)).toEqual([]);
    // Their time comes.
    await rig.query('update outbox set deliver_at = statement_timestamp() where id = any($1)', [later]);
    await until(() => once([...now, ...later]), 150_000, 'every effect once');
  });

  it('adds nothing twice: waiting, delayed and running jobs are left alone', async () => {
    const { queues, relay, transport } = await start();
    expect(await transport.drain(60_000)).toBe(true);
    await write(3);
    await write(2, new Date(Date.now() + 3_600_000));
    await relay.flush(60_000);
    expect(await relay.reconcile()).toBe(0);
    expect(await queues.of('hypothesize').getJobCounts('waiting', 'delayed')).toEqual({
      waiting: 3,
      delayed: 2,
    });
  });

  it('removes a failed leftover that would swallow the message', async () => {
    const { queues, relay } = await start();
    const queue = queues.of('hypothesize');
    // Paused: the worker must not take the message between its removal and the leftover that replaces it.
    await queue.pause();
    const [id] = await write(1);
    await relay.flush(60_000);
    // As BullMQ leaves a job behind when its worker was given up without our knowledge.
    await queue.remove(id as string);
    await queue.add('loop.observation.recorded', {}, { jobId: id, attempts: 1 });
    await queue.resume();
    await until(async () => (await rig.query('select 1 from dead_letter')).length === 1);
    await until(async () => (await queue.getJobState(id as string)) === 'completed');
    expect(await effects([id as string])).toEqual([]);
    expect(await relay.reconcile()).toBe(1);
    await until(() => once([id as string]));
  });

  it('goes on after the queue was restarted under load', async () => {
    await start();
    behave = async (message) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return effect(message);
    };
    const ids: string[] = [];
    for (let batch = 0; batch < 6; batch++) {
      ids.push(...(await write(20)));
      if (batch === 1 || batch === 3) await restartQueue();
    }
    await until(() => once(ids), 120_000, 'every effect once');
    expect(await rig.query('select 1 from dead_letter')).toEqual([]);
  }, 600_000);

  async function restartQueue(): Promise<void> {
    if (rig.redis) return rig.redis.restart();
    // The cluster is shared with other tests: every connection of the queue's login is cut instead.
    await rig.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and usename = 'hartonomous_queue'`,
    );
  }

  it('publishes later what it could not publish at once', async () => {
    const { relay, queues } = await start();
    const add = queues.add.bind(queues);
    let refused = 0;
    queues.add = (...args) => (refused++ < 3 ? Promise.reject(new Error('queue away')) : add(...args));
    const ids = await write(3);
    await until(() => once(ids), 150_000, 'every effect once');
    expect(refused).toBeGreaterThan(3);
    await relay.flush(60_000);
  });

  it('publishes what failed while the poll went by it, long before it is stale', async () => {
    const staleMs = 3_600_000;
    service = await startService(rig, 'hypothesize', Hypothesize, { staleMs, leaseMs: 500 });
    const { queues } = service;
    const add = queues.add.bind(queues);
    let fail = () => {};
    const away = new Promise<never>((_, reject) => (fail = () => reject(new Error('queue away'))));
    let held = false;
    queues.add = (...args) => (held ? add(...args) : ((held = true), away));
    const ids = await write(1);
    const seen = 'select 1 from outbox where leased_until is not null or published_at is not null';
    await until(async () => (await rig.query(seen)).length === 1);
    fail();
    await until(() => once(ids), 150_000, 'every effect once');
  });

  it('lets running handlers finish on drain, and takes no more', async () => {
    // A lock that ends while the machine stalls would bring a message that is under way to those that wait.
    const settings = defaultQueueSettings;
    service = await startService(rig, 'hypothesize', Hypothesize, { settings });
    const { transport, queues, relay } = service;
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let running = 0;
    behave = async (message) => {
      running++;
      await gate;
      return effect(message);
    };
    const first = await write(2);
    await until(() => running === 2);
    const drained = transport.drain(60_000);
    const second = await write(2);
    await relay.flush(60_000);
    const queuedAt = Date.now();
    release();
    expect(await drained).toBe(true);
    expect(await once(first)).toBe(true);
    expect(await effects(second)).toEqual([]);
    const ageMs = Date.now() - queuedAt;
    const age = await queueAge(queues, 'hypothesize');
    expect(age).toMatchObject({ waiting: 2, active: 0 });
    expect(age.oldestMs).toBeGreaterThanOrEqual(ageMs);
  });

  it('tells the age of the oldest job that waits, however many came after it', async () => {
    const queues = await rig.open();
    const aged = (ageMs: number, options = {}) =>
      queues.of('learn').add('aged', {}, { timestamp: Date.now() - ageMs, ...options });
    for (const ageMs of [300_000, 120_000, 0, 60_000, 0]) await aged(ageMs);
    // It could run a minute ago, and waits since then only.
    await aged(900_000, { delay: 840_000 });
    const { waiting, delayed, oldestMs } = await queueAge(queues, 'learn');
    expect(waiting + delayed).toBe(6);
    expect(oldestMs).toBeGreaterThanOrEqual(300_000);
    expect(oldestMs).toBeLessThan(800_000);
    await queues.of('learn').obliterate();
    expect(await queueAge(queues, 'learn')).toMatchObject({ waiting: 0, oldestMs: 0 });
  });

  it('aborts what does not finish in time', async () => {
    const { transport } = await start();
    let running = 0;
    behave = () => {
      running++;
      return new Promise(() => {});
    };
    await write(1);
    await until(() => running === 1);
    expect(await transport.drain(200)).toBe(false);
  });
});
