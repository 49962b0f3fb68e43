import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HartoError, newId } from '@hartonomous/contracts';
import type { Envelope } from '@hartonomous/contracts';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { BusContext } from '../bus-context.js';
import { handleOnce } from '../handle-once.js';
import { publish } from '../publish.js';
import { defaultQueueSettings, jobOptions } from '../queues.js';
import { engines, envelope, openRig, startService, until } from './rig.js';
import type { Rig, TestService } from './rig.js';

type Recorded = Envelope<'loop.observation.recorded'>;
const name = 'loop.observation.recorded';

/** What the handler of the current test does. */
let behave: (message: Recorded, context: BusContext) => Promise<unknown>;
let seen: { message: Recorded; attempt: number }[];

@Controller()
class Hypothesize {
  @EventPattern<string>(name)
  onRecorded(@Payload() message: Recorded, @Ctx() context: BusContext): Promise<unknown> {
    seen.push({ message, attempt: context.attempt });
    return behave(message, context);
  }
}

interface Letter {
  queue: string;
  code: string;
  reason: string;
  body: string;
  message_id: string | null;
}

describe.each(engines)('delivery on $engine', ({ engine, skip }) => {
  if (skip) return void it.skip(`SKIPPED: ${skip}`, () => {});

  let rig: Rig;
  let service: TestService;
  let cycleId: string;

  beforeAll(async () => {
    rig = await openRig(engine);
    // Nothing is killed here: neither a lock that ends while the machine stalls nor a poll beside the publication
    // after the commit may deliver a second time, for these tests count deliveries.
    const settings = defaultQueueSettings;
    service = await startService(rig, 'hypothesize', Hypothesize, { settings, pollMs: 3_600_000 });
  });
  afterAll(async () => {
    await service.stop();
    await rig.close();
  });
  beforeEach(async () => {
    seen = [];
    behave = effect;
    cycleId = (await rig.cycle()).id;
  });
  afterEach(async () => {
    // A job goes on writing for a moment after the row that its test waited for.
    await until(async () => (await service.queues.of('hypothesize').getJobCounts('active')).active === 0);
    await service.relay.flush(60_000);
    await rig.query('truncate outbox, inbox, dead_letter');
    await rig.wipe();
  });

  const effect = (message: Recorded) =>
    handleOnce({ store: rig.store, service: 'hypothesize' }, message, (tx) =>
      tx.audit.append({ what: 'effect', subject: message.messageId, who: 'test', why: 'test' }),
    );
  const effects = async (id: string) =>
    (await rig.query(`select 1 from audit where what = 'effect' and subject = $1`, [id])).length;
  const refs = () => ({ cycleId, observationId: newId() });
  const write = (more: { deliverAt?: Date } = {}) =>
    rig.store.withTenant(rig.tenantId, (tx) => publish(tx, { name, epoch: 3, refs: refs(), ...more }));
  const letters = () => rig.query<Letter>('select * from dead_letter order by created_at');
  const outbox = async () => (await rig.query('select 1 from outbox')).length;
  const add = (data: unknown, options = {}) =>
    service.queues.of('hypothesize').add(name, data, { ...jobOptions(name, newId()), ...options });
  const one = async (data: unknown, options = {}) => {
    await add(data, options);
    await until(async () => (await letters()).length > 0, 150_000, 'dead letter');
    return (await letters())[0] as Letter;
  };

  it('publishes what a transaction committed; the effect, the inbox row and the end of the outbox row are one', async () => {
    const id = await write();
    await until(async () => (await effects(id)) === 1);
    expect(seen).toEqual([
      { message: expect.objectContaining({ messageId: id, epoch: 3, name }), attempt: 1 },
    ]);
    await until(async () => (await outbox()) === 0);
    expect(await rig.query('select consumer from inbox where message_id = $1', [id])).toEqual([
      { consumer: 'hypothesize' },
    ]);
  });

  it('has the effect once, however often and at once the message comes', async () => {
    const message = envelope(rig.tenantId, name, refs());
    await Promise.all(Array.from({ length: 20 }, () => add(message)));
    await until(() => seen.length === 20);
    await until(async () => (await service.queues.of('hypothesize').getJobCounts('active')).active === 0);
    expect(await effects(message.messageId)).toBe(1);
  });

  it('tries again after a fault, and the fault leaves nothing behind', async () => {
    behave = async (message, context) =>
      handleOnce({ store: rig.store, service: 'hypothesize' }, message, async (tx) => {
        await tx.audit.append({ what: 'effect', subject: message.messageId, who: 'test', why: 'test' });
        if (context.attempt < 3) throw new Error('lost');
      });
    const id = await write();
    await until(async () => (await effects(id)) === 1);
    expect(seen.map((each) => each.attempt)).toEqual([1, 2, 3]);
    expect(await letters()).toEqual([]);
  });

  it('records a message whose attempts are used up, once, and takes it off the outbox', async () => {
    behave = () => Promise.reject(new HartoError('STORE_UNREACHABLE', 'away'));
    const message = envelope(rig.tenantId, name, refs());
    const letter = await one(message, { attempts: 2, backoff: 10 });
    expect(letter).toMatchObject({
      queue: 'hypothesize',
      code: 'STORE_UNREACHABLE',
      reason: 'away',
      message_id: message.messageId,
    });
    expect(seen).toHaveLength(2);
    await until(async () => (await service.queues.of('hypothesize').getJobCounts('failed')).failed === 1);
    expect(await letters()).toHaveLength(1);
  });

  it('does not try again what cannot succeed', async () => {
    behave = () => Promise.reject(new HartoError('STATE_CONFLICT', 'not so'));
    expect(await one(envelope(rig.tenantId, name, refs()))).toMatchObject({
      code: 'STATE_CONFLICT',
      reason: 'not so',
    });
    expect(seen).toHaveLength(1);
  });

  it.each([
    ['no object', () => 7, 'MESSAGE_MALFORMED'],
    ['null', () => null, 'MESSAGE_MALFORMED'],
    ['a missing reference', () => envelope(rig.tenantId, name, { cycleId } as never), 'MESSAGE_MALFORMED'],
    ['an unknown field', () => ({ ...envelope(rig.tenantId, name, refs()), extra: 1 }), 'MESSAGE_MALFORMED'],
    [
      'the name of another queue',
      () => envelope(rig.tenantId, 'loop.cycle.requested', { cycleId }),
      'MESSAGE_MALFORMED',
    ],
    ['an old version', () => ({ ...envelope(rig.tenantId, name, refs()), v: 0 }), 'MESSAGE_MALFORMED'],
    [
      'more than 64 KiB',
      () => ({ ...envelope(rig.tenantId, name, refs()), pad: 'x'.repeat(70_000) }),
      'MESSAGE_TOO_LARGE',
    ],
    ['an unknown tenant', () => envelope(newId(), name, refs()), 'MESSAGE_FOREIGN_TENANT'],
    [
      'a deadline that is over',
      () => envelope(rig.tenantId, name, refs(), { deadline: '2020-01-01T00:00:00.000Z' }),
      'MESSAGE_EXPIRED',
    ],
  ])('refuses %s at once and keeps it as a dead letter', async (_, make, code) => {
    const letter = await one(make());
    expect(letter.code).toBe(code);
    expect(letter.reason).not.toContain('\n');
    expect(Buffer.byteLength(letter.body)).toBeLessThanOrEqual(4_096);
    expect(seen).toEqual([]);
  });

  it("refuses another tenant's cycle by looking it up in the database", async () => {
    const other = await rig.store.withSystem('test', (tx) => tx.tenants.ensure('other'));
    const message = envelope(other.id, name, refs());
    expect(await one(message)).toMatchObject({
      code: 'MESSAGE_FOREIGN_TENANT',
      message_id: message.messageId,
    });
    expect(await effects(message.messageId)).toBe(0);
  });

  it('lets a message of a newer version wait', async () => {
    const message = { ...envelope(rig.tenantId, name, refs()), v: 2 };
    const job = await add(message);
    await until(async () => (await job.getState()) === 'delayed');
    expect([seen, await letters()]).toEqual([[], []]);
    expect((await service.queues.of('hypothesize').getJob(job.id as string))?.attemptsMade).toBe(0);
  });

  it('puts a message off while the kill switch is on, without using an attempt', async () => {
    behave = (message) =>
      seen.length === 1 ? Promise.reject(new HartoError('KILL_SWITCH_ON', 'stopped')) : effect(message);
    const id = await write();
    await until(async () => (await effects(id)) === 1);
    expect(seen.map((each) => each.attempt)).toEqual([1, 1]);
  });

  it('acknowledges a message that its handler had nothing to do for', async () => {
    behave = () => Promise.resolve();
    const id = await write();
    await until(async () => (await outbox()) === 0);
    expect(await rig.query('select consumer from inbox where message_id = $1', [id])).toHaveLength(1);
    expect(await service.relay.reconcile()).toBe(0);
    expect(seen).toHaveLength(1);
  });

  it('delivers not before the instant asked for', async () => {
    const deliverAt = new Date(Date.now() + 800);
    const id = await write({ deliverAt });
    await until(async () => (await effects(id)) === 1);
    expect(Date.now()).toBeGreaterThanOrEqual(deliverAt.getTime());
    expect(seen).toHaveLength(1);
  });

  it('refuses to publish what the catalogue does not know', async () => {
    const bad = { name, epoch: 0, refs: { cycleId } } as never;
    await expect(rig.store.withTenant(rig.tenantId, (tx) => publish(tx, bad))).rejects.toMatchObject({
      code: 'MESSAGE_MALFORMED',
    });
    behave = (message) =>
      handleOnce({ store: rig.store, service: 'hypothesize' }, message, (tx) =>
        tx.outbox.add({ id: newId(), ...(bad as object) } as never),
      );
    expect(await one(envelope(rig.tenantId, name, refs()))).toMatchObject({ code: 'MESSAGE_MALFORMED' });
    expect(await outbox()).toBe(0);
  });

  it('answers canaries by itself', async () => {
    const roundTripMs = await service.canaries.fly(service.queues, 'hypothesize', 60_000);
    expect(roundTripMs).not.toBeNull();
    expect(seen).toEqual([]);
  });
});
