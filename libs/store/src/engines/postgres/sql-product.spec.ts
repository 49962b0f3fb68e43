import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import { own } from '../../contract/tenant-sweep.js';
import type { SweepIds } from '../../contract/sweep-ids.js';
import { openTestStore, type TestStore } from '../../testing.js';

// What a DBA does by SQL alone, with the application's login and a tenant set.
describe('the product in SQL', () => {
  let t: TestStore;
  let owned: SweepIds;
  let otherId: string;
  let client: pg.Client;
  beforeAll(async () => {
    t = await openTestStore();
    otherId = (await t.store.withSystem('test', (tx) => tx.tenants.ensure('other'))).id;
    owned = await t.store.withTenant(t.tenantId, own);
    client = new pg.Client({ connectionString: t.urls.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await t.close();
  });

  async function as<R extends pg.QueryResultRow>(
    tenantId: string | null,
    text: string,
    params: unknown[] = [],
  ): Promise<R[]> {
    await client.query('begin');
    try {
      if (tenantId !== null) await client.query(`select set_config('app.tenant', $1, true)`, [tenantId]);
      const { rows } = await client.query<R>(text, params);
      await client.query('commit');
      return rows;
    } catch (error) {
      await client.query('rollback');
      throw error;
    }
  }

  /** The count that a function answers to the owner, after another tenant's call of it answered 0. */
  async function counted(call: string, params: unknown[]): Promise<number> {
    const text = `select ${call} as n`;
    expect(await as(otherId, text, params)).toEqual([{ n: '0' }]);
    const [row] = await as<{ n: string }>(t.tenantId, text, params);
    return Number(row.n);
  }

  const weightsOf = (modelId: string) =>
    as(t.tenantId, 'select x, y, z, importance from weights where model_id = $1', [modelId]);

  it('trains: update_weights moves and clamps', async () => {
    const call = `update_weights($1, array[$2::uuid], array[0], array[0::bigint], array[300.0::float8],
      array[7.0::float8], array[-99.0::float8], array[0.25::float8], array[5::bigint])`;
    expect(await counted(call, [owned.modelId, owned.atomId])).toBe(1);
    expect(await weightsOf(owned.modelId)).toEqual([{ x: 100, y: 7, z: -10, importance: 0.25 }]);
  });

  it('distils, prunes and restores: the very rows', async () => {
    const studentId = newId();
    // As another tenant the student would be named first: it gets an id of its own.
    const copy = 'select copy_student($1, $2, $3, $4) as n';
    expect(await as(otherId, copy, [owned.modelId, newId(), 'student', 0])).toEqual([{ n: '0' }]);
    expect(await as(t.tenantId, copy, [owned.modelId, studentId, 'student', 0])).toEqual([{ n: '1' }]);
    const before = await weightsOf(studentId);
    expect(before).toHaveLength(1);
    const pruneId = newId();
    expect(await counted('prune($1, $2, 0.5::float8)', [studentId, pruneId])).toBe(1);
    expect(await weightsOf(studentId)).toEqual([]);
    expect(await counted('restore($1)', [pruneId])).toBe(1);
    expect(await weightsOf(studentId)).toEqual(before);
  });

  it('warms the cache', async () => {
    const call = `warm_cache($1, 4, array[$2], array['{"warm":1}'], array[12.5::float8], now() + interval '1 hour')`;
    expect(await counted(call, [owned.modelId, owned.inputHash])).toBe(1);
    const answer = await t.store.withTenant(t.tenantId, (tx) =>
      tx.cache.find(owned.modelId, 4, owned.inputHash),
    );
    expect(answer).toMatchObject({ output: '{"warm":1}', enabled: true, measuring: false });
  });

  it('takes feedback once a rater', async () => {
    expect(await counted(`submit_feedback($1, 2, 'ann', 'poor')`, [owned.requestId])).toBe(1);
    expect(await counted(`submit_feedback($1, 5, 'ann', null)`, [owned.requestId])).toBe(1);
    expect(
      await as(t.tenantId, 'select rating, comment from inference_feedback where request_id = $1', [
        owned.requestId,
      ]),
    ).toEqual([{ rating: 5, comment: null }]);
    await expect(
      as(t.tenantId, `select submit_feedback($1, 6, 'ann', null)`, [owned.requestId]),
    ).rejects.toThrow(/rating/);
  });

  it('merges by content, counted by tenants and uses', async () => {
    const merge = `select merge_atoms(array['text', 'text', 'code'], array['one body', 'one body', 'two']) as n`;
    expect(await as(t.tenantId, merge)).toEqual([{ n: '2' }]);
    expect(await as(t.tenantId, merge)).toEqual([{ n: '0' }]);
    // Whether somebody else holds the bytes does not show.
    expect(await as(otherId, merge)).toEqual([{ n: '2' }]);
    const body = `from atoms where text = 'one body'`;
    expect(await as(t.tenantId, `select reference_count ${body}`)).toEqual([{ reference_count: 4 }]);
    expect(await as(otherId, `select reference_count ${body}`)).toEqual([{ reference_count: 2 }]);
    expect(await as(otherId, `select reference_count from atom where text = 'one body'`)).toEqual([
      { reference_count: 2 },
    ]);
    await expect(as(null, merge)).rejects.toThrow(/needs the tenant/);
  });

  it('promotes staged vectors above a number, and shows each vector once', async () => {
    const vectors = () =>
      as(t.tenantId, 'select atom_id, dimensions, vector from embeddings order by atom_id');
    const before = await vectors();
    expect(before).toHaveLength(1);
    expect(await counted(`promote_embeddings('contract-4', 1)`, [])).toBe(0);
    expect(await counted(`promote_embeddings('contract-4', 0)`, [])).toBe(1);
    expect(await as(t.tenantId, 'select 1 from atom_embedding_staging')).toEqual([]);
    expect(await vectors()).toEqual(before);
    // A newer one is staged beside it.
    await as(
      t.tenantId,
      `insert into atom_embedding_staging (tenant_id, embedding_model, atom_id, dimensions, vector)
       select tenant_id, embedding_model, atom_id, 1, '\\x00000000' from atom_embedding`,
    );
    expect((await vectors()).map((row) => row['dimensions'])).toEqual([1]);
    expect(await counted(`promote_embeddings('contract-4', 0)`, [])).toBe(1);
    expect((await vectors()).map((row) => row['dimensions'])).toEqual([1]);
  });

  it('shows a version as it was at an instant', async () => {
    const at = async () => (await as<{ at: Date }>(t.tenantId, 'select clock_timestamp() as at'))[0].at;
    const asOf = (tenantId: string, instant: Date) =>
      as(tenantId, 'select x, coefficient from weights_as_of($1, $2)', [owned.versionId, instant]);
    const row = { atomId: owned.atomId, tensorNo: 0, segmentNo: 0, y: 1, z: 1, hilbert: 1n };
    const instants: Date[] = [];
    for (const x of [11, 22]) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await t.store.withTenant(t.tenantId, (tx) =>
        tx.overlays.write(owned.versionId, [{ ...row, x, coefficient: x }]),
      );
      await new Promise((resolve) => setTimeout(resolve, 3));
      instants.push(await at());
    }
    expect(await asOf(t.tenantId, instants[0])).toEqual([{ x: 11, coefficient: 11 }]);
    expect(await asOf(t.tenantId, instants[1])).toEqual([{ x: 22, coefficient: 22 }]);
    expect(await asOf(otherId, instants[1])).toEqual([]);
  });

  it('keeps history to its tenant, and lets nobody rewrite it', async () => {
    for (const why of ['first', 'second']) {
      await t.store.withTenant(t.tenantId, (tx) => tx.models.setAlias('history', owned.modelId, 'ann', why));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    for (const table of ['tensor_atom_coefficient_history', 'model_alias_history']) {
      const rows = async (tenantId: string | null) => (await as(tenantId, `select * from ${table}`)).length;
      expect(await rows(t.tenantId)).toBeGreaterThan(0);
      expect([await rows(otherId), await rows(null)]).toEqual([0, 0]);
      const change = as(t.tenantId, `update ${table} set valid_to = valid_to + interval '1 day'`);
      await expect(change).rejects.toThrow(/permission denied/);
    }
    const forged = `insert into model_alias_history (tenant_id, alias, model_id, changed_by, why, valid_from, valid_to)
      select $1, alias, model_id, changed_by, why, valid_from, valid_to + interval '1 second' from model_alias_history`;
    await expect(as(t.tenantId, forged, [otherId])).rejects.toThrow(/row-level security/);
  });

  it('shows layers with the ranges of their lines', async () => {
    const layers = 'select name, pieces, vertices, weight_min, weight_max, importance_min from layers';
    expect(await as(t.tenantId, layers)).toEqual([
      { name: 'layer', pieces: '1', vertices: '2', weight_min: -0.5, weight_max: 0.5, importance_min: 1 },
    ]);
    expect(await as(otherId, layers)).toEqual([]);
  });

  it('shows views of one tenant, of none without one', async () => {
    for (const view of ['weights', 'atoms', 'embeddings', 'layers', 'session_paths', 'actions']) {
      const of = async (tenantId: string | null) => (await as(tenantId, `select * from ${view}`)).length;
      expect(await of(t.tenantId)).toBeGreaterThan(0);
      expect(await of(null)).toBe(0);
      if (view !== 'atoms' && view !== 'weights' && view !== 'embeddings') expect(await of(otherId)).toBe(0);
    }
    const foreign = 'select * from weights where model_id = $1';
    expect(await as(otherId, foreign, [owned.modelId])).toEqual([]);
    await expect(as(t.tenantId, 'delete from atoms')).rejects.toThrow(/permission denied|cannot delete/);
  });
});
