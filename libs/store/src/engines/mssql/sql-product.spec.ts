import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mssql from 'mssql';
import { createHash } from 'node:crypto';
import { newId } from '@hartonomous/contracts';
import type { ContractStore } from '../../contract/fixture.js';
import { hookTimeoutMs } from '../../contract/fixture.js';
import type { SweepIds } from '../../contract/sweep-ids.js';
import { own } from '../../contract/tenant-sweep.js';
import { mssqlFixture } from './mssql-fixture.js';

const serverUrl = process.env['MSSQL_URL'];

type Inputs = Record<string, [mssql.ISqlType | (() => mssql.ISqlType) | null, unknown]>;

const id = (value: string): Inputs[string] => [mssql.UniqueIdentifier as unknown as mssql.ISqlType, value];
const text = (value: string | null): Inputs[string] => [mssql.NVarChar(200), value];
const number = (value: number): Inputs[string] => [mssql.Float as unknown as mssql.ISqlType, value];

function table(name: string, columns: [string, mssql.ISqlType][], rows: unknown[][]): Inputs[string] {
  const value = new mssql.Table(`dbo.${name}`);
  for (const [column, type] of columns) value.columns.add(column, type, { nullable: false });
  for (const row of rows) value.rows.add(...(row as string[]));
  return [null, value];
}

const uuid = mssql.UniqueIdentifier as unknown as mssql.ISqlType;
const int = mssql.Int as unknown as mssql.ISqlType;
const bigint = mssql.BigInt as unknown as mssql.ISqlType;
const float = mssql.Float as unknown as mssql.ISqlType;

