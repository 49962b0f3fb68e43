import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { migrateQueue } from '@hartonomous/bus';
import { newId, type ComputationState, type ServiceName } from '@hartonomous/contracts';
import type { ComputationRow, Store } from '@hartonomous/store';
import { openTestStore } from '@hartonomous/store/testing';
import {
  createTestFolder,
  removeTestFolder,
  spawnNode,
  startRedis,
  type NodeProcess,
} from '@hartonomous/testing';
import pg from 'pg';
import { repositoryRoot } from '../../config.js';
import { GatewayClient } from '../../gateway-client.js';
import type { ShownComputation } from '../computation-documents.js';
import { fakeClockModule, fakeDatabaseClock, jumpMs, jumpSignal } from './fake-clock.js';

export type Engine = 'postgres' | 'redis';

export interface LaneRig {
  store: Store;
  tenantId: string;
  queueUrl: string;
  key: string;
  gateway: GatewayClient;
  /** Of the gateway. */
  readonly url: string;
  /** Living processes by service; Act may have several. */
  processes: Map<string, NodeProcess>;
  start(service: ServiceName, env?: Record<string, string>, name?: string): Promise<NodeProcess>;
  addTenant(): Promise<{ tenantId: string; key: string; gateway: GatewayClient }>;
  submit(body: Record<string, unknown>, gateway?: GatewayClient): Promise<ShownComputation>;
  until(
    id: string,
    states: ComputationState[],
    withinMs?: number,
    everyMs?: number,
  ): Promise<ShownComputation>;
  row(id: string): Promise<ComputationRow>;
  sql<R>(text: string, values?: unknown[]): Promise<R[]>;
  /** Wall clocks of the services that were started and of their database jump ahead; see fake-clock.ts. */
  jump(): Promise<void>;
  close(): Promise<void>;
}

export interface LaneRigOptions {
  /** Environment of every service. */
  env?: Record<string, string>;
  fakeClock?: boolean;
}

const ended: ComputationState[] = ['Completed', 'CompletedWithGaps', 'Cancelled', 'Failed'];
export const untilEnded = ended;

async function makeKey(store: Store, tenantId: string): Promise<string> {
  const key = `harto_${randomBytes(32).toString('base64url')}`;
  await store.withTenant(tenantId, async (tx) => {
    const principal = await tx.principals.ensure('ada');
    const keyHash = createHash('sha256').update(key).digest('hex');
    const scopes = ['admin' as const];
    await tx.principals.addKey({
      principalId: principal.id,
      keyHash,
      scopes,
      label: 'test',
      expiresAt: null,
    });
  });
  return key;
}

async function addTenant(store: Store, baseUrl: string) {
  const tenant = await store.withSystem('test', (tx) => tx.tenants.ensure(`tenant-${newId()}`));
  const key = await makeKey(store, tenant.id);
  return { tenantId: tenant.id, key, gateway: new GatewayClient(baseUrl, key) };
}

async function untilState(
  gateway: GatewayClient,
  id: string,
  states: ComputationState[],
  withinMs = 200_000,
  everyMs = 50,
): Promise<ShownComputation> {
  const late = Date.now() + withinMs;
  for (;;) {
    const shown = await gateway.get<ShownComputation>(`/v1/computations/${id}`);
    if (states.includes(shown.state)) return shown;
    if (Date.now() > late) throw new Error(`not ${states.join('|')}: ${JSON.stringify(shown)}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

interface Surroundings {
  urls: { url: string; systemUrl: string };
  queueUrl: string;
  home: string;
  fakeClock: boolean;
  env: Record<string, string>;
}

const environmentOf = (
  service: string,
  { urls, queueUrl, home, fakeClock, env }: Surroundings,
  port: number,
) => ({
  STORE_URL: urls.url,
  STORE_SYSTEM_URL: urls.systemUrl,
  QUEUE_URL: queueUrl,
  QUEUE_LOCK_MS: '2000',
  QUEUE_STALLED_MS: '1000',
  HARTO_HOME: home,
  LOG_LEVEL: 'warn',
  SHUTDOWN_MS: '1500',
  // A gateway that comes back is found where it was.
  PORT: String(service === 'gateway' ? port : 0),
  ...(fakeClock ? { NODE_OPTIONS: `--import=${fakeClockModule.href}` } : {}),
  ...env,
});

/** The five services as processes of their own, on a database and a queue of their own. */
export async function openLaneRig(
  engine: Engine,
  { env = {}, fakeClock = false }: LaneRigOptions = {},
): Promise<LaneRig> {
  const test = await openTestStore({ poolSize: 6 });
  const redis = engine === 'redis' ? await startRedis() : null;
  const queueUrl = redis?.url ?? test.urls.queueUrl;
  // As the queue's own login, which owns its schema.
  if (!redis) await migrateQueue(queueUrl);
  const pool = new pg.Pool({ connectionString: test.urls.superuserUrl, max: 2 });
  pool.on('error', () => {});
  if (fakeClock) await fakeDatabaseClock(pool);
  const home = createTestFolder();
  const { store, tenantId } = test;
  const key = await makeKey(store, tenantId);
  const processes = new Map<string, NodeProcess>();
  let port = 0;

  const around = { urls: test.urls, queueUrl, home, fakeClock, env };
  const start: LaneRig['start'] = async (service, more = {}, name = service) => {
    const script = join(repositoryRoot, 'apps', service, 'dist', 'main.js');
    const instance = { HARTO_INSTANCE: `${name}-${newId().slice(-6)}` };
    const child = spawnNode(script, {
      env: { ...environmentOf(service, around, port), ...instance, ...more },
      verbose: process.env['LANE_VERBOSE'] === '1',
    });
    processes.set(name, child);
    const ready = JSON.parse(await child.line(/"event":"ready"/, 200_000)) as { port?: number };
    port = ready.port ?? port;
    return child;
  };
  await Promise.all(
    (['analyze', 'hypothesize', 'act', 'learn', 'gateway'] as const).map((name) => start(name)),
  );
  const baseUrl = `http://127.0.0.1:${port}`;
  const gateway = new GatewayClient(baseUrl, key);

  return {
    store,
    tenantId,
    queueUrl,
    key,
    gateway,
    url: baseUrl,
    processes,
    start,
    addTenant: () => addTenant(store, baseUrl),
    submit: async (body, by = gateway) => {
      const whole = { idempotencyKey: newId(), ...body };
      const path = '/v1/computations';
      return (await by.send<{ computation: ShownComputation }>('POST', path, whole)).computation;
    },
    until: (id, states, withinMs, everyMs) => untilState(gateway, id, states, withinMs, everyMs),
    row: async (id) => (await store.withTenant(tenantId, (tx) => tx.computations.get(id)))!,
    sql: async <R>(text: string, values?: unknown[]) => (await pool.query(text, values)).rows as R[],
    jump: async () => {
      await pool.query('update fake_clock.shift set ms = ms + $1', [jumpMs]);
      for (const child of processes.values()) child.kill(jumpSignal);
    },
    close: async () => {
      await Promise.all([...processes.values()].map((child) => child.stop(4000)));
      await pool.end();
      await redis?.remove();
      await test.close();
      removeTestFolder(home);
    },
  };
}
