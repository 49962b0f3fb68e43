import { newId } from '@hartonomous/contracts';
import type { Envelope, MessageName, ServiceName } from '@hartonomous/contracts';
import type { Store, TenantTransaction } from '@hartonomous/store';
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

export interface StationDeps {
  store: Store;
  once<T>(message: Envelope, work: (tx: TenantTransaction) => Promise<T>): Promise<T | undefined>;
}

/** What one service does with one message of a cycle. */
export interface Station {
  service: ServiceName;
  on: MessageName;
  run(deps: StationDeps, message: Envelope): Promise<void>;
}

export type ServiceChain = Chain & { stop(): Promise<void> };

/** The product's own path: Nest handlers, inbox, tenant check, outbox and relay, around what the stations do. */
export async function serviceChain(
  store: Store,
  tenantId: string,
  queues: Queues,
  stations: readonly Station[],
): Promise<ServiceChain> {
  let committed = 0;
  let began = 0;
  let hopMs: number[] = [];
  let done: (tookMs: number) => void = () => {};
  let failed: (error: unknown) => void = () => {};
  // Before the relay's own listener: a hop begins with the commit.
  store.onCommitted(() => (committed = performance.now()));
  const relay = new OutboxRelay({ store, queues, service: 'analyze' });
  const apps: INestMicroservice[] = [];
  for (const station of stations) {
    const { service } = station;
    const handle = async (message: Envelope): Promise<void> => {
      hopMs.push(performance.now() - committed);
      if (station === stations[0]) began = committed;
      try {
        await station.run({ store, once: (of, work) => handleOnce({ store, service }, of, work) }, message);
      } catch (error) {
        failed(error);
        throw error;
      }
      if (station === stations.at(-1)) done(performance.now() - began);
    };
    apps.push(await serve(store, queues, station, handle));
  }
  await relay.start();
  return {
    cycle: (into) =>
      new Promise<number>((resolve, reject) => {
        hopMs = into;
        done = resolve;
        failed = reject;
        requestCycle(store, tenantId).catch(reject);
      }),
    stop: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await relay.stop();
    },
  };
}

async function requestCycle(store: Store, tenantId: string): Promise<void> {
  await store.withTenant(tenantId, async (tx) => {
    const request = { id: newId(), scope: 'full', requestedBy: 'bench', dueAt: new Date() } as const;
    const { cycle } = await tx.cycles.request(request);
    await publish(tx, { name: 'loop.cycle.requested', epoch: cycle.epoch, refs: { cycleId: cycle.id } });
  });
}

async function serve(
  store: Store,
  queues: Queues,
  { service, on }: Station,
  handle: (message: Envelope) => Promise<unknown>,
): Promise<INestMicroservice> {
  const controller = controllerFor(on, handle);
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    { module: Root, controllers: [controller, restOf(service, [controller])] },
    { strategy: new BullTransport({ queues, store, service }), logger: false, abortOnError: false },
  );
  app.useGlobalFilters(new RpcErrorFilter());
  await app.listen();
  return app;
}

/** A conditional state change, an audit entry and the next message: a hop of a cycle in which nothing is tried. */
export const stationOf = ({ service, on, from, to, next }: Hop): Station => ({
  service,
  on,
  run: async ({ once }, message) => {
    const { cycleId } = message.refs as { cycleId: string };
    const moved = await once(message, async (tx) => {
      const advanced = await tx.cycles.advance(cycleId, message.epoch, from, to);
      if (next) await tx.outbox.add({ id: newId(), ...next(cycleId), epoch: message.epoch + 1 });
      await tx.audit.append({ what: `cycle.${to}`, subject: cycleId, who: service, why: 'bench' });
      return advanced;
    });
    if (!moved) throw new Error(`${service} could not advance the cycle`);
  },
});

/** The four services of a cycle in which nothing is tried. */
export const emptyCycle: readonly Station[] = hops.map(stationOf);
