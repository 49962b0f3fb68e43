import { HartoError } from '@hartonomous/contracts';
import type { ConceptEvent, ConceptMember, ConceptRepository, ConceptRow } from '../port/concepts.js';
import type { TenantContext } from './context.js';
import { conceptColumns, insertNew, memberColumns, note } from './concept-rows.js';
import { succession } from './concept-succession.js';
import { allEmbeddings } from './embeddings.js';

const free = `not exists (select 1 from atom_concept c where c.tenant_id = e.tenant_id and c.atom_id = e.atom_id)`;

export function conceptRepository(context: TenantContext): ConceptRepository {
  return {
    ...unassigned(context),
    ...ofActions(context),
    ...succession(context),
    evolution: evolutionOf(context),
  };
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

type OfActions = Pick<ConceptRepository, 'add' | 'of' | 'membersOf' | 'keep' | 'remove'>;

function ofActions(context: TenantContext): OfActions {
  const { tenantId, db, sql } = context;
  return {
    async add(actionId, embeddingModel, concepts) {
      const rows = concepts.map((c) => [tenantId, c.id, embeddingModel, c.label, c.meanDistance, actionId]);
      await insertNew(context, 'concept', conceptColumns, 'id', rows);
      const members = concepts.flatMap((c) => c.members.map((m) => [tenantId, m.atomId, c.id, m.distance]));
      await insertNew(context, 'atom_concept', memberColumns, 'atom_id', members);
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
