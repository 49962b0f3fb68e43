import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openQueues, OutboxRelay, publish } from '@hartonomous/bus';
import type { Queues } from '@hartonomous/bus';
import { newId, services } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import type { CycleState } from '@hartonomous/contracts';
import { openTestStore } from '@hartonomous/store/testing';
import type { TestStore } from '@hartonomous/store/testing';
import { createTestFolder, freePort, removeTestFolder, spawnNode } from '@hartonomous/testing';
import type { NodeProcess } from '@hartonomous/testing';

const script = new URL('./service-child.js', import.meta.url);
const readyLine = /"event":"ready"/;

let test: TestStore;
let queues: Queues;
let relay: OutboxRelay;
let home: string;
let children: NodeProcess[] = [];

beforeAll(async () => {
  test = await openTestStore();
  queues = await openQueues({ url: test.urls.queueUrl });
  relay = new OutboxRelay({ store: test.store, queues, service: 'gateway', pollMs: 500 });
  await relay.start();
});
afterAll(async () => {
  await relay.stop();
  await queues.close();
  await test.close();
});
beforeEach(() => {
  home = createTestFolder();
});
afterEach(async () => {
  await Promise.all(children.map((child) => child.stop()));
  children = [];
  removeTestFolder(home);
});

const environment = (service: ServiceName) => ({
  TEST_SERVICE: service,
  STORE_URL: test.urls.url,
  STORE_SYSTEM_URL: test.urls.systemUrl,
  QUEUE_URL: test.urls.queueUrl,
  QUEUE_LOCK_MS: '2000',
  QUEUE_STALLED_MS: '500',
  HARTO_HOME: home,
  HARTO_FAULTS_DIR: `${home}/faults`,
  SHUTDOWN_MS: '30000',
});

function launch(service: ServiceName, env: Record<string, string> = {}): NodeProcess {
  const child = spawnNode(script, { env: { ...environment(service), ...env } });
  children.push(child);
  return child;
}

async function start(service: ServiceName, env: Record<string, string> = {}): Promise<NodeProcess> {
  const child = launch(service, env);
  await child.line(readyLine);
  return child;
}

async function requestCycle(trace?: Record<string, string>): Promise<string> {
  return test.store.withTenant(test.tenantId, async (tx) => {
    const dueAt = await tx.now();
    const { cycle } = await tx.cycles.request({ id: newId(), scope: 'full', requestedBy: 'test', dueAt });
    await publish(tx, {
      name: 'loop.cycle.requested',
      epoch: cycle.epoch,
      refs: { cycleId: cycle.id },
      trace,
    });
    return cycle.id;
  });
}

