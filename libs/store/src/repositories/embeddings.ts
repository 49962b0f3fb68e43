import { HartoError } from '@hartonomous/contracts';
import { promotionRows, type AtomVector, type EmbeddingRepository } from '../port/embeddings.js';
import type { Columns, Dialect } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { NearestOf, vectorBytes, vectorOf, type VectorRecord } from './vector-scan.js';

export const stagingTable = 'atom_embedding_staging';
export const promotedTable = 'atom_embedding';

const keys = ['tenant_id', 'embedding_model', 'atom_id'];
const values = ['dimensions', 'vector'];
const stageColumns: Columns = { atom_id: 'uuid', dimensions: 'int', vector: 'bytes' };

/** The staged before the promoted. */
export const bothTables = [stagingTable, promotedTable];

/** Vectors of a page of a scan: 4 MiB at 256 dimensions. */
const pageRows = 4_096;
/** Candidates asked of an index for each neighbour wanted: it may err. */
const oversampling = 4;
const neighboursMax = 1_000;

const superseded = `exists (select 1 from ${stagingTable} s where s.tenant_id = p.tenant_id
  and s.embedding_model = p.embedding_model and s.atom_id = p.atom_id)`;

/** View: the vector of each atom, the staged one where there are two. */
export const allEmbeddings = 'embeddings';

/**
 * The `limit` first vectors of model $2 of tenant $1 by atom id, from the atom after `after` on. Each table is cut
 * by itself, so that both are read in the order of their keys and no further than the page.
 */
export function embeddingPage(sql: Dialect, tables: string[], after: string | null, limit: string): string {
  const id = sql.idText('p.atom_id');
  const later = after === null ? '' : `and ${id} > ${after}`;
  const first = `order by ${id} offset 0 rows fetch next ${limit} rows only`;
  const parts = tables.map((table, i) => {
    // A promoted vector counts where no staged one takes its place.
    const alone = i > 0 ? `and not ${superseded}` : '';
    return `select * from (select p.atom_id, p.dimensions, p.vector from ${table} p
      where p.tenant_id = $1 and p.embedding_model = $2 ${later} ${alone} ${first}) of_${table}`;
  });
  return `select p.atom_id as "id", p.dimensions as "dimensions", p.vector as "vector"
    from (${parts.join(' union all ')}) p ${first}`;
}

export function embeddingRepository(context: TenantContext): EmbeddingRepository {
  return {
    ...embeddingWrites(context),
    sizes: (embeddingModel) => sizesOf(context, embeddingModel),
    nearest: nearestOf(context),
  };
}

/** One writer of a tenant's vectors at a time, without a new version of the corpus. */
async function lockVectors({ tenantId, db }: TenantContext): Promise<void> {
  await db.run('update corpus_state set version = version where tenant_id = $1', [tenantId]);
}

function embeddingWrites(context: TenantContext): Pick<EmbeddingRepository, 'stage' | 'promote'> {
  const { tenantId, db, sql } = context;
  return {
    async stage(embeddingModel, rows) {
      await lockVectors(context);
      const last = new Map<string, AtomVector>();
      for (const row of rows) last.set(row.atomId, row);
      const [first] = last.values();
      if (!first) return 0;
      for (const { vector } of last.values()) {
        if (vector.length !== first.vector.length) {
          throw new HartoError('INPUT_INVALID', 'vectors of one model have equal dimensions');
        }
      }
      const staged = [...last.values()].map((r) => [r.atomId, r.vector.length, vectorBytes(r.vector)]);
      await db.stage('stage_embedding', stageColumns, staged);
      const from = `(select ${sql.cast('$1', 'uuid')} as tenant_id, ${sql.cast('$2', 'text')} as embedding_model, v.*
        from ${sql.staged('stage_embedding')} v
        join tenant_atom t on t.tenant_id = ${sql.cast('$1', 'uuid')} and t.atom_id = v.atom_id) r`;
      return db.run(upsertInto(context, stagingTable, from), [tenantId, embeddingModel]);
    },

    async promote(embeddingModel, above = promotionRows) {
      const [row] = await db.rows<{ n: string | number }>(sql.call('promote_embeddings', 2), [
        embeddingModel,
        above,
      ]);
      return Number(row.n);
    },
  };
}

