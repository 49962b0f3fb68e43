import { HartoError } from '@hartonomous/contracts';
import type { ConceptMember, ConceptRepository, ConceptVectors, HeldConcept } from '../port/concepts.js';
import { conceptColumns, insertNew, memberColumns, note } from './concept-rows.js';
import type { TenantContext } from './context.js';
import { allEmbeddings } from './embeddings.js';

type Succession = Pick<
  ConceptRepository,
  'keptVectors' | 'vectorsOf' | 'held' | 'succeed' | 'retire' | 'giveBack'
>;

interface VectorRow {
  atomId: string;
  dimensions: number;
  vector: Buffer;
}

/** What becomes of kept concepts whose atoms drift: they are measured again, and successors take their places. */
export function succession(context: TenantContext): Succession {
  return {
    keptVectors: keptVectorsOf(context),
    vectorsOf: vectorReads(context),
    held: heldOf(context),
    ...changes(context),
  };
}

function keptVectorsOf({ tenantId, db, sql }: TenantContext): Succession['keptVectors'] {
  return async (limit, seed) => {
    const shuffled = sql.shuffleKey(`${sql.cast(sql.idText('c.id'), 'text')} || ${sql.cast('$3', 'text')}`);
    const chosen = await db.rows<
      Pick<ConceptVectors, 'id' | 'embeddingModel' | 'label' | 'meanDistance'> & { total: string | number }
    >(
      `select c.id as "id", c.embedding_model as "embeddingModel", c.label as "label",
         c.mean_distance as "meanDistance", count(*) over () as "total"
       from concept c where c.tenant_id = $1 and c.kept = $2
       order by ${shuffled} offset 0 rows fetch next $4 rows only`,
      [tenantId, true, seed, limit],
    );
    if (chosen.length === 0) return { total: 0, concepts: [] };
    const params: unknown[] = [tenantId];
    const ids = chosen.map((c) => c.id);
    const rows = await db.rows<VectorRow & { conceptId: string }>(
      `select m.concept_id as "conceptId", m.atom_id as "atomId", e.dimensions as "dimensions", e.vector as "vector"
       from atom_concept m
       join concept c on c.tenant_id = m.tenant_id and c.id = m.concept_id
       join ${allEmbeddings} e
         on e.tenant_id = m.tenant_id and e.embedding_model = c.embedding_model and e.atom_id = m.atom_id
       where m.tenant_id = $1 and ${sql.anyOf('m.concept_id', 'uuid', ids, params)}
       order by ${sql.idText('m.concept_id')}, ${sql.idText('m.atom_id')}`,
      params,
    );
    const byConcept = new Map<string, VectorRow[]>(ids.map((id) => [id, []]));
    for (const row of rows) byConcept.get(row.conceptId)!.push(row);
    return {
      total: Number(chosen[0]!.total),
      concepts: chosen.map(({ id, embeddingModel, label, meanDistance }) => ({
        id,
        embeddingModel,
        label,
        meanDistance,
        ...vectorsOf(byConcept.get(id)!),
      })),
    };
  };
}

function vectorsOf(rows: readonly VectorRow[]): Pick<ConceptVectors, 'atomIds' | 'dimensions' | 'data'> {
  const dimensions = rows[0]?.dimensions ?? 0;
  const data = new Float32Array(rows.length * dimensions);
  const bytes = Buffer.from(data.buffer);
  rows.forEach((row, i) => {
    if (row.dimensions !== dimensions) {
      throw new HartoError('STORE_CORRUPT', `atom ${row.atomId} has ${row.dimensions} dimensions`);
    }
    row.vector.copy(bytes, i * dimensions * 4);
  });
  return { atomIds: rows.map((row) => row.atomId), dimensions, data };
}

