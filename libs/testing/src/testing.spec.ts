import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { FakeClock } from './fake-clock.js';
import { spawnNode } from './node-process.js';
import { startRedis } from './redis.js';
import { seededRandom } from './seeded-random.js';
import { createTestDatabase } from './test-database.js';
import { createTestFolder, removeTestFolder } from './test-folder.js';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  it('prepares a template once and gives each caller a copy of its own', async () => {
    let prepared = 0;
    const template = {
      name: `spec_${process.pid}`,
      prepare: async (url: string) => {
        prepared++;
        await query(url, 'create table t as select 1 as n');
      },
    };
    const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ template })));
    try {
      expect(prepared).toBe(1);
      await query(databases[0].url, 'update t set n = 2');
      expect(await query(databases[0].url, 'select n from t')).toEqual([{ n: 2 }]);
      expect(await query(databases[1].url, 'select n from t')).toEqual([{ n: 1 }]);
    } finally {
      await Promise.all(databases.map((database) => database.drop()));
    }
    await expect(query(databases[0].url, 'select 1')).rejects.toMatchObject({ code: '3D000' });
  });
});

describe('startRedis', () => {
  it('keeps accepted writes over a restart', async () => {
    const redis = await startRedis();
    if (!redis) return;
    const say = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = createConnection(redis.port, '127.0.0.1', () => socket.write(`${text}\r\n`));
        socket.once('error', reject);
        socket.once('data', (data) => {
          socket.destroy();
          resolve(data.toString().trim());
        });
      });
    try {
      expect(await say('SET k 42')).toBe('+OK');
      await redis.restart();
      expect(await say('GET k')).toBe('$2\r\n42');
    } finally {
      await redis.remove();
    }
  });
});

describe('spawnNode', () => {
  let folder = '';
  beforeAll(() => {
    folder = createTestFolder();
    writeFileSync(
      join(folder, 'say.mjs'),
      'console.log("ready", process.argv[2]); setInterval(() => {}, 1000);',
    );
    writeFileSync(join(folder, 'end.mjs'), 'console.error("bye"); process.exit(3);');
  });
  afterAll(() => removeTestFolder(folder));

  it('waits for a line and stops', async () => {
    const child = spawnNode(join(folder, 'say.mjs'), { args: ['go'] });
    expect(await child.line(/^ready/)).toBe('ready go');
    await child.stop();
    expect((await child.exited).signal).toBe('SIGTERM');
  });

  it('fails at once when the process ends first, with what it said', async () => {
    const child = spawnNode(join(folder, 'end.mjs'));
    await expect(child.line(/^ready/)).rejects.toThrow(/ended without a line.*\nbye/s);
    expect((await child.exited).code).toBe(3);
  });
});

describe('time and chance', () => {
  it('the clock wakes sleepers in order, also those that sleep again', async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    const loop = async (every: number) => {
      for (;;) {
        await clock.sleep(every);
        seen.push(clock.nowMillis());
      }
    };
    void loop(30);
    void loop(50);
    await clock.advance(100);
    expect(seen).toEqual([30, 50, 60, 90, 100]);
    expect(clock.nowMillis()).toBe(100);
  });

  it('a seed repeats its numbers, which are spread over the unit interval', () => {
    const draw = (seed: number) => Array.from({ length: 10_000 }, seededRandom(seed));
    const numbers = draw(7);
    expect(numbers).toEqual(draw(7));
    expect(numbers.slice(0, 5)).not.toEqual(draw(8).slice(0, 5));
    const mean = numbers.reduce((a, b) => a + b) / numbers.length;
    // Standard error of the mean is 0.0029.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.0145);
  });
});
