import { newId } from '@hartonomous/contracts';
import type { Envelope, ServiceName } from '@hartonomous/contracts';
import type { Store } from '@hartonomous/store';
import { Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { BullTransport } from '../bull-transport.js';
import { handleOnce } from '../handle-once.js';
import { OutboxRelay } from '../outbox-relay.js';
import { publish } from '../publish.js';
import type { Queues } from '../queues.js';
import { RpcErrorFilter } from '../rpc-error-filter.js';
import { controllerFor, hops, restOf } from '../testing/index.js';
import type { Hop } from '../testing/index.js';
import type { Chain } from './measure.js';

@Module({})
class Root {}

/** The product's own path: Nest handlers, inbox, tenant check, conditional state change, audit and outbox per hop. */
export async function ourChain(store: Store, tenantId: string, queues: Queues): Promise<Chain> {
  let mark = 0;
  let began = 0;
  // Before the relay's own listener: a hop begins with the commit.
  store.onCommitted(() => (mark = performance.now()));
  const relay = new OutboxRelay({ store, queues, service: 'analyze' });
  let hopMs: number[] = [];
  let done: (tookMs: number) => void = () => {};
  let failed: (error: unknown) => void = () => {};

  const handle = (hop: Hop) => async (message: Envelope) => {
    hopMs.push(performance.now() - mark);
    if (hop === hops[0]) began = mark;
    const { cycleId } = message.refs as { cycleId: string };
    const { service, from, to, next } = hop;
    const moved = await handleOnce({ store, service }, message, async (tx) => {
      const advanced = await tx.cycles.advance(cycleId, message.epoch, from, to);
      if (next) await tx.outbox.add({ id: newId(), ...next(cycleId), epoch: message.epoch + 1 });
      await tx.audit.append({ what: `cycle.${to}`, subject: cycleId, who: service, why: 'bench' });
      return advanced;
    });
    if (!moved) failed(new Error(`${service} could not advance the cycle`));
    if (to === 'Learned') done(performance.now() - began);
  };
  const apps: INestMicroservice[] = [];
  for (const hop of hops) apps.push(await serve(store, queues, hop.service, hop, handle(hop)));
  await relay.start();

  const name = 'loop.cycle.requested';
  return {
    name: 'outbox, inbox, audit',
    cycle: (into) =>
      new Promise<number>((resolve, reject) => {
        hopMs = into;
        done = resolve;
        failed = reject;
        store
          .withTenant(tenantId, async (tx) => {
            const request = { id: newId(), scope: 'full', requestedBy: 'bench', dueAt: new Date() } as const;
            const { cycle } = await tx.cycles.request(request);
            await publish(tx, { name, epoch: cycle.epoch, refs: { cycleId: cycle.id } });
          })
          .catch(reject);
      }),
    stop: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await relay.stop();
    },
  };
}

async function serve(
  store: Store,
  queues: Queues,
  service: ServiceName,
  hop: Hop,
  handle: (message: Envelope) => Promise<unknown>,
): Promise<INestMicroservice> {
  const controller = controllerFor(hop.on, handle);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    { module: Root, controllers: [controller, restOf(service, [controller])] },
    { strategy: new BullTransport({ queues, store, service }), logger: false, abortOnError: false },
  );
  app.useGlobalFilters(new RpcErrorFilter());
  await app.listen();
  return app;
}