function upsertInto({ sql }: TenantContext, table: string, from: string): string {
  const update = Object.fromEntries(values.map((v) => [v, `excluded.${v}`]));
  return sql.upsert({ table, keys, columns: [...keys, ...values], from, update });
}

async function sizesOf({ tenantId, db }: TenantContext, embeddingModel: string) {
  const count = (table: string) =>
    `(select count(*) from ${table} where tenant_id = $1 and embedding_model = $2)`;
  const [row] = await db.rows<{ promoted: string | number; staged: string | number }>(
    `select ${count(promotedTable)} as "promoted", ${count(stagingTable)} as "staged"`,
    [tenantId, embeddingModel],
  );
  return { promoted: Number(row.promoted), staged: Number(row.staged) };
}

/** Rows of a model in a table, counted no further than `limit`. */
async function countUpTo(
  { tenantId, db }: TenantContext,
  table: string,
  embeddingModel: string,
  limit: number,
): Promise<number> {
  const [row] = await db.rows<{ n: string | number }>(
    `select count(*) as "n" from (select atom_id from ${table} where tenant_id = $1 and embedding_model = $2
       order by atom_id offset 0 rows fetch next $3 rows only) s`,
    [tenantId, embeddingModel, limit],
  );
  return Number(row.n);
}

async function fewerThan(context: TenantContext, embeddingModel: string, rows: number): Promise<boolean> {
  const staged = await countUpTo(context, stagingTable, embeddingModel, rows);
  return staged < rows && staged + (await countUpTo(context, promotedTable, embeddingModel, rows)) < rows;
}

function nearestOf(context: TenantContext): EmbeddingRepository['nearest'] {
  const { tenantId, db, sql } = context;

  async function scan(tables: string[], embeddingModel: string, nearest: NearestOf): Promise<void> {
    for (let after: string | null = null; ;) {
      const params: unknown[] = [tenantId, embeddingModel];
      const from = after === null ? null : `$${params.push(after)}`;
      const text = embeddingPage(sql, tables, from, String(pageRows));
      const rows: VectorRecord[] = await db.rows<VectorRecord>(text, params);
      for (const row of rows) nearest.show({ atomId: row.id, vector: vectorOf(row.vector) });
      if (rows.length < pageRows) return;
      after = rows[rows.length - 1].id;
    }
  }

  async function showPromoted(embeddingModel: string, ids: string[], nearest: NearestOf): Promise<void> {
    if (ids.length === 0) return;
    const params: unknown[] = [tenantId, embeddingModel];
    const rows = await db.rows<VectorRecord>(
      `select e.atom_id as "id", e.dimensions as "dimensions", e.vector as "vector" from ${promotedTable} e
       where e.tenant_id = $1 and e.embedding_model = $2 and ${sql.anyOf('e.atom_id', 'uuid', ids, params)}`,
      params,
    );
    for (const row of rows) nearest.show({ atomId: row.id, vector: vectorOf(row.vector) });
  }

  return async (embeddingModel, vector, k, { exactUpTo = promotionRows, index } = {}) => {
    const count = Math.min(neighboursMax, Math.max(1, Math.trunc(k)));
    const nearest = new NearestOf(vector, count);
    if (!index || (await fewerThan(context, embeddingModel, exactUpTo + 1))) {
      await scan(bothTables, embeddingModel, nearest);
      return { route: 'exact', neighbours: nearest.found() };
    }
    // Staged ones first: an atom that the index knows by an older vector is seen by its newer one.
    await scan([stagingTable], embeddingModel, nearest);
    const ids = await index(vector, count * oversampling);
    await showPromoted(embeddingModel, [...new Set(ids)].slice(0, neighboursMax * oversampling), nearest);
    return { route: 'merged', neighbours: nearest.found() };
  };
}
