import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openStore } from '../../open-store.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { createTestStoreDatabase } from '../../testing.js';

const here = (path: string): string => new URL(path, import.meta.url).href;

/** A process that migrates and, where it is told to, is killed (SIGKILL) before the journal row of its n-th file. */
function migrateInProcess(url: string, killAt: number | null, markers: string): Promise<string> {
  const script = `
    const { armFaults } = await import(${JSON.stringify(here('../../../../faults/dist/index.js'))});
    const { openStore } = await import(${JSON.stringify(here('../../open-store.js'))});
    const store = await openStore({ url: ${JSON.stringify(url)} });
    ${killAt === null ? '' : `armFaults('store.in-migration=kill@${killAt}', ${JSON.stringify(markers)});`}
    const { applied } = await store.maintenance.migrate();
    process.stdout.write(String(applied.length));
    await store.close();`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.on('close', (code, signal) => resolve(signal ?? (code === 0 ? out : `exit ${code}`)));
  });
}

describe('a migration whose process is killed', () => {
  it('leaves whole files only; whoever comes next finishes, once, to the very same schema', async () => {
    const known = await coreMigrations('postgres');
    const killAt = Math.trunc(known.length / 2);
    const markers = await mkdtemp(join(tmpdir(), 'harto-crash-'));
    const whole = await createTestStoreDatabase();
    const { urls, drop } = await createTestStoreDatabase();
    const client = new pg.Client({ connectionString: urls.superuserUrl });
    await client.connect();
    try {
      await client.query('drop schema public cascade');
      await client.query('create schema public authorization hartonomous_owner');
      await client.query('create extension pg_stat_statements');
      await client.query('grant usage on schema public to hartonomous_app, hartonomous_system');
      expect(await migrateInProcess(urls.maintenanceUrl, killAt, markers)).toBe('SIGKILL');
      const journal = await client.query<{ name: string }>('select name from schema_migration order by name');
      expect(journal.rows.map((row) => row.name)).toEqual(
        known.slice(0, killAt - 1).map((file) => file.name),
      );
      const next = await Promise.all(
        [1, 2, 3].map(() => migrateInProcess(urls.maintenanceUrl, null, markers)),
      );
      expect(next.sort()).toEqual(['0', '0', String(known.length - killAt + 1)].sort());
      const [mended, expected] = [await openStore(urls), await openStore(whole.urls)];
      expect(await mended.maintenance.schemaFingerprint()).toBe(
        await expected.maintenance.schemaFingerprint(),
      );
      await Promise.all([mended.close(), expected.close()]);
    } finally {
      await client.end();
      await Promise.all([drop(), whole.drop(), rm(markers, { recursive: true })]);
    }
  }, 180_000);
});
