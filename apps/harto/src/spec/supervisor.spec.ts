import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { nextDelay } from '../start/backoff.js';
import { Supervisor } from '../start/supervisor.js';
import type { ServiceSpec } from '../start/service-process.js';

let folder = '';
let supervisor: Supervisor | undefined;
const events: string[] = [];

beforeAll(() => {
  folder = createTestFolder();
  const script = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const ready = `console.log(JSON.stringify({ event: 'ready', service: 's', port: 4321, pid: process.pid }));`;
  const wait = `setInterval(() => {}, 1000);`;
  script('good.mjs', `process.on('SIGTERM', () => process.exit(0)); ${ready} ${wait}`);
  script('stubborn.mjs', `process.on('SIGTERM', () => {}); ${ready} ${wait}`);
  script(
    'broken.mjs',
    `console.error(JSON.stringify({ level: 60, msg: 'STORE_URL is missing' })); process.exit(2);`,
  );
  script('mute.mjs', wait);
  // Fails the first time, as told by a file that outlives it.
  script(
    'second.mjs',
    `import { appendFileSync, readFileSync } from 'node:fs';
     appendFileSync(process.env.STARTS, 'x');
     if (readFileSync(process.env.STARTS, 'utf8').length < 2) process.exit(1);
     ${ready} ${wait}`,
  );
});
afterEach(async () => {
  await supervisor?.stop(1_000);
  events.length = 0;
});
afterAll(() => removeTestFolder(folder));

const spec = (name: string, env: Record<string, string> = {}): ServiceSpec => ({
  name,
  script: join(folder, `${name}.mjs`),
  env: { PATH: process.env.PATH ?? '', ...env },
});

function create(readyWithinMs = 60_000): Supervisor {
  supervisor = new Supervisor(
    {
      line: () => {},
      restarting: (service, why, delayMs) => events.push(`${service} ${why} ${delayMs}`),
      ready: (service) => events.push(`${service} ready`),
    },
    { backoff: { firstMs: 20, maxMs: 100, stableMs: 60_000 }, readyWithinMs, startAttempts: 3 },
  );
  return supervisor;
}

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 50_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it never came to that: ${events.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the supervisor', () => {
  it('waits until each service is ready and hands its line on', async () => {
    const ready = await create().start([spec('good')]);
    expect(ready.get('good')).toMatchObject({ event: 'ready', port: 4321 });
  });

  it('starts a killed service again, with growing waits', async () => {
    const running = create();
    await running.start([spec('good')]);
    for (const round of [1, 2, 3]) {
      process.kill(running.pids().good!, 'SIGKILL');
      await until(() => events.filter((line) => line === 'good ready').length === round + 1);
    }
    expect(events.filter((line) => line.includes('SIGKILL'))).toEqual([
      'good SIGKILL 20',
      'good SIGKILL 40',
      'good SIGKILL 80',
    ]);
  });

  it('forgives a service that starts at the second attempt', async () => {
    const starts = join(folder, 'starts');
    await create().start([spec('second', { STARTS: starts })]);
    expect(readFileSync(starts, 'utf8')).toBe('xx');
  });

  it('gives up on one that never starts, with what it said last', async () => {
    await expect(create().start([spec('good'), spec('broken')])).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: 'the service broken does not start (exit 2): STORE_URL is missing',
    });
    expect(events.filter((line) => line.startsWith('broken'))).toEqual([
      'broken exit 2 20',
      'broken exit 2 40',
    ]);
  });

  it('gives up on one that never says it is ready', async () => {
    await expect(create(100).start([spec('mute')])).rejects.toMatchObject({
      message: expect.stringMatching(/^the service mute does not start \(SIGKILL\): not ready after 0.1 s$/),
    });
  });

  it('stops all, kills the stubborn after the grace, and restarts nothing', async () => {
    const running = create();
    await running.start([spec('good'), spec('stubborn')]);
    await running.stop(300);
    expect(running.pids()).toEqual({ good: null, stubborn: null });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(running.pids()).toEqual({ good: null, stubborn: null });
  });
});

describe('back-off', () => {
  it('doubles from the first wait to the longest', () => {
    const backoff = { firstMs: 250, maxMs: 15_000, stableMs: 30_000 };
    expect([1, 2, 3, 7, 8, 100].map((n) => nextDelay(backoff, n))).toEqual([
      250, 500, 1000, 15_000, 15_000, 15_000,
    ]);
  });
});
