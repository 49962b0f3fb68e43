import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnNode, createTestFolder, removeTestFolder } from '@hartonomous/testing';
import type { NodeProcess } from '@hartonomous/testing';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { Envelope } from '@hartonomous/contracts';
import { handleOnce } from '../handle-once.js';
import { publish } from '../publish.js';
import { openRig, startService, until } from './rig.js';
import type { engines } from './rig.js';
import type { Engine, Rig, TestService } from './rig.js';

let rig: Rig;

@Controller()
class Hypothesize {
  @EventPattern<string>('loop.observation.recorded')
  onRecorded(@Payload() message: Envelope<'loop.observation.recorded'>): Promise<unknown> {
    // A row and no counter: what is rolled back, or repeated after a deadlock, has not arrived.
    return handleOnce({ store: rig.store, service: 'hypothesize' }, message, (tx) =>
      tx.audit.append({ what: 'arrived', subject: message.refs.cycleId, who: 'test', why: 'test' }),
    );
  }
}

/** Kills of a child process at the points of a hop; what must hold after each. */
export function describeCrash(
  { engine, skip }: (typeof engines)[number],
  points: readonly string[],
  options: { long: boolean },
): void {
  describe(`crash on ${engine}`, () => {
    if (skip) it.skip(`SKIPPED: ${skip}`, () => {});
    else crashes(engine, points, options.long);
  });
}

function crashes(engine: Engine, points: readonly string[], long: boolean): void {
  let next: TestService;
  let children: NodeProcess[] = [];
  let markers: string;
  let cycleId: string;

  beforeAll(async () => {
    rig = await openRig(engine);
    next = await startService(rig, 'hypothesize', Hypothesize);
  });
  afterAll(async () => {
    await next.stop();
    await rig.close();
  });
  beforeEach(() => {
    markers = createTestFolder();
  });
  afterEach(async () => {
    await Promise.all(children.map((child) => child.stop(100)));
    children = [];
    removeTestFolder(markers);
  });

  const launch = (faults: string, folder = markers) => {
    const setup = JSON.stringify({ ...rig.storeUrls, queueUrl: rig.queueUrl, faults, markers: folder });
    const child = spawnNode(new URL('./worker-child.js', import.meta.url), { args: [setup] });
    children.push(child);
    return child;
  };
  const start = async (faults: string) => {
    const child = launch(faults);
    await child.line(/^ready/);
    return child;
  };
  const request = async () => {
    cycleId = (await rig.cycle()).id;
    const name = 'loop.cycle.requested';
    // The relay of the test's process publishes it.
    return rig.store.withTenant(rig.tenantId, (tx) => publish(tx, { name, epoch: 0, refs: { cycleId } }));
  };
  const arrivals = async () =>
    (await rig.query(`select 1 from audit where what = 'arrived' and subject = $1`, [cycleId])).length;
  const effects = async (id: string) =>
    (await rig.query(`select 1 from audit where what = 'effect' and subject = $1`, [id])).length;

  /** The effect and the next message are there, nothing is under way or to come, and they are there once. */
  const settled = async (id: string) => {
    const there = async () => (await effects(id)) > 0 && (await arrivals()) > 0;
    await until(there, 150_000, 'effect and next message');
    await until(async () => (await rig.query('select 1 from outbox')).length === 0, 150_000, 'empty outbox');
    // A job of a dead or blocked worker stays active until it was delivered again and found its effect taken.
    for (const name of ['analyze', 'hypothesize'] as const) {
      const idle = async () => {
        const counts = await next.queues.of(name).getJobCounts('active', 'waiting', 'delayed', 'failed');
        return Object.values(counts).every((count) => count === 0);
      };
      await until(idle, 150_000, `idle ${name}`);
    }
    expect([await effects(id), await arrivals()]).toEqual([1, 1]);
  };

  it.each(points)(
    'kill -9 at %s: the next process goes on, the effect and the next message are there once',
    async (point) => {
      const first = await start(`analyze.${point}=kill@1`);
      const id = await request();
      expect((await first.exited).signal).toBe('SIGKILL');
      await start(`analyze.${point}=kill@1`);
      await settled(id);
    },
    600_000,
  );

  it('a worker that was blocked past its lock finds its effect taken', async () => {
    const point = 'analyze.in-tx=block:4500@1';
    await start(point);
    const id = await request();
    await start(point);
    await settled(id);
  }, 600_000);

  const test = long ? it : it.skip;

  test('survives many deaths in the middle of one job', async () => {
    const id = await request();
    for (let death = 0; death < 3; death++) {
      // A folder of its own: each process dies.
      const child = launch('analyze.received=kill@1', `${markers}/${death}`);
      expect((await child.exited).signal).toBe('SIGKILL');
    }
    await start('');
    await settled(id);
  }, 600_000);
}
