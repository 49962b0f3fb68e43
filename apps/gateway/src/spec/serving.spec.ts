import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { TokenBuckets } from '../http/token-buckets.js';
import { startRig, type Answer, type Rig } from './rig.js';

let taken: Server;
let port: number;
let rig: Rig;
beforeAll(async () => {
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  ({ port } = taken.address() as AddressInfo);
  rig = await startRig({ PORT: String(port), HOST: '127.0.0.1' });
}, 240_000);
afterAll(async () => {
  await rig?.close();
  taken.close();
});

const beat = (service: string) =>
  rig.store.withSystem('test', (tx) =>
    tx.plumbing.beat({ service, instance: 'test', pid: 1, startedAt: new Date(), detail: {} }),
  );

/** On a machine that stalls, a canary or a heartbeat may be late: looks again until it is as wanted, or too late. */
async function until<T>(look: () => Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  const end = performance.now() + 90_000;
  for (;;) {
    const found = await look();
    if (wanted(found) || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const readiness = (wanted: (answer: Answer) => boolean) => until(() => rig.ask('/readyz'), wanted);

describe('a gateway', () => {
  it('takes the next free port when its own is taken, names it, and is not loud about it', () => {
    const own = Number(new URL(rig.url).port);
    expect(own).toBeGreaterThan(port);
    expect(own).toBeLessThan(port + 20);
    expect(rig.gateway.lines.filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  });

  it('is not ready while no service is alive, and says why; one that is silent is only named', async () => {
    const alone = await readiness(({ json }) => (json['reasons'] as string[]).length === 1);
    expect(alone.status).toBe(503);
    expect(alone.json).toMatchObject({
      ready: false,
      reasons: ['no service is alive: analyze, hypothesize, act, learn'],
      silent: ['analyze', 'hypothesize', 'act', 'learn'],
      canaryMs: expect.any(Number),
    });
    const beating = async () => {
      await beat('analyze');
      return rig.ask('/readyz');
    };
    const some = await until(beating, ({ status }) => status === 200);
    expect(some.json).toMatchObject({ ready: true, reasons: [], silent: ['hypothesize', 'act', 'learn'] });
  });

  it('shows who is alive by the age of their heartbeats', async () => {
    const { key } = await rig.key(['viewer']);
    const alive = await until(
      async () => {
        await beat('act');
        const { json } = await rig.ask('/v1/status', { key });
        const services = json['services'] as { service: string; alive: boolean }[];
        return Object.fromEntries(services.map((s) => [s.service, s.alive]));
      },
      ({ act, gateway }) => act === true && gateway === true,
    );
    expect(alive).toMatchObject({ act: true, gateway: true, learn: false });
  });
});

describe('a token bucket', () => {
  const limits = { perSecond: 2, burst: 3, namesMax: 2 };

  it('gives its burst at once, then what comes back', () => {
    const buckets = new TokenBuckets(limits);
    expect([0, 0, 0, 0].map((ms) => buckets.take('a', ms))).toEqual([0, 0, 0, 0.5]);
    expect(buckets.take('a', 400)).toBeCloseTo(0.1);
    expect(buckets.take('a', 501)).toBe(0);
    expect(buckets.take('b', 501)).toBe(0);
    expect(Array.from({ length: 5 }, () => buckets.take('a', 60_000))).toEqual([0, 0, 0, 0.5, 0.5]);
  });

  it('remembers a bounded number of names, and forgets the one used longest ago', () => {
    const buckets = new TokenBuckets(limits);
    for (let i = 0; i < 4; i++) buckets.take('a', 0);
    buckets.take('b', 0);
    buckets.take('a', 1);
    buckets.take('c', 1);
    expect(buckets.size).toBe(2);
    expect(buckets.take('a', 1)).toBeGreaterThan(0);
    for (let i = 0; i < 1_000; i++) buckets.take(`n${i}`, 1);
    expect(buckets.size).toBe(2);
  });
});
