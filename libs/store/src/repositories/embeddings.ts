import { HartoError } from '@hartonomous/contracts';
import { promotionRows, type AtomVector, type EmbeddingRepository } from '../port/embeddings.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { NearestOf, vectorBytes, vectorOf, type VectorRecord } from './vector-scan.js';

export const stagingTable = 'atom_embedding_staging';
export const promotedTable = 'atom_embedding';

const keys = ['tenant_id', 'embedding_model', 'atom_id'];
const values = ['dimensions', 'vector'];
const columns = [...keys, ...values].join(', ');
const stageColumns: Columns = { atom_id: 'uuid', dimensions: 'int', vector: 'bytes' };

/** Vectors of a page of a scan: 4 MiB at 256 dimensions. */
const pageRows = 4_096;
/** Candidates asked of an index for each neighbour wanted: it may err. */
const oversampling = 4;
const neighboursMax = 1_000;

/** FROM item: the vector of each atom, the staged one where there are two. */
export const allEmbeddings = `(select ${columns} from ${stagingTable}
  union all
  select ${columns} from ${promotedTable} p where not exists (select 1 from ${stagingTable} s
    where s.tenant_id = p.tenant_id and s.embedding_model = p.embedding_model and s.atom_id = p.atom_id))`;

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
      await lockVectors(context);
      const { staged } = await sizesOf(context, embeddingModel);
      if (staged <= above) return 0;
      const ofModel = 'tenant_id = $1 and embedding_model = $2';
      const from = `(select ${columns} from ${stagingTable} where ${ofModel}) r`;
      await db.run(upsertInto(context, promotedTable, from), [tenantId, embeddingModel]);
      return db.run(sql.remove(stagingTable, ofModel), [tenantId, embeddingModel]);
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

function nearestOf(context: TenantContext): EmbeddingRepository['nearest'] {
  const { tenantId, db, sql } = context;

  async function scan(from: string, embeddingModel: string, nearest: NearestOf): Promise<void> {
    for (let after: string | null = null; ;) {
      const params: unknown[] = [tenantId, embeddingModel];
      const later = after === null ? '' : `and ${sql.idText('e.atom_id')} > $${params.push(after)}`;
      const rows: VectorRecord[] = await db.rows<VectorRecord>(
        `select e.atom_id as "id", e.dimensions as "dimensions", e.vector as "vector" from ${from} e
         where e.tenant_id = $1 and e.embedding_model = $2 ${later}
         order by ${sql.idText('e.atom_id')} offset 0 rows fetch next ${pageRows} rows only`,
        params,
      );
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
    const { promoted, staged } = await sizesOf(context, embeddingModel);
    if (promoted + staged <= exactUpTo || !index) {
      await scan(allEmbeddings, embeddingModel, nearest);
      return { route: 'exact', neighbours: nearest.found() };
    }
    // Staged ones first: an atom that the index knows by an older vector is seen by its newer one.
    await scan(stagingTable, embeddingModel, nearest);
    const ids = await index(vector, count * oversampling);
    await showPromoted(embeddingModel, [...new Set(ids)].slice(0, neighboursMax * oversampling), nearest);
    return { route: 'merged', neighbours: nearest.found() };
  };
}
