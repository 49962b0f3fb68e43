import type { ConceptEvent } from '../port/concepts.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

export const conceptColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  embedding_model: 'text',
  label: 'text',
  mean_distance: 'float',
  action_id: 'uuid',
};
export const memberColumns: Columns = {
  tenant_id: 'uuid',
  atom_id: 'uuid',
  concept_id: 'uuid',
  distance: 'float',
};

/** Writes down what becomes of an action's concepts, each event once. */
export async function note(
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

/** Adds the rows whose key is not there yet. */
export async function insertNew(
  { db, sql }: TenantContext,
  table: string,
  columns: Columns,
  key: string,
  rows: unknown[][],
): Promise<void> {
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
}
