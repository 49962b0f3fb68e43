import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { hookTimeoutMs, type ContractStore } from '../../contract/fixture.js';
import { beliefOf } from '../../contract/samples.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { createDatabase, mssqlFixture, onServer } from './mssql-fixture.js';

const serverUrl = process.env['MSSQL_URL'];
const writers = 8;
const incrementsEach = 500;
const starters = 5;

/** A process that opens the store and prints the value of `body` as JSON. */
function run(url: string, body: string): Promise<unknown> {
  const text = `
    const { openStore } = await import(${JSON.stringify(new URL('../../open-store.js', import.meta.url).href)});
    const store = await openStore({ url: ${JSON.stringify(url)}, poolSize: 1 });
    const value = await (async () => { ${body} })();
    await store.close();
    process.stdout.write(JSON.stringify(value));`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(out) as unknown) : reject(new Error(`exit ${code}`)),
    );
  });
}

describe('processes on one SQL Server database', () => {
  if (!serverUrl) return void it.skip('SKIPPED: processes, MSSQL_URL names no server', () => {});

  describe('that is empty', () => {
    let database: Awaited<ReturnType<typeof createDatabase>>;
    beforeAll(async () => {
      database = await createDatabase(serverUrl);
    }, hookTimeoutMs);
    afterAll(() => database?.drop(), hookTimeoutMs);

    it(`apply each migration once, ${starters} at the same time`, async () => {
      const body = 'return (await store.maintenance.migrate()).applied;';
      const applied = (await Promise.all(
        Array.from({ length: starters }, () => run(database.url, body)),
      )) as string[][];
      const known = (await coreMigrations('mssql')).map((file) => file.name);
      expect(applied.flat().sort()).toEqual(known);
      expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
      const journal = await onServer(database.url, 'select name from schema_migration order by name');
      expect(journal.map((row) => row['name'])).toEqual(known);
    }, 300_000);
  });

  describe('that is migrated', () => {
    let c: ContractStore;
    let url: string;
    beforeAll(async () => {
      c = await mssqlFixture(serverUrl).open();
      const of = new URL(serverUrl);
      of.pathname = `/${(await c.asOwner('select db_name() as name'))[0]['name'] as string}`;
      url = of.toString();
    }, hookTimeoutMs);
    afterAll(() => c?.close(), hookTimeoutMs);

    it(`lose no update: ${writers} processes x ${incrementsEach} increments`, async () => {
      await c.store.withTenant(c.tenantId, (tx) => tx.beliefs.save(beliefOf('counter')));
      const body = `
        let lost = 0;
        for (let done = 0; done < ${incrementsEach};) {
          const won = await store.withTenant(${JSON.stringify(c.tenantId)}, async (tx) => {
            const [row] = await tx.beliefs.all();
            return tx.beliefs.save({ ...row, trials: row.trials + 1 });
          });
          if (won) done++;
          else {
            lost++;
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
          }
        }
        return lost;`;
      const races = (await Promise.all(Array.from({ length: writers }, () => run(url, body)))) as number[];
      const [row] = await c.store.withTenant(c.tenantId, (tx) => tx.beliefs.all());
      process.stderr.write(
        `increments: ${row.trials}, ${races.reduce((sum, n) => sum + n, 0)} lost races tried again\n`,
      );
      expect(row.trials).toBe(writers * incrementsEach);
      expect(row.version).toBe(writers * incrementsEach + 1);
    }, 1_800_000);
  });
});