// What a DBA does by SQL alone, with a tenant in SESSION_CONTEXT.
describe('the product in T-SQL', () => {
  if (!serverUrl) return void it.skip('SKIPPED: procedures and views, MSSQL_URL names no server', () => {});
  let c: ContractStore;
  let pool: mssql.ConnectionPool;
  let owned: SweepIds;
  beforeAll(async () => {
    c = await mssqlFixture(serverUrl).open();
    owned = await c.store.withTenant(c.tenantId, own);
    const database = (await c.asOwner('select db_name() as name'))[0]['name'] as string;
    const { hostname, port, username, password, searchParams } = new URL(serverUrl);
    const trustServerCertificate = searchParams.get('trustServerCertificate') === 'true';
    const encrypt = searchParams.get('encrypt') !== 'false';
    const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) };
    const options = { encrypt, trustServerCertificate };
    pool = new mssql.ConnectionPool({
      server: hostname,
      port: Number(port || 1433),
      database,
      ...login,
      options,
    });
    await pool.connect();
  }, hookTimeoutMs);
  afterAll(async () => {
    await pool?.close();
    await c?.close();
  }, hookTimeoutMs);

  async function as<R>(tenantId: string | null, statement: string, inputs: Inputs = {}): Promise<R[]> {
    const transaction = new mssql.Transaction(pool);
    await transaction.begin();
    try {
      const context = new mssql.Request(transaction).input('tenant', mssql.NVarChar(36), tenantId);
      await context.query(`exec sp_set_session_context @key = N'tenant', @value = @tenant`);
      const request = new mssql.Request(transaction);
      for (const [name, [type, value]] of Object.entries(inputs)) {
        if (type === null) request.input(name, value);
        else request.input(name, type as mssql.ISqlType, value);
      }
      const { recordset } = await request.query<R>(statement);
      await transaction.commit();
      return [...(recordset ?? [])];
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  }

  /** The count that a procedure answers to the owner, after another tenant's call of it answered 0. */
  async function counted(call: string, inputs: Inputs): Promise<number> {
    expect((await as<{ n: string }>(c.otherTenantId, call, inputs)).map((r) => Number(r.n))).toEqual([0]);
    const [row] = await as<{ n: string }>(c.tenantId, call, inputs);
    return Number(row.n);
  }

  const weightsOf = (modelId: string) =>
    as(c.tenantId, 'select x, y, z, importance from weights where model_id = @model', { model: id(modelId) });

  it('trains: update_weights moves and clamps', async () => {
    const changes = table(
      'weight_changes',
      [
        ['atom_id', uuid],
        ['tensor_no', int],
        ['segment_no', bigint],
        ['x', float],
        ['y', float],
        ['z', float],
        ['importance', float],
        ['hilbert', bigint],
      ],
      [[owned.atomId, 0, 0, 300, 7, -99, 0.25, 5]],
    );
    const inputs = { model: id(owned.modelId), changes };
    expect(await counted('exec update_weights @model, @changes', inputs)).toBe(1);
    expect(await weightsOf(owned.modelId)).toEqual([{ x: 100, y: 7, z: -10, importance: 0.25 }]);
  });

  it('distils, prunes and restores: the very rows', async () => {
    const studentId = newId();
    const copy = 'exec copy_student @model, @student, @name, @from';
    const copied = (student: string) => ({
      model: id(owned.modelId),
      student: id(student),
      name: text('student'),
      from: number(0),
    });
    // As another tenant the student would be named first: it gets an id of its own.
    expect((await as<{ n: string }>(c.otherTenantId, copy, copied(newId()))).map((r) => Number(r.n))).toEqual(
      [0],
    );
    expect((await as<{ n: string }>(c.tenantId, copy, copied(studentId))).map((r) => Number(r.n))).toEqual([
      1,
    ]);
    const before = await weightsOf(studentId);
    expect(before).toHaveLength(1);
    const pruneId = newId();
    const pruned = { model: id(studentId), prune: id(pruneId), below: number(0.5) };
    expect(await counted('exec prune @model, @prune, @below', pruned)).toBe(1);
    expect(await weightsOf(studentId)).toEqual([]);
    expect(await counted('exec [restore] @prune', { prune: id(pruneId) })).toBe(1);
    expect(await weightsOf(studentId)).toEqual(before);
  });

  it('warms the cache', async () => {
    const answers = table(
      'warm_answers',
      [
        ['input_hash', mssql.NVarChar(64)],
        ['answer', mssql.NVarChar(mssql.MAX)],
        ['compute_ms', float],
      ],
      [[owned.inputHash, '{"warm":1}', 12.5]],
    );
    const until = new Date(Date.now() + 3_600_000);
    const inputs: Inputs = { model: id(owned.modelId), answers, until: [mssql.DateTimeOffset(3), until] };
    expect(await counted('exec warm_cache @model, 4, @answers, @until', inputs)).toBe(1);
    const answer = await c.store.withTenant(c.tenantId, (tx) =>
      tx.cache.find(owned.modelId, 4, owned.inputHash),
    );
    expect(answer).toMatchObject({ output: '{"warm":1}', enabled: true, measuring: false });
  });

  it('takes feedback once a rater', async () => {
    const call = 'exec submit_feedback @request, @rating, @rater, @comment';
    const of = (rating: number, comment: string | null): Inputs => ({
      request: id(owned.requestId),
      rating: [int, rating],
      rater: text('ann'),
      comment: text(comment),
    });
    expect(await counted(call, of(2, 'poor'))).toBe(1);
    expect(await counted(call, of(5, null))).toBe(1);
    const kept = 'select rating, comment from inference_feedback where request_id = @request';
    expect(await as(c.tenantId, kept, { request: id(owned.requestId) })).toEqual([
      { rating: 5, comment: null },
    ]);
    await expect(as(c.tenantId, call, of(6, null))).rejects.toThrow(/rating|CHECK/i);
  });

  it('merges by content, counted by tenants and uses', async () => {
    const contents = (): Inputs => ({
      given: table(
        'contents',
        [
          ['id', uuid],
          ['content_hash', mssql.VarBinary(32)],
          ['modality', mssql.NVarChar(20)],
          ['body', mssql.NVarChar(mssql.MAX)],
          ['size_bytes', bigint],
          ['uses', int],
        ],
        [
          [newId(), createHash('sha256').update('one body').digest(), 'text', 'one body', 8, 2],
          [newId(), createHash('sha256').update('two').digest(), 'code', 'two', 3, 1],
        ],
      ),
    });
    const merge = async (tenantId: string | null): Promise<number> => {
      const [row] = await as<{ n: string }>(tenantId, 'exec merge_atoms @given', contents());
      return Number(row.n);
    };
    expect(await merge(c.tenantId)).toBe(2);
    expect(await merge(c.tenantId)).toBe(0);
    // Whether somebody else holds the bytes does not show.
    expect(await merge(c.otherTenantId)).toBe(2);
    const held = `select reference_count from atoms where [text] = N'one body'`;
    expect(await as(c.tenantId, held)).toEqual([{ reference_count: 4 }]);
    expect(await as(c.otherTenantId, held)).toEqual([{ reference_count: 2 }]);
    expect(await c.asOwner(`select reference_count from atom where [text] = N'one body'`)).toEqual([
      { reference_count: 2 },
    ]);
    await expect(merge(null)).rejects.toThrow(/needs the tenant/);
  });

  it('shows views of one tenant, of none without one', async () => {
    for (const view of ['weights', 'atoms', 'session_paths', 'actions']) {
      const of = async (tenantId: string | null) => (await as(tenantId, `select * from ${view}`)).length;
      expect(await of(c.tenantId)).toBeGreaterThan(0);
      expect(await of(null)).toBe(0);
      if (view === 'session_paths' || view === 'actions') expect(await of(c.otherTenantId)).toBe(0);
    }
    const foreign = 'select * from weights where model_id = @model';
    expect(await as(c.otherTenantId, foreign, { model: id(owned.modelId) })).toEqual([]);
  });
});