async function until(what: string, holds: () => Promise<boolean>, withinMs = 200_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`no ${what} within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function untilState(cycleId: string, state: CycleState, withinMs = 200_000): Promise<void> {
  const end = performance.now() + withinMs;
  for (;;) {
    const cycle = await test.store.withTenant(test.tenantId, (tx) => tx.cycles.get(cycleId));
    if (cycle?.state === state) return;
    if (performance.now() > end)
      throw new Error(`cycle is ${cycle?.state} after ${withinMs} ms, not ${state}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const audits = async (cycleId: string) => {
  const rows = await test.store.withTenant(test.tenantId, (tx) => tx.audit.latest(100));
  return rows.filter((row) => row.subject === cycleId).map((row) => row.what);
};

describe('five processes', () => {
  it('carry a cycle to its end in one trace, show their heartbeats, and end in order', async () => {
    const running = await Promise.all(services.map((service) => start(service)));
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const cycleId = await requestCycle({ traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    await untilState(cycleId, 'Learned');
    const trace = () => test.store.withSystem('test', (tx) => tx.spans.byTrace(traceId));
    // The gateway is told after the cycle has ended.
    await until('span of each service', async () => {
      const seen = new Set((await trace()).map((span) => span.service));
      return services.every((service) => seen.has(service));
    });
    // The first beat is written beside the start, not before it.
    await until('a heartbeat of each', async () => {
      const beats = await test.store.withSystem('test', (tx) => tx.plumbing.heartbeats());
      const pids = new Set(beats.map((beat) => beat.pid));
      return beats.length === services.length && running.every((child) => pids.has(child.pid));
    });
    const beats = await test.store.withSystem('test', (tx) => tx.plumbing.heartbeats());
    expect(new Set(beats.map((beat) => beat.service))).toEqual(new Set(services));
    for (const child of running) child.kill('SIGTERM');
    for (const child of running) {
      expect(await child.exited).toEqual({ code: 0, signal: null });
      // Logs come by another pipe: they have no order with what is announced.
      const announced = child.lines.filter((line) => line.includes('"event":'));
      expect(announced.at(-1)).toMatch(/"event":"stopped".*"reason":"SIGTERM"/);
    }
    const spans = await trace();
    expect(new Set(spans.map((span) => span.service))).toEqual(new Set(services));
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const last = spans.find((span) => span.service === 'gateway');
    const path: string[] = [];
    for (let span = last; span; span = byId.get(span.parentSpanId ?? '')) path.unshift(span.service);
    expect(path).toEqual(['analyze', 'hypothesize', 'act', 'learn', 'gateway']);
  }, 600_000);
});

describe('a service', () => {
  it.each(['in-tx', 'after-commit', 'after-effect'])(
    'killed at %s goes on when it is started again; the cycle advances once',
    async (point) => {
      const first = await start('analyze', { HARTO_FAULTS: `analyze.${point}=kill@1` });
      const cycleId = await requestCycle();
      expect((await first.exited).signal).toBe('SIGKILL');
      await start('analyze', { HARTO_FAULTS: `analyze.${point}=kill@1` });
      await untilState(cycleId, 'Observed');
      const queue = queues.of('hypothesize');
      const next = async () =>
        (await queue.getJobs(['waiting'])).filter(
          (job) => (job.data as { refs: { cycleId: string } }).refs.cycleId === cycleId,
        );
      await until('next message', async () => (await next()).length > 0);
      // The job of the killed process stays active until it was delivered again.
      await until('idle queue', async () => {
        const counts = await queues.of('analyze').getJobCounts('active', 'waiting', 'delayed', 'failed');
        return Object.values(counts).every((count) => count === 0);
      });
      expect(await audits(cycleId)).toEqual(['cycle.Observed']);
      expect(await next()).toHaveLength(1);
      await queue.obliterate({ force: true });
      await endOpenCycle(cycleId);
    },
    600_000,
  );

  async function endOpenCycle(cycleId: string): Promise<void> {
    await test.store.withTenant(test.tenantId, (tx) => tx.cycles.advance(cycleId, 1, 'Observed', 'Failed'));
  }

  it('ends by itself when the process that started it is gone', async () => {
    const parent = spawnNode(new URL('./parent.js', import.meta.url), {
      args: [script.pathname],
      env: environment('learn'),
    });
    const line = JSON.parse(await parent.line(readyLine)) as { pid: number };
    parent.kill('SIGKILL');
    await parent.exited;
    const alive = () => {
      try {
        return process.kill(line.pid, 0);
      } catch {
        return false;
      }
    };
    await until('end of the orphan', async () => !alive());
  }, 600_000);

  it.each([
    ['a setting that is wrong', { LOOP_SCALE: 'fast' }, 2, 'CONFIG_INVALID'],
    ['a queue that is not there', { QUEUE_URL: 'redis://127.0.0.1:PORT' }, 3, 'QUEUE_UNREACHABLE'],
    [
      'a store that is not there',
      { STORE_URL: 'postgres://u:secret@127.0.0.1:PORT/x', STORE_SYSTEM_URL: '' },
      3,
      'STORE_UNREACHABLE',
    ],
  ])(
    'says in one line what is wrong with %s',
    async (_, env, code, name) => {
      const port = String(await freePort());
      const set = Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, value.replace('PORT', port)]),
      );
      const child = launch('analyze', set);
      expect(await child.exited).toEqual({ code, signal: null });
      expect(child.lines).toHaveLength(1);
      expect(JSON.parse(child.lines[0] as string)).toMatchObject({ code: name, msg: expect.any(String) });
      expect(child.lines[0]).not.toContain('secret');
    },
    600_000,
  );
});
