import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnNode, createTestFolder, removeTestFolder } from '@hartonomous/testing';
import type { NodeProcess } from '@hartonomous/testing';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Envelope } from '@hartonomous/contracts';
import { handleOnce } from '../handle-once.js';
import { publish } from '../publish.js';
import { engines, openRig, startService, until } from './rig.js';
import type { Rig, TestService } from './rig.js';

let arrived: string[] = [];
let rig: Rig;

@Controller()
class Hypothesize {
  @EventPattern<string>('loop.observation.recorded')
  onRecorded(@Payload() message: Envelope<'loop.observation.recorded'>): Promise<unknown> {
    return handleOnce({ store: rig.store, service: 'hypothesize' }, message, async () => {
      arrived.push(message.refs.cycleId);
    });
  }
}

describe.each(engines)('crash on $engine', ({ engine, skip }) => {
  if (skip) return void it.skip(`SKIPPED: ${skip}`, () => {});

  let next: TestService;
  let children: NodeProcess[] = [];
  let markers: string;

  beforeAll(async () => {
    rig = await openRig(engine);
    next = await startService(rig, 'hypothesize', Hypothesize);
  });
  afterAll(async () => {
    await next.stop();
    await rig.close();
  });
  beforeEach(() => {
    arrived = [];
    markers = createTestFolder();
  });
  afterEach(async () => {
    await Promise.all(children.map((child) => child.stop(100)));
    children = [];
    removeTestFolder(markers);
  });

  const start = async (faults: string) => {
    const setup = JSON.stringify({ ...rig.storeUrls, queueUrl: rig.queueUrl, faults, markers });
    const child = spawnNode(new URL('./worker-child.js', import.meta.url), { args: [setup] });
    children.push(child);
    await child.line(/^ready/);
    return child;
  };
  const request = async () => {
    const { id } = await rig.cycle();
    const name = 'loop.cycle.requested';
    // The relay of the test's process publishes it.
    return rig.store.withTenant(rig.tenantId, (tx) => publish(tx, { name, epoch: 0, refs: { cycleId: id } }));
  };
  const effects = async (id: string) =>
    (await rig.query(`select 1 from audit where what = 'effect' and subject = $1`, [id])).length;

  it.each(['received', 'in-tx', 'after-commit', 'after-publish', 'after-effect'])(
    'kill -9 at %s: the next process goes on, the effect and the next message are there once',
    async (point) => {
      const first = await start(`analyze.${point}=kill@1`);
      const id = await request();
      expect((await first.exited).signal).toBe('SIGKILL');
      await start(`analyze.${point}=kill@1`);
      await until(
        async () => (await effects(id)) === 1 && arrived.length === 1,
        20_000,
        'effect and next message',
      );
      // Long enough for a redelivery by the lock, the stalled check and the poll.
      await until(async () => (await rig.query('select 1 from outbox')).length === 0, 20_000, 'empty outbox');
      const queue = next.queues.of('analyze');
      await until(
        async () => (await queue.getJobCounts('active', 'waiting', 'delayed')).active === 0,
        20_000,
        'idle',
      );
      expect([await effects(id), arrived.length]).toEqual([1, 1]);
    },
    60_000,
  );

  it('a worker that was blocked past its lock finds its effect taken', async () => {
    const point = 'analyze.in-tx=block:6000@1';
    await start(point);
    const id = await request();
    await start(point);
    await until(async () => (await effects(id)) === 1, 20_000, 'effect');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect([await effects(id), arrived.length]).toEqual([1, 1]);
  }, 60_000);

  it('survives many deaths in the middle of one job', async () => {
    const spec = [1, 2, 3].map((hit) => `analyze.received=kill@${hit}`).join(',');
    // Each process counts its own hits: the folder lets the first fault fire once for each of three names.
    const id = await request();
    for (let death = 0; death < 3; death++) {
      removeTestFolder(markers);
      const child = await start(spec);
      expect((await child.exited).signal).toBe('SIGKILL');
    }
    await start('');
    await until(async () => (await effects(id)) === 1, 20_000, 'effect');
    expect(arrived).toHaveLength(1);
  }, 90_000);
});
