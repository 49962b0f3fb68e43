import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { newId } from '@hartonomous/contracts';
import { armFaults } from '@hartonomous/faults';
import { foreignReads, populate } from '../../contract/isolation-contract.js';
import { openStore } from '../../open-store.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { runMigrations } from '../../sql/migration-runner.js';
import type { TenantTransaction } from '../../port/store.js';
import { createTestStoreDatabase, openTestStore, type TestStore } from '../../testing.js';
import { bootstrapPostgres, type PostgresUrls } from './bootstrap.js';
import { postgresMigrations } from './migrations.js';

async function query<R extends pg.QueryResultRow>(
  url: string,
  text: string,
  params: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text, params)).rows;
  } finally {
    await client.end();
  }
}

describe('opening', () => {
  it('names host and port of a store that does not answer, never the password', async () => {
    const url = 'postgres://someone:topsecret@127.0.0.1:1/none';
    const error: Error = await openStore({ url }).then(
      () => new Error('opened'),
      (e: Error) => e,
    );
    expect(error).toMatchObject({ code: 'STORE_UNREACHABLE' });
    expect(error.message).toContain('127.0.0.1:1/none');
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('topsecret');
  });

  it('refuses what is no store URL', async () => {
    await expect(openStore({ url: 'mysql://x/y' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(openStore({ url: 'postgres://:::' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('says which login was refused', async () => {
    const { urls, drop } = await createTestStoreDatabase();
    const wrong = urls.url.replace(/:[^:@/]+@/, ':wrong@');
    await expect(openStore({ url: wrong })).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' });
    await drop();
  });
});

describe('migrations', () => {
  /** An empty database with the store's logins. */
  const emptyDatabase = async () => {
    const { urls, drop } = await createTestStoreDatabase();
    await query(urls.superuserUrl, 'drop schema public cascade');
    await query(urls.superuserUrl, 'create schema public authorization hartonomous_owner');
    return { urls, drop };
  };

  const inProcess = (url: string): Promise<{ applied: string[]; known: number }> => {
    const module = new URL('../../open-store.js', import.meta.url).href;
    const script = `const { openStore } = await import(${JSON.stringify(module)});
      const store = await openStore({ url: ${JSON.stringify(url)} });
      process.stdout.write(JSON.stringify(await store.maintenance.migrate()));
      await store.close();`;
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.on('close', (code) =>
        code === 0
          ? resolve(JSON.parse(out) as { applied: string[]; known: number })
          : reject(new Error(`exit ${code}`)),
      );
    });
  };

  it('are applied once when five processes start them at once', async () => {
    const { urls, drop } = await emptyDatabase();
    const results = await Promise.all(Array.from({ length: 5 }, () => inProcess(urls.maintenanceUrl)));
    const known = (await coreMigrations('postgres')).length;
    expect(results.map((r) => r.applied.length).sort((a, b) => a - b)).toEqual([0, 0, 0, 0, known]);
    await drop();
  }, 240_000);

  describe('that go wrong', () => {
    let folder: string;
    let root: URL;
    let urls: PostgresUrls;
    let drop: () => Promise<void>;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'harto-sql-'));
      root = pathToFileURL(`${folder}/`);
      await cp(new URL('../../../../../sql/postgres', import.meta.url), join(folder, 'postgres'), {
        recursive: true,
      });
      ({ urls, drop } = await emptyDatabase());
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
      await drop();
    });

    const migrate = async () => {
      const source = await new DataSource({ type: 'postgres', url: urls.maintenanceUrl }).initialize();
      const runner = source.createQueryRunner();
      try {
        await runner.connect();
        return await runMigrations(runner, await coreMigrations('postgres', root), postgresMigrations);
      } finally {
        await runner.release();
        await source.destroy();
      }
    };
    const file = (name: string) => join(folder, 'postgres/core', name);

    it('leave nothing of a file that breaks in its middle, and go on when it is mended', async () => {
      const name = '209901010000_broken.sql';
      await writeFile(file(name), 'create table half (id int); select broken;');
      await expect(migrate()).rejects.toMatchObject({
        code: 'STORE_MIGRATION_FAILED',
        message: expect.stringContaining(name),
      });
      expect(await query(urls.superuserUrl, `select to_regclass('public.half')::text as t`)).toEqual([
        { t: null },
      ]);
      await writeFile(file(name), 'create table half (id int);');
      expect((await migrate()).applied).toEqual([name]);
      expect((await migrate()).applied).toEqual([]);
    });

    it('survive a process that is killed in the middle of a file', async () => {
      const name = '209901010001_slow.sql';
      await writeFile(file(name), 'create table slow_half (id int); select pg_sleep(300);');
      const running = migrate();
      running.catch(() => undefined);
      // The sleeper, and none of those that asked for it before.
      const busy = `select pid from pg_stat_activity where datname = current_database() and state = 'active'
        and query like '%pg_sleep(300)%' and pid <> pg_backend_pid()`;
      let pids: { pid: number }[] = [];
      while (pids.length === 0) pids = await query<{ pid: number }>(urls.superuserUrl, busy);
      await query(urls.superuserUrl, 'select pg_terminate_backend($1)', [pids[0].pid]);
      await expect(running).rejects.toMatchObject({ code: 'STORE_MIGRATION_FAILED' });
      await writeFile(file(name), 'create table slow_half (id int);');
      expect((await migrate()).applied).toEqual([name]);
    });

    it('are refused when an applied file was changed, or an older one was slipped in', async () => {
      await writeFile(file('202601010000_late.sql'), 'select 1;');
      await expect(migrate()).rejects.toThrow(/202601010000_late\.sql is older/);
      await rm(file('202601010000_late.sql'));
      await writeFile(file('209901010001_slow.sql'), 'create table slow_half (id bigint);');
      await expect(migrate()).rejects.toThrow(/differs from what was applied/);
      await rm(file('209901010001_slow.sql'));
      await expect(migrate()).rejects.toThrow(/does not know/);
    });
  });

  it('bootstrap again without harm', async () => {
    const { urls, drop } = await createTestStoreDatabase();
    const database = new URL(urls.url).pathname.slice(1);
    const password = (url: string) => decodeURIComponent(new URL(url).password);
    const again = await bootstrapPostgres(urls.superuserUrl, database, {
      app: password(urls.url),
      system: password(urls.systemUrl),
      owner: password(urls.maintenanceUrl),
      queue: password(urls.queueUrl),
    });
    expect(again).toEqual(urls);
    const store = await openStore(again);
    expect((await store.maintenance.migrate()).applied).toEqual([]);
    await store.close();
    await drop();
  });
});

describe('tenants, layer by layer', () => {
  let t: TestStore;
  let otherId: string;
  let owned: Awaited<ReturnType<typeof populate>>;
  beforeAll(async () => {
    t = await openTestStore();
    otherId = (await t.store.withSystem('test', (tx) => tx.tenants.ensure('other'))).id;
    owned = await t.store.withTenant(t.tenantId, populate);
  });
  afterAll(() => t.close());

  const tenantTables = async () =>
    query<{ name: string }>(
      t.urls.superuserUrl,
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'span' order by 1`,
    );

  it('the policies alone: unqualified statements of the application see one tenant, and none without one', async () => {
    const tables = await tenantTables();
    expect(tables.length).toBeGreaterThan(30);
    const client = new pg.Client({ connectionString: t.urls.url });
    await client.connect();
    const countAs = async (tenantId: string | null, table: string) => {
      await client.query('begin');
      if (tenantId) await client.query(`select set_config('app.tenant', $1, true)`, [tenantId]);
      const { rows } = await client.query<{ n: number }>(`select count(*)::int as n from "${table}"`);
      await client.query('rollback');
      return rows[0].n;
    };
    const seen: string[] = [];
    for (const { name } of [...tables, { name: 'atom' }]) {
      if ((await countAs(null, name)) !== 0) seen.push(`${name} without a tenant`);
      const own = ['audit_head', 'corpus_state'].includes(name) ? 1 : 0;
      if ((await countAs(otherId, name)) !== own) seen.push(`${name} as another tenant`);
    }
    await client.end();
    expect(seen).toEqual([]);
  });

  it('the policies alone: a row for another tenant is refused', async () => {
    const client = new pg.Client({ connectionString: t.urls.url });
    await client.connect();
    await client.query('begin');
    await client.query(`select set_config('app.tenant', $1, true)`, [otherId]);
    await expect(
      client.query(`insert into setting (tenant_id, name, value, updated_by) values ($1, 'a', 'b', 'c')`, [
        t.tenantId,
      ]),
    ).rejects.toMatchObject({ code: '42501' });
    await client.end();
  });

  it('a holding of a tenant that does not exist is refused, whoever writes it', async () => {
    for (const text of [
      'insert into tenant_atom (tenant_id, atom_id, reference_count) values ($1, uuidv7(), 1)',
      'update tenant_atom set tenant_id = $1',
    ]) {
      await expect(query(t.urls.superuserUrl, text, [newId()])).rejects.toMatchObject({ code: '23503' });
    }
  });

  it('the application cannot switch the policies off, nor write what only grows', async () => {
    for (const text of [
      'alter table setting disable row level security',
      'set row_security = off; select * from setting',
      'update audit set why = why',
      'delete from audit',
      'update action_transition set reason = reason',
      'create table mine (id int)',
      `select * from merge_atoms(array[gen_random_uuid()], array['text'], array['x'])`,
      'select pg_stat_statements_reset()',
    ]) {
      await expect(query(t.urls.url, text)).rejects.toThrow(
        /permission denied|must be owner|row-level security|needs the tenant/,
      );
    }
  });

  it('the system login sees its own tables only', async () => {
    await expect(query(t.urls.systemUrl, 'select * from atom_term')).rejects.toThrow(/permission denied/);
    await expect(query(t.urls.systemUrl, 'select * from inference_request')).rejects.toThrow(
      /permission denied/,
    );
    expect(await query(t.urls.systemUrl, 'select id from tenant')).toHaveLength(2);
  });

  it('the statements alone: with the policies off, no read leaks either', async () => {
    for (const { name } of [...(await tenantTables()), { name: 'atom' }]) {
      await query(t.urls.superuserUrl, `alter table "${name}" disable row level security`);
    }
    const leaks: string[] = [];
    for (const [name, read, nothing] of foreignReads) {
      const answer = await t.store.withTenant(otherId, (tx) => read(tx, owned));
      if (JSON.stringify(answer) !== JSON.stringify(nothing)) leaks.push(name);
    }
    expect(leaks).toEqual([]);
  });
});

describe('faults', () => {
  it('a fault just before the commit leaves nothing: no state, no message, no audit entry, no news', async () => {
    const t = await openTestStore({ poolSize: 1 });
    let heard = 0;
    t.store.onCommitted(() => heard++);
    const work = () =>
      t.store.withTenant(t.tenantId, async (tx) => {
        await tx.settings.set('x', '1', 'test');
        await tx.outbox.add({
          id: newId(),
          name: 'loop.cycle.learned',
          epoch: 0,
          refs: { cycleId: newId() },
        });
        await tx.audit.append({ what: 'w', subject: 's', who: 'w', why: 'y' });
      });
    armFaults('store.before-commit=throw');
    await expect(work()).rejects.toThrow('store.before-commit');
    armFaults('');
    const left = await t.store.withTenant(t.tenantId, async (tx) => [
      await tx.settings.get('x'),
      await tx.audit.verify(),
    ]);
    expect(left).toEqual([null, { rows: 0, brokenAt: null }]);
    expect((await t.store.withSystem('test', (tx) => tx.plumbing.outboxAge())).waiting).toBe(0);
    expect(heard).toBe(0);
    await work();
    expect(heard).toBe(1);
    await t.close();
  });

  it('a connection that breaks is a retryable fault, and the pool recovers', async () => {
    const t = await openTestStore({ poolSize: 1 });
    const broken = t.store.withTenant(t.tenantId, async (tx) => {
      await query(
        t.urls.superuserUrl,
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = 'hartonomous_app'`,
      );
      return tx.settings.all();
    });
    await expect(broken).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', retryable: true });
    await t.store.withTenant(t.tenantId, (tx) => tx.settings.set('alive', newId(), 'test'));
    await t.close();
  });

  it('a swallowed error does not end in a silent rollback', async () => {
    const t = await openTestStore({ poolSize: 1 });
    const swallowed = t.store.withTenant(t.tenantId, async (tx) => {
      await tx.settings.set('x', '1', 'test');
      await tx.map.placeAtoms(newId(), []);
      await tx.cycles.get('no uuid').catch(() => undefined);
    });
    await expect(swallowed).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await t.store.withTenant(t.tenantId, (tx) => tx.settings.get('x'))).toBeNull();
    await t.close();
  });

  it('a write that was not waited for fails its transaction, by its own fault', async () => {
    const t = await openTestStore({ poolSize: 1 });
    const wrong = (tx: TenantTransaction) =>
      tx.cycles.addObservation({ id: 'no uuid', cycleId: newId(), document: {} as never });
    const set = (tx: TenantTransaction) => tx.settings.set('x', '1', 'test');
    const last = t.store.withTenant(t.tenantId, async (tx) => {
      await set(tx);
      await wrong(tx);
    });
    await expect(last).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const first = t.store.withTenant(t.tenantId, async (tx) => {
      await wrong(tx).catch(() => undefined);
      await set(tx);
    });
    await expect(first).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await t.store.withTenant(t.tenantId, (tx) => tx.settings.get('x'))).toBeNull();
    await t.close();
  });
});
