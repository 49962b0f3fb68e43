import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openTestStore, type TestStore } from '../../../testing.js';

// Oracle: the engine itself. A table with one slow question is planted; the advisor must name the index that the
// planner then uses, and hiding it must bring the slow plan back, in that transaction only.
describe('the index advisor on a real slow query', () => {
  let test: TestStore;
  let app: pg.Client;

  beforeAll(async () => {
    test = await openTestStore();
    const owner = new pg.Client(test.urls.superuserUrl ?? '');
    await owner.connect();
    await owner.query('create extension if not exists pg_stat_statements');
    await owner.query('create table planted (id int primary key, colour text not null, size int not null)');
    await owner.query("insert into planted select n, 'c' || n % 5000, n from generate_series(1, 60000) n");
    await owner.query('alter table planted owner to hartonomous_owner');
    await owner.query('grant select on planted to hartonomous_app');
    await owner.query('analyze planted');
    await owner.end();
    app = new pg.Client(test.urls.url);
    await app.connect();
  });

  afterAll(async () => {
    await app.end();
    await test.close();
  });

  const ask = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await app.query('select count(*) from planted where colour = $1', [`c${i}`]);
  };

  it('finds it, builds it once, hides it, and drops it', async () => {
    const { maintenance } = test.store;
    const before = await maintenance.schemaFingerprint();
    await ask();
    const found = await maintenance.missingIndexes({ limit: 5, minMeanMs: 0.05, minCalls: 20 });
    if ('unavailable' in found) throw new Error(found.unavailable);
    const planted = found.find((f) => f.definition.table === 'planted');
    expect(planted).toMatchObject({ definition: { columns: ['colour'] }, tableRows: 60_000 });
    expect(planted!.impact).toBeGreaterThan(0.5);
    expect(planted!.selectivity).toBeLessThan(0.01);

    const { definition } = planted!;
    expect(await maintenance.createIndex(definition, { lockTimeoutMs: 60_000 })).toMatchObject({
      created: true,
    });
    expect(await maintenance.createIndex(definition, { lockTimeoutMs: 60_000 })).toMatchObject({
      created: false,
    });
    const again = await maintenance.missingIndexes({ limit: 5, minMeanMs: 0.05, minCalls: 20 });
    expect(again).not.toContainEqual(
      expect.objectContaining({ definition: expect.objectContaining({ table: 'planted' }) }),
    );

    await app.query('begin');
    await ask();
    expect(await scansBy(app, definition.name)).toBe(30);
    await app.query('rollback');

    expect(await maintenance.dropIndex(definition.name, { lockTimeoutMs: 60_000 })).toEqual({
      dropped: true,
    });
    expect(await maintenance.dropIndex(definition.name, { lockTimeoutMs: 60_000 })).toEqual({
      dropped: false,
    });
    expect(await maintenance.schemaFingerprint()).toBe(before);
  });

  it('refuses to drop what belongs to the schema, and names that are not identifiers', async () => {
    const { maintenance } = test.store;
    const key = (await maintenance.indexes()).find((i) => i.table === 'planted')!;
    await expect(maintenance.dropIndex(key.name, { lockTimeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    const evil = { name: 'earned_x; drop table planted', table: 'planted', columns: ['colour'] };
    await expect(maintenance.createIndex(evil, { lockTimeoutMs: 60_000 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('leaves nothing behind when the lock is not had in time', async () => {
    const { maintenance } = test.store;
    const blocker = new pg.Client(test.urls.superuserUrl ?? '');
    await blocker.connect();
    await blocker.query('begin');
    await blocker.query('lock table planted in access exclusive mode');
    const wanted = { name: 'earned_planted_size', table: 'planted', columns: ['size'] };
    await expect(maintenance.createIndex(wanted, { lockTimeoutMs: 200 })).rejects.toMatchObject({
      retryable: true,
    });
    await blocker.query('rollback');
    await blocker.end();
    expect((await maintenance.indexes()).some((i) => i.name === wanted.name)).toBe(false);
  });
});

async function scansBy(client: pg.Client, index: string): Promise<number> {
  const result = await client.query<{ n: string }>(
    'select pg_stat_get_xact_numscans($1::regclass)::text as n',
    [index],
  );
  return Number(result.rows[0]!.n);
}
