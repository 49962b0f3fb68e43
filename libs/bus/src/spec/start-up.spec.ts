import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { HartoError } from '@hartonomous/contracts';
import { createTestFolder, freePort, removeTestFolder } from '@hartonomous/testing';
import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type { Envelope } from '@hartonomous/contracts';
import { lastValueFrom } from 'rxjs';
import { BullClient } from '../bull-client.js';
import { handleOnce } from '../handle-once.js';
import { openQueues } from '../queues.js';
import { engines, openRig, startService, until } from './rig.js';
import type { Rig } from './rig.js';

const name = 'loop.observation.recorded';
let rig: Rig;

@Controller()
class None {}

@Controller()
class Foreign {
  @EventPattern<string>(name)
  own(): void {}
  @EventPattern<string>('loop.cycle.learned')
  foreign(): void {}
}

@Controller()
class Twice {
  @EventPattern<string>(name)
  one(): void {}
  @EventPattern<string>(name)
  two(): void {}
}

@Controller()
class Answering {
  @MessagePattern<string>(name)
  answer(@Payload() message: Envelope<typeof name>): Promise<unknown> {
    if (message.epoch === 1) throw new HartoError('NOT_FOUND', 'no such thing');
    if (message.epoch === 2) return new Promise(() => {});
    return handleOnce({ store: rig.store, service: 'hypothesize' }, message, async () => ({
      echo: message.refs.observationId,
    }));
  }
}

describe('handlers', () => {
  beforeAll(async () => {
    rig = await openRig('postgres');
  });
  afterAll(() => rig.close());

  it.each([
    ['lacks one', None, 'hypothesize: no handler for loop.observation.recorded', true],
    ['has one that nothing reaches', Foreign, 'hypothesize: handler for loop.cycle.learned', false],
    ['has two for one message', Twice, 'hypothesize: two handlers for loop.observation.recorded', false],
  ])('a service that %s does not start', async (_, controller, text, whole) => {
    const started = startService(rig, 'hypothesize', controller, { whole });
    await expect(started).rejects.toMatchObject({
      code: 'MESSAGE_NO_HANDLER',
      message: expect.stringContaining(text),
    });
  });
});

describe.each(engines)('requests on $engine', ({ engine, skip }) => {
  if (skip) return void it.skip(`SKIPPED: ${skip}`, () => {});

  it('are answered, refused with their code, or given up; emitting goes by the outbox', async () => {
    rig = await openRig(engine);
    const service = await startService(rig, 'hypothesize', Answering);
    const queues = await rig.open();
    const of = (instance: string, timeoutMs: number) =>
      new BullClient({ queues, store: rig.store, instance, timeoutMs });
    const [client, hasty] = [of('test.1', 60_000), of('test.2', 300)];
    const refs = { cycleId: (await rig.cycle()).id, observationId: '019a0000-0000-7000-8000-000000000001' };
    const ask = (epoch: number, tenantId = rig.tenantId, by = client) =>
      lastValueFrom(by.send<unknown, object>(name, { tenantId, epoch, refs }));
    try {
      expect(await ask(0)).toEqual({ echo: refs.observationId });
      await expect(ask(1)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no such thing' });
      await expect(ask(2, rig.tenantId, hasty)).rejects.toMatchObject({ code: 'MESSAGE_EXPIRED' });
      await expect(ask(0, '019a0000-0000-7000-8000-00000000000f')).rejects.toMatchObject({
        code: 'MESSAGE_FOREIGN_TENANT',
      });
      const id = await lastValueFrom(
        client.emit<string, object>(name, { tenantId: rig.tenantId, epoch: 0, refs }),
      );
      await until(
        async () => (await rig.query('select 1 from inbox where message_id = $1', [id])).length === 1,
      );
    } finally {
      await client.close();
      await hasty.close();
      // One handler never answers.
      await service.stop(100);
      await rig.close();
    }
  }, 240_000);
});

describe('openQueues', () => {
  it.each(['', 'amqp://localhost', 'localhost:6379'])('refuses the URL "%s"', async (url) => {
    await expect(openQueues({ url })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it.each(['postgres://u:secret@127.0.0.1', 'redis://:secret@127.0.0.1'])(
    'names a server that is not there: %s',
    async (base) => {
      const failed = openQueues({ url: `${base}:${await freePort()}/0` });
      await expect(failed).rejects.toMatchObject({ code: 'QUEUE_UNREACHABLE' });
      await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
    },
  );

  const redis = engines.find(({ engine }) => engine === 'redis');
  if (redis?.skip) return void it.skip(`SKIPPED: ${redis.skip}`, () => {});

  it.each([
    ['without append-only file', ['--appendonly', 'no'], /appendonly/],
    ['that evicts', ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'], /noeviction/],
    [
      'that does not let itself be asked',
      ['--user', 'asker', 'on', 'nopass', '~*', '&*', '+@all', '-info'],
      /does not let/,
    ],
  ])(
    'refuses a Redis %s unless told otherwise',
    async (_, flags, text) => {
      const folder = createTestFolder();
      const port = await freePort();
      const child = spawn('redis-server', [
        '--bind',
        '127.0.0.1',
        '--port',
        String(port),
        '--save',
        '',
        '--dir',
        folder,
        ...flags,
      ]);
      try {
        const asker = flags.includes('asker');
        const url = `redis://${asker ? 'asker:any@' : ''}127.0.0.1:${port}`;
        let fault: unknown;
        await until(async () => {
          fault = await openQueues({ url }).catch((error: unknown) => error);
          return (fault as { code?: string }).code !== 'QUEUE_UNREACHABLE';
        });
        expect(fault).toMatchObject({ code: 'QUEUE_UNSAFE', message: expect.stringMatching(text) });
        await (await openQueues({ url, allowUnsafe: true })).close();
      } finally {
        const ended = child.exitCode === null ? once(child, 'exit') : null;
        child.kill('SIGKILL');
        await ended;
        removeTestFolder(folder);
      }
    },
    240_000,
  );
});
