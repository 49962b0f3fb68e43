import {
  BullTransport,
  handleOnce,
  OutboxRelay,
  publish,
  RpcErrorFilter,
  type Queues,
} from '@hartonomous/bus';
import { controllerFor, restOf } from '@hartonomous/bus/testing';
import type { Envelope, MessageName, ServiceName } from '@hartonomous/contracts';
import type { Store } from '@hartonomous/store';
import { Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { analyze, hypothesize, learn, type Hop } from './hops.js';
import type { Chain } from './measure.js';

@Module({})
class Root {}

type Station = { service: ServiceName; on: MessageName; run: Hop };

const stationsWith = (act: Hop): Station[] => [
  { service: 'analyze', on: 'loop.cycle.requested', run: analyze },
  { service: 'hypothesize', on: 'loop.observation.recorded', run: hypothesize },
  { service: 'act', on: 'loop.hypotheses.ranked', run: act },
  { service: 'learn', on: 'loop.action.concluded', run: learn },
];

export interface LoopChains {
  /** A chain for each way to act, over the same four services. */
  chains: Chain[];
  stop(): Promise<void>;
}

/** The product's own path: transport, inbox, repositories, outbox, relay, audit, and the decisions of this library. */
export async function loopChains(
  store: Store,
  tenantId: string,
  queues: Queues,
  acts: readonly Hop[],
): Promise<LoopChains> {
  let act: Hop = acts[0]!;
  let began = 0;
  let committed = 0;
  let done: (tookMs: number) => void = () => {};
  let failed: (error: unknown) => void = () => {};
  store.onCommitted(() => (committed = performance.now()));
  const relay = new OutboxRelay({ store, queues, service: 'analyze' });
  const apps: INestMicroservice[] = [];
  for (const { service, on, run } of stationsWith((deps, message) => act(deps, message))) {
    const handle = async (message: Envelope): Promise<void> => {
      if (service === 'analyze') began = committed;
      try {
        await run({ store, once: (of, work) => handleOnce({ store, service }, of, work) }, message);
      } catch (error) {
        failed(error);
        throw error;
      }
      if (service === 'learn') done(performance.now() - began);
    };
    apps.push(await serve(store, queues, service, on, handle));
  }
  await relay.start();
  const chainOf = (own: Hop): Chain => ({
    cycle: () =>
      new Promise<number>((resolve, reject) => {
        act = own;
        done = resolve;
        failed = reject;
        requestCycle(store, tenantId).catch(reject);
      }),
  });
  return {
    chains: acts.map(chainOf),
    stop: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await relay.stop();
    },
  };
}

async function requestCycle(store: Store, tenantId: string): Promise<void> {
  await store.withTenant(tenantId, async (tx) => {
    const request = {
      id: crypto.randomUUID(),
      scope: 'full',
      requestedBy: 'bench',
      dueAt: new Date(),
    } as const;
    const { cycle } = await tx.cycles.request(request);
    await publish(tx, { name: 'loop.cycle.requested', epoch: cycle.epoch, refs: { cycleId: cycle.id } });
  });
}

async function serve(
  store: Store,
  queues: Queues,
  service: ServiceName,
  on: MessageName,
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
