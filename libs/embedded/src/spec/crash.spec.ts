import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../cluster.js';
import type { Cluster } from '../cluster.js';
import { startMark } from '../process-table.js';
import { Scratch, query, quietPort, startOwner } from './scratch.js';

const scratch = new Scratch();
let cluster: Cluster | undefined;
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});
afterAll(() => scratch.clean());

const lines: string[] = [];
const start = (home: string) => startCluster({ home, durability: 'none', log: (line) => lines.push(line) });

/** A PATH without setpriv: the owner's server is then not bound to its life, as on other systems. */
function pathWithoutSetpriv(): string {
  const bin = join(scratch.folder(), 'bin');
  mkdirSync(bin);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  return bin;
}

describe('after a crash', () => {
  it('a folder has one living owner', async () => {
    const home = scratch.folder();
    const owner = startOwner(home);
    expect(await owner.outcome).toHaveProperty('url');
    await expect(start(home)).rejects.toMatchObject({
      code: 'ENGINE_START_FAILED',
      message: expect.stringContaining(`is in use by process ${owner.child.pid}`),
    });
    owner.child.kill('SIGTERM');
    await owner.ended;
    cluster = await start(home);
  });

  it('of the owner, the next start goes on with the data', async () => {
    const home = scratch.folder();
    const owner = startOwner(home);
    const before = (await owner.outcome) as { url: string; pid: number };
    await query(before.url, 'create table kept as select 1 as n');
    owner.child.kill('SIGKILL');
    await owner.ended;
    cluster = await start(home);
    expect(startMark(before.pid)).toBeNull();
    expect(await query(cluster.url, 'select n from kept')).toEqual([{ n: 1 }]);
  });

  it('of the owner, a server that lives on is ended first', async () => {
    const home = scratch.folder();
    const owner = startOwner(home, { env: { PATH: pathWithoutSetpriv() } });
    const before = (await owner.outcome) as { url: string; pid: number };
    await query(before.url, 'create table kept as select 2 as n');
    owner.child.kill('SIGKILL');
    await owner.ended;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(startMark(before.pid)).not.toBeNull();
    cluster = await start(home);
    expect(lines.join('\n')).toContain(`left running (process ${before.pid})`);
    expect(startMark(before.pid)).toBeNull();
    expect(await query(cluster.url, 'select n from kept')).toEqual([{ n: 2 }]);
  });

  it('of the postmaster, `exited` says so and the next start recovers', async () => {
    const home = scratch.folder();
    const first = await startCluster({ home, port: await quietPort(), log: () => {} });
    await query(first.url, 'create table kept as select 3 as n');
    process.kill(first.pid, 'SIGKILL');
    expect((await first.exited).signal).toBe('SIGKILL');
    cluster = await start(home);
    expect(cluster.port).toBe(first.port);
    expect(await query(cluster.url, 'select n from kept')).toEqual([{ n: 3 }]);
  });

  it('of the postmaster under load, its busy backends do not hold the next start up', async () => {
    const home = scratch.folder();
    const first = await startCluster({ home, log: () => {} });
    const busy = query(first.url, 'select count(*) from generate_series(1, 2000000000)');
    busy.catch(() => {});
    const active = `select 1 from pg_stat_activity where state = 'active' and query like '%2000000000%' and pid <> pg_backend_pid()`;
    while ((await query(first.url, active)).length === 0);
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    cluster = await start(home);
    // Ended, not waited for: it would have given its count after minutes.
    await expect(busy).rejects.toThrow(/terminat|closed|reset/i);
  });

  it('a start that is aborted ends at once and leaves nothing running', async () => {
    const home = scratch.folder();
    const abort = new AbortController();
    const starting = startCluster({ home, durability: 'none', log: () => {}, signal: abort.signal });
    abort.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow('changed my mind');
    cluster = await start(home);
    expect(await query(cluster.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it("a stranger with the dead postmaster's number is left alone", async () => {
    const home = scratch.folder();
    const first = await start(home);
    await first.stop();
    writeFileSync(
      join(first.dataDir, 'postmaster.pid'),
      `${process.pid}\n${first.dataDir}\n1\n${first.port}\n`,
    );
    cluster = await start(home);
    expect(await query(cluster.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('in the middle of initdb, the next start begins anew', async () => {
    const home = scratch.folder();
    mkdirSync(join(home, 'postgres', 'data.new-1', 'base'), { recursive: true });
    cluster = await start(home);
    expect(await query(cluster.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});
