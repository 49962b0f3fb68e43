import { spawnSync } from 'node:child_process';
import { newId } from '@hartonomous/contracts';
import type { Envelope, MessageName, MessageRefs, ServiceName } from '@hartonomous/contracts';
import type { CycleRow, Store } from '@hartonomous/store';
import { openTestStore } from '@hartonomous/store/testing';
import { startRedis } from '@hartonomous/testing';
import type { TestRedis } from '@hartonomous/testing';
import { Module } from '@nestjs/common';
import type { INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { Redis } from 'ioredis';
import pg from 'pg';
import { BullTransport } from '../bull-transport.js';
import { CanaryWatch } from '../canary.js';
import { OutboxRelay } from '../outbox-relay.js';
import { openQueues } from '../queues.js';
import type { Queues, QueueSettings } from '../queues.js';
import { RpcErrorFilter } from '../rpc-error-filter.js';
import { restOf } from '../testing/rest-of.js';
import { quick } from './settings.js';

export type Engine = 'postgres' | 'redis';

const hasRedis = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/** For `describe.each`: the engines of this machine, and for those that are missing a skip that says so. */
export const engines: { engine: Engine; skip: string | null }[] = [
  { engine: 'postgres', skip: null },
  { engine: 'redis', skip: hasRedis ? null : 'redis-server is not installed' },
];

export interface Rig {
  engine: Engine;
  store: Store;
  storeUrls: { url: string; systemUrl: string };
  tenantId: string;
  queueUrl: string;
  redis: TestRedis | null;
  /** Queues of their own for a second process of the test. */
  open(settings?: Partial<QueueSettings>): Promise<Queues>;
  query<R>(text: string, values?: unknown[]): Promise<R[]>;
  cycle(): Promise<CycleRow>;
  /** Empties the queue behind everybody's back. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

export async function openRig(engine: Engine): Promise<Rig> {
  const test = await openTestStore({ poolSize: 8 });
  const redis = engine === 'redis' ? await startRedis() : null;
  const queueUrl = redis ? redis.url : test.urls.queueUrl;
  const client = new pg.Pool({ connectionString: test.urls.superuserUrl, max: 2 });
  client.on('error', () => {});
  const opened: Queues[] = [];
  const { store, tenantId } = test;
  const rig: Rig = {
    engine,
    store,
    storeUrls: { url: test.urls.url, systemUrl: test.urls.systemUrl },
    tenantId,
    queueUrl,
    redis,
    open: async (settings = {}) => {
      const queues = await openQueues({ url: queueUrl, settings: { ...quick, ...settings } });
      opened.push(queues);
      return queues;
    },
    query: async <R>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as R[],
    cycle: async () => {
      // One open cycle a tenant.
      await rig.query(`update cycle set state = 'Learned' where tenant_id = $1`, [tenantId]);
      return store.withTenant(tenantId, async (tx) => {
        const dueAt = await tx.now();
        return (await tx.cycles.request({ id: newId(), scope: 'full', requestedBy: 'test', dueAt })).cycle;
      });
    },
    wipe: async () => {
      if (!redis) return void (await rig.query('truncate bullmq.job cascade'));
      const connection = new Redis(redis.url);
      await connection.flushall();
      await connection.quit();
    },
    close: async () => {
      await Promise.allSettled(opened.map((queues) => queues.close()));
      await client.end();
      await test.close();
      await redis?.remove();
    },
  };
  return rig;
}

export interface TestService {
  app: INestMicroservice;
  transport: BullTransport;
  relay: OutboxRelay;
  queues: Queues;
  canaries: CanaryWatch;
  /** Waits so long for handlers under way, then gives them up. */
  stop(drainMs?: number): Promise<void>;
}

@Module({})
class Root {}

/** A service as `runService` starts it, inside the test's process; `whole`: the controller is all it has. */
export async function startService(
  rig: Rig,
  service: ServiceName,
  controller: Type,
  options: {
    staleMs?: number;
    pollMs?: number;
    leaseMs?: number;
    settings?: Partial<QueueSettings>;
    concurrency?: number;
    whole?: boolean;
  } = {},
): Promise<TestService> {
  const queues = await rig.open(options.settings);
  const canaries = new CanaryWatch();
  const { store } = rig;
  const { pollMs = 200, staleMs = 60_000, leaseMs = 10_000 } = options;
  const relay = new OutboxRelay({ store, queues, service, pollMs, staleMs, leaseMs });
  const transport = new BullTransport({
    queues,
    store,
    service,
    canaries,
    concurrency: options.concurrency ?? 4,
  });
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(
    { module: Root, controllers: options.whole ? [controller] : [controller, restOf(service, [controller])] },
    { strategy: transport, logger: false, abortOnError: false },
  );
  app.useGlobalFilters(new RpcErrorFilter());
  await app.listen();
  await relay.start();
  let stopped: Promise<void> | null = null;
  const stop = async (drainMs: number) => {
    await transport.drain(drainMs);
    await app.close();
    await relay.stop();
    await queues.close();
  };
  return { app, transport, relay, queues, canaries, stop: (drainMs = 20_000) => (stopped ??= stop(drainMs)) };
}

export function envelope<N extends MessageName>(
  tenantId: string,
  name: N,
  refs: MessageRefs<N>,
  more: Partial<Envelope<N>> = {},
): Envelope<N> {
  return { v: 1, messageId: newId(), name, tenantId, epoch: 0, refs, ...more };
}

/** Polls until the condition holds; the bound is for a machine that is ten times slower. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 150_000, what = 'condition') {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what} did not hold within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
