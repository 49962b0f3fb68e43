import { afterAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCluster } from '../cluster.js';
import { mayUse } from '../run-as.js';
import { Scratch, query, quietPort, startOwner } from './scratch.js';

const scratch = new Scratch();
afterAll(() => scratch.clean());
const isRoot = process.getuid?.() === 0;
const nobody = { name: 'nobody', uid: 65534, gid: 65534 };
/** Another user can run from this clone only where its parents let it in, and the Node that runs us too. */
const nobodyGetsIn =
  isRoot && mayUse(nobody, process.execPath, 'x') && mayUse(nobody, fileURLToPath(import.meta.url), 'r');
const start = (home: string, port?: number) =>
  startCluster({ home, port, durability: 'none', log: () => {} });

async function occupied<T>(port: number, work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('the embedded cluster', () => {
  it('keeps its data, port and password over a restart', async () => {
    const home = join(scratch.folder(), 'new', 'home');
    const first = await start(home, await quietPort());
    await query(first.url, 'create table kept as select 42 as n');
    await first.stop();
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start(home);
    try {
      expect(second.url).toBe(first.url);
      expect(await query(second.url, 'select n from kept')).toEqual([{ n: 42 }]);
    } finally {
      await second.stop();
    }
  });

  it('is set up as the store expects it', async () => {
    const home = scratch.folder();
    const cluster = await start(home);
    try {
      const [row] = await query(
        cluster.url,
        `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
                current_setting('TimeZone') as zone, current_setting('shared_preload_libraries') as preload,
                current_setting('password_encryption') as hashing,
                (select pg_encoding_to_char(encoding) || ' ' || datcollate from pg_database where datname = 'postgres') as text`,
      );
      expect(row).toEqual({
        listen: '127.0.0.1',
        sockets: '',
        zone: 'UTC',
        preload: 'pg_stat_statements',
        hashing: 'scram-sha-256',
        text: 'UTF8 C.UTF-8',
      });
      await query(cluster.url, 'create extension pg_stat_statements');
      const wrong = cluster.url.replace(/:[^:@]+@/, ':wrong@');
      await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
      expect(statSync(join(home, 'postgres.password')).mode & 0o777).toBe(0o600);
      expect(existsSync(join(dirname(cluster.dataDir), 'initial-password'))).toBe(false);
    } finally {
      await cluster.stop();
    }
  });

  it('refuses an explicit port that is taken, and leaves a remembered one for another', async () => {
    const home = scratch.folder();
    const first = await start(home, await quietPort());
    await first.stop();
    await occupied(first.port, async (port) => {
      await expect(start(home, port)).rejects.toMatchObject({
        code: 'ENGINE_START_FAILED',
        message: expect.stringMatching(/^port \d+ of 127\.0\.0\.1 is taken/),
      });
      const moved = await start(home);
      expect(moved.port).not.toBe(port);
      await moved.stop();
    });
  });

  it('says so when the folder cannot be one', async () => {
    const file = join(scratch.folder(), 'file');
    writeFileSync(file, '');
    await expect(start(join(file, 'home'))).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringMatching(/^cannot write to .*: a part of the path is a file$/),
    });
    await expect(start(file)).rejects.toMatchObject({ message: expect.stringMatching(/^cannot write to /) });
  });

  it('makes a new password when its own is lost, and keeps the data', async () => {
    const home = scratch.folder();
    const first = await start(home);
    await query(first.url, 'create table kept as select 7 as n');
    await first.stop();
    const old = readFileSync(join(home, 'postgres.password'), 'utf8');
    rmSync(join(home, 'postgres.password'));
    const second = await start(home);
    try {
      expect(readFileSync(join(home, 'postgres.password'), 'utf8')).not.toBe(old);
      expect(await query(second.url, 'select n from kept')).toEqual([{ n: 7 }]);
    } finally {
      await second.stop();
    }
  });

  (isRoot ? it : it.skip)('as root below a folder only root can enter, keeps its data outside', async () => {
    const home = join(scratch.folder(0o700), 'home');
    const cluster = await start(home);
    scratch.also(dirname(cluster.dataDir));
    try {
      expect(cluster.dataDir).toMatch(/^\/var\/lib\/hartonomous\/[0-9a-f]{16}\/data$/);
      expect(await query(cluster.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await cluster.stop();
    }
  });

  (nobodyGetsIn ? it : it.skip)(
    'as an ordinary user runs under that user, and says when the folder is closed',
    async () => {
      const home = scratch.folder(0o777);
      const owner = startOwner(home, { uid: nobody.uid, gid: nobody.gid });
      const outcome = await owner.outcome;
      expect(outcome).toHaveProperty('pid');
      expect(statSync((outcome as { dataDir: string }).dataDir).uid).toBe(nobody.uid);
      owner.child.kill('SIGTERM');
      await owner.ended;
      // Root goes on as the owner of the data.
      const again = await start(home);
      expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await again.stop();
      expect(await startOwner(scratch.folder(), { uid: nobody.uid, gid: nobody.gid }).outcome).toEqual({
        error: expect.stringMatching(/^cannot write to .*: permission denied$/),
      });
    },
  );
});