function vectorReads({ tenantId, db, sql }: TenantContext): Succession['vectorsOf'] {
  return async (embeddingModel, atomIds) => {
    if (atomIds.length === 0) return vectorsOf([]);
    const params: unknown[] = [tenantId, embeddingModel];
    const rows = await db.rows<VectorRow>(
      `select e.atom_id as "atomId", e.dimensions as "dimensions", e.vector as "vector" from ${allEmbeddings} e
       where e.tenant_id = $1 and e.embedding_model = $2 and ${sql.anyOf('e.atom_id', 'uuid', atomIds, params)}
       order by ${sql.idText('e.atom_id')}`,
      params,
    );
    return vectorsOf(rows);
  };
}

function heldOf({ tenantId, db, sql }: TenantContext): Succession['held'] {
  return async (conceptId) => {
    const [row] = await db.rows<Omit<HeldConcept, 'members'>>(
      `select id as "id", embedding_model as "embeddingModel", label as "label", mean_distance as "meanDistance",
         action_id as "actionId", kept as "kept"
       from concept where tenant_id = $1 and id = $2`,
      [tenantId, conceptId],
    );
    if (!row) return null;
    const members = await db.rows<ConceptMember>(
      `select atom_id as "atomId", distance as "distance" from atom_concept
       where tenant_id = $1 and concept_id = $2 order by ${sql.idText('atom_id')}`,
      [tenantId, conceptId],
    );
    return { ...row, members };
  };
}

function changes(context: TenantContext): Pick<Succession, 'succeed' | 'retire' | 'giveBack'> {
  const { tenantId, db, sql } = context;
  return {
    async succeed(actionId, conceptId, { id, label, meanDistance, members }) {
      const params: unknown[] = [tenantId, conceptId];
      const [old] = await db.rows<{ embeddingModel: string }>(
        'select embedding_model as "embeddingModel" from concept where tenant_id = $1 and id = $2',
        params,
      );
      if (!old) throw new HartoError('NOT_FOUND', `no concept ${conceptId}`);
      const row = [tenantId, id, old.embeddingModel, label, meanDistance, actionId];
      await insertNew(context, 'concept', conceptColumns, 'id', [row]);
      if (members.length > 0) {
        const rows = members.map((m) => [tenantId, m.atomId, id, m.distance]);
        await db.run(
          sql.update({
            table: 'atom_concept',
            set: ['concept_id = r.concept_id', 'distance = r.distance'],
            from: sql.rowset('r', memberColumns, rows, params),
            where: `atom_concept.tenant_id = $1 and atom_concept.concept_id = $2
              and atom_concept.atom_id = r.atom_id`,
          }),
          params,
        );
      }
      await db.run('delete from atom_concept where tenant_id = $1 and concept_id = $2', [
        tenantId,
        conceptId,
      ]);
      await note(context, actionId, 'created');
    },

    async retire(conceptId) {
      await db.run(
        `insert into concept_evolution (tenant_id, concept_id, event, action_id, label, members, mean_distance)
         select c.tenant_id, c.id, 'removed', c.action_id, c.label, 0, c.mean_distance
         from concept c where c.tenant_id = $1 and c.id = $2 and not exists (
           select 1 from concept_evolution e
           where e.tenant_id = c.tenant_id and e.concept_id = c.id and e.event = 'removed')`,
        [tenantId, conceptId],
      );
      await db.run('delete from concept where tenant_id = $1 and id = $2', [tenantId, conceptId]);
    },

    async giveBack(actionId, held) {
      const { id, embeddingModel, label, meanDistance, members } = held;
      await note(context, actionId, 'removed');
      await db.run('delete from concept where tenant_id = $1 and action_id = $2', [tenantId, actionId]);
      const row = [tenantId, id, embeddingModel, label, meanDistance, held.actionId];
      await insertNew(context, 'concept', conceptColumns, 'id', [row]);
      await db.run('update concept set kept = $3 where tenant_id = $1 and id = $2', [
        tenantId,
        id,
        held.kept,
      ]);
      const rows = members.map((m) => [tenantId, m.atomId, id, m.distance]);
      await insertNew(context, 'atom_concept', memberColumns, 'atom_id', rows);
    },
  };
}
