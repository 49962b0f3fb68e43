import { HartoError } from '@hartonomous/contracts';
import type { ConceptEvent, ConceptMember, ConceptRepository, ConceptRow } from '../port/concepts.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { allEmbeddings } from './embeddings.js';

const conceptColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  embedding_model: 'text',
  label: 'text',
  mean_distance: 'float',
  action_id: 'uuid',
};
const memberColumns: Columns = { tenant_id: 'uuid', atom_id: 'uuid', concept_id: 'uuid', distance: 'float' };

const free = `not exists (select 1 from atom_concept c where c.tenant_id = e.tenant_id and c.atom_id = e.atom_id)`;

export function conceptRepository(context: TenantContext): ConceptRepository {
  return { ...unassigned(context), ...ofActions(context), evolution: evolutionOf(context) };
}

type Unassigned = Pick<ConceptRepository, 'unassigned' | 'unassignedVectors'>;

function unassigned({ tenantId, db, sql }: TenantContext): Unassigned {
  return {
    async unassigned() {
      const rows = await db.rows<{ embeddingModel: string; count: string | number }>(
        `select embedding_model as "embeddingModel", count(*) as "count" from ${allEmbeddings} e
         where tenant_id = $1 and ${free} group by embedding_model order by embedding_model`,
        [tenantId],
      );
      return rows.map((row) => ({ ...row, count: Number(row.count) }));
    },

    async unassignedVectors(embeddingModel, limit, seed) {
      const shuffled = sql.shuffleKey(
        `${sql.cast(sql.idText('e.atom_id'), 'text')} || ${sql.cast('$4', 'text')}`,
      );
      const rows = await db.rows<{ id: string; dimensions: number; vector: Buffer }>(
        `select atom_id as "id", dimensions as "dimensions", vector as "vector" from ${allEmbeddings} e
         where tenant_id = $1 and embedding_model = $2 and ${free}
         order by ${shuffled} offset 0 rows fetch next $3 rows only`,
        [tenantId, embeddingModel, limit, seed],
      );
      const dimensions = rows[0]?.dimensions ?? 0;
      const data = new Float32Array(rows.length * dimensions);
      const bytes = Buffer.from(data.buffer);
      rows.forEach((row, i) => {
        if (row.dimensions !== dimensions) {
          throw new HartoError('STORE_CORRUPT', `atom ${row.id} has ${row.dimensions} dimensions`);
        }
        row.vector.copy(bytes, i * dimensions * 4);
      });
      return { atomIds: rows.map((row) => row.id), dimensions, data };
    },
  };
}

/** Writes down what becomes of an action's concepts, each event once. */
async function note(
  { tenantId, db, sql }: TenantContext,
  actionId: string,
  event: ConceptEvent['event'],
): Promise<void> {
  await db.run(
    `insert into concept_evolution (tenant_id, concept_id, event, action_id, label, members, mean_distance)
     select c.tenant_id, c.id, ${sql.cast('$3', 'text')}, c.action_id, c.label,
       (select count(*) from atom_concept m where m.tenant_id = c.tenant_id and m.concept_id = c.id), c.mean_distance
     from concept c where c.tenant_id = $1 and c.action_id = $2 and not exists (
       select 1 from concept_evolution e where e.tenant_id = c.tenant_id and e.concept_id = c.id and e.event = $3)`,
    [tenantId, actionId, event],
  );
}

function ofActions(context: TenantContext): Omit<ConceptRepository, keyof Unassigned | 'evolution'> {
  const { tenantId, db, sql } = context;
  const insertNew = async (
    table: string,
    columns: Columns,
    key: string,
    rows: unknown[][],
  ): Promise<void> => {
    if (rows.length === 0) return;
    const params: unknown[] = [];
    const names = Object.keys(columns);
    const text = sql.insertNew({
      table,
      columns: names,
      select: names.map((n) => `r.${n}`),
      from: sql.rowset('r', columns, rows, params),
      match: `${table}.tenant_id = r.tenant_id and ${table}.${key} = r.${key}`,
    });
    await db.run(text, params);
  };
  return {
    async add(actionId, embeddingModel, concepts) {
      const rows = concepts.map((c) => [tenantId, c.id, embeddingModel, c.label, c.meanDistance, actionId]);
      await insertNew('concept', conceptColumns, 'id', rows);
      const members = concepts.flatMap((c) => c.members.map((m) => [tenantId, m.atomId, c.id, m.distance]));
      await insertNew('atom_concept', memberColumns, 'atom_id', members);
      await note(context, actionId, 'created');
    },

    async of(actionId) {
      const rows = await db.rows<ConceptRow & { members: string | number }>(
        `select c.id as "id", c.label as "label", c.mean_distance as "meanDistance", c.kept as "kept",
           (select count(*) from atom_concept m where m.tenant_id = c.tenant_id and m.concept_id = c.id) as "members"
         from concept c where c.tenant_id = $1 and c.action_id = $2 order by ${sql.idText('c.id')}`,
        [tenantId, actionId],
      );
      return rows.map((row) => ({ ...row, members: Number(row.members) }));
    },

    membersOf: (actionId) =>
      db.rows<ConceptMember & { conceptId: string }>(
        `select m.atom_id as "atomId", m.distance as "distance", m.concept_id as "conceptId"
         from concept c join atom_concept m on m.tenant_id = c.tenant_id and m.concept_id = c.id
         where c.tenant_id = $1 and c.action_id = $2 order by ${sql.idText('m.atom_id')}`,
        [tenantId, actionId],
      ),

    async keep(actionId) {
      await note(context, actionId, 'kept');
      return db.run('update concept set kept = $3 where tenant_id = $1 and action_id = $2', [
        tenantId,
        actionId,
        true,
      ]);
    },

    async remove(actionId) {
      await note(context, actionId, 'removed');
      return db.run('delete from concept where tenant_id = $1 and action_id = $2', [tenantId, actionId]);
    },
  };
}

function evolutionOf({ tenantId, db, sql }: TenantContext): ConceptRepository['evolution'] {
  return async (limit) => {
    const rows = await db.rows<ConceptEvent & { members: string | number }>(
      `select concept_id as "conceptId", event as "event", action_id as "actionId", label as "label",
         members as "members", mean_distance as "meanDistance", happened_at as "at"
       from concept_evolution where tenant_id = $1
       order by happened_at desc, ${sql.idText('concept_id')}, event offset 0 rows fetch next $2 rows only`,
      [tenantId, limit],
    );
    return rows.map((row) => ({ ...row, members: Number(row.members) }));
  };
}
