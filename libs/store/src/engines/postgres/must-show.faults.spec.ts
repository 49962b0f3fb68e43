import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { beliefOf } from '../../contract/samples.js';
import { historyContract } from '../../contract/history-contract.js';
import { openTestStore } from '../../testing.js';
import { postgresFixture } from './postgres-fixture.js';

const writers = 8;
const incrementsEach = 500;

historyContract(postgresFixture, 1_000);

describe('processes that write the same row', () => {
  /** One process that raises the counter; a lost race is tried again after a short random wait. */
  const script = (url: string, tenantId: string): string => `
    const { openStore } = await import(${JSON.stringify(new URL('../../open-store.js', import.meta.url).href)});
    const store = await openStore({ url: ${JSON.stringify(url)}, poolSize: 1 });
    let lost = 0;
    for (let done = 0; done < ${incrementsEach};) {
      const won = await store.withTenant(${JSON.stringify(tenantId)}, async (tx) => {
        const [row] = await tx.beliefs.all();
        return tx.beliefs.save({ ...row, trials: row.trials + 1 });
      });
      if (won) done++;
      else {
        lost++;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      }
    }
    await store.close();
    process.stdout.write(String(lost));`;

  const run = (text: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.on('close', (code) => (code === 0 ? resolve(Number(out)) : reject(new Error(`exit ${code}`))));
    });

  it(`lose no update: ${writers} processes x ${incrementsEach} increments`, async () => {
    const t = await openTestStore();
    await t.store.withTenant(t.tenantId, (tx) => tx.beliefs.save(beliefOf('counter')));
    const began = performance.now();
    const races = await Promise.all(
      Array.from({ length: writers }, () => run(script(t.urls.url, t.tenantId))),
    );
    const [row] = await t.store.withTenant(t.tenantId, (tx) => tx.beliefs.all());
    const total = races.reduce((sum, n) => sum + n, 0);
    process.stderr.write(
      `increments: ${row.trials} of ${writers * incrementsEach}, ${total} lost races tried again, ` +
        `${Math.round(performance.now() - began)} ms\n`,
    );
    expect(row.trials).toBe(writers * incrementsEach);
    expect(row.version).toBe(writers * incrementsEach + 1);
    await t.close();
  }, 300_000);
});
