import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { readConfig, repositoryRoot } from '../config.js';
import { prepareHome } from '../installation.js';
import { openEngines } from '../start/engines.js';
import { prepareStore } from '../start/prepare-store.js';

const tensorAtoms = 200_000;
const bin = join(repositoryRoot, 'apps', 'harto', 'bin', 'harto.mjs');

let home: string;
let folder: string;
let other: string;
beforeAll(async () => {
  [home, folder, other] = [createTestFolder(), createTestFolder(), createTestFolder()];
  await withStore(home, async (client, tenantId) => {
    const model = await client.query<{ id: string }>(
      `insert into model (tenant_id, id, name, architecture, version,
      status, ranking) values ($1, uuidv7(), 'big', 'test', 1, 'ready', '{}') returning id`,
      [tenantId],
    );
    await client.query(
      `insert into tensor_atom (tenant_id, model_id, atom_id, segment_no, x, y, z, hilbert)
       select $1, $2, $2, n, n % 100, n % 90, 0, n from generate_series(1, ${tensorAtoms}) n`,
      [tenantId, model.rows[0].id],
    );
  });
}, 120_000);
afterAll(() => [home, folder, other].forEach(removeTestFolder));

/** The embedded store of a folder, without its services, as a superuser sees it. */
async function withStore<T>(
  at: string,
  work: (client: pg.Client, tenantId: string) => Promise<T>,
): Promise<T> {
  const config = readConfig({ HARTO_HOME: at });
  prepareHome(at);
  const engines = await openEngines(
    config,
    () => {},
    () => {},
  );
  try {
    const { store, tenant } = await prepareStore(engines, at);
    await store.close();
    const client = new pg.Client({ connectionString: engines.store.superuserUrl });
    await client.connect();
    try {
      return await work(client, tenant.tenantId);
    } finally {
      await client.end();
    }
  } finally {
    await engines.stop(10_000);
  }
}

const countOf = (at: string) =>
  withStore(at, async (client) => {
    const { rows } = await client.query<{ n: string }>('select count(*) as n from tensor_atom');
    const databases = await client.query<{ datname: string }>(
      `select datname from pg_database where datname like 'hartonomous%'`,
    );
    return { rows: Number(rows[0].n), databases: databases.rows.map((row) => row.datname) };
  });

/** Runs a command; once its standard error says `when`, sends the signal. */
function harto(at: string, args: string[], kill?: { when: RegExp; signal: NodeJS.Signals }) {
  const env = { PATH: process.env.PATH ?? '', HARTO_HOME: at };
  const child = spawn(process.execPath, [bin, ...args], { env, cwd: folder });
  let [stdout, stderr, sent] = ['', '', false];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (kill && !sent && kill.when.test(stderr)) sent = child.kill(kill.signal);
  });
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
}

jest.setTimeout(300_000);

describe('harto backup and restore', () => {
  it('copies a stopped store, refuses a second copy, and checks one', async () => {
    const made = await harto(home, ['backup', 'whole.backup', '--json']);
    const document = JSON.parse(made.stdout) as { rows: number; tables: { name: string; rows: number }[] };
    expect(document.tables.find((table) => table.name === 'tensor_atom')?.rows).toBe(tensorAtoms);
    const again = await harto(home, ['backup', 'whole.backup']);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('exists already') });
    const checked = await harto(home, ['restore', 'whole.backup', '--check']);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('the file is whole') });
  });

  it('interrupted or killed leaves no file under its name', async () => {
    const stopped = await harto(home, ['backup', 'cut.backup'], { when: /writing/, signal: 'SIGINT' });
    expect(stopped).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('nothing is left half done'),
    });
    expect(readdirSync(folder).filter((name) => name.startsWith('cut'))).toEqual([]);
    await harto(home, ['backup', 'cut.backup'], { when: /writing/, signal: 'SIGKILL' });
    expect(existsSync(join(folder, 'cut.backup'))).toBe(false);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'a restore ended by %s leaves the store as it was',
    async (signal) => {
      await withStore(home, (client) => client.query('delete from tensor_atom where segment_no = 1'));
      const before = await countOf(home);
      const ended = await harto(home, ['restore', 'whole.backup', '--force'], { when: /loading/, signal });
      expect(ended.code).toBe(signal === 'SIGINT' ? 130 : null);
      expect((await countOf(home)).rows).toBe(before.rows);
    },
  );

  it('puts everything back, here and in an empty folder, and leaves nothing of what was cut short', async () => {
    const refused = await harto(home, ['restore', 'whole.backup']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
    for (const at of [home, other]) {
      const done = await harto(at, ['restore', 'whole.backup', ...(at === home ? ['--force'] : [])]);
      expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('audit log of local: whole') });
      expect(await countOf(at)).toEqual({ rows: tensorAtoms, databases: ['hartonomous'] });
    }
  });

  it('a damaged file changes nothing', async () => {
    const bytes = readFileSync(join(folder, 'whole.backup'));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(folder, 'damaged.backup'), bytes);
    const refused = await harto(home, ['restore', 'damaged.backup', '--force', '--json']);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'INPUT_INVALID' });
    expect(await countOf(home)).toMatchObject({ rows: tensorAtoms });
  });
});
