import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { bothTables, embeddingRepository, promotedTable, stagingTable } from './embeddings.js';
import type { DistinctAtom } from './ingest-input.js';

const termColumns: Columns = { atom_id: 'uuid', term: 'text', tf: 'int' };
const vectorColumns: Columns = { atom_id: 'uuid', dimensions: 'int', vector: 'bytes' };

/** Terms of the atoms that the tenant did not hold before. */
export async function writeTerms(
  { tenantId, db, sql }: TenantContext,
  atoms: DistinctAtom[],
  taken: Set<string>,
): Promise<void> {
  if (taken.size === 0) return;
  function* terms(): Generator<unknown[]> {
    for (const atom of atoms) {
      if (!taken.has(atom.id)) continue;
      for (const [term, tf] of atom.terms) yield [atom.id, term, tf];
    }
  }
  await db.stage('stage_term', termColumns, terms());
  await db.run(
    `insert into atom_term (tenant_id, atom_id, term, tf)
     select $1, t.atom_id, t.term, t.tf from ${sql.staged('stage_term')} t`,
    [tenantId],
  );
}

/** Vectors of the atoms that have none of this embedding model yet. */
export async function writeVectors(
  context: TenantContext,
  embeddingModel: string,
  atoms: DistinctAtom[],
): Promise<void> {
  const { tenantId, db, sql } = context;
  if (atoms.length === 0) return;
  const params: unknown[] = [tenantId, embeddingModel];
  const ofAtoms = sql.anyOf(
    'atom_id',
    'uuid',
    atoms.map((atom) => atom.id),
    params,
  );
  const held = bothTables.map(
    (table) =>
      `select atom_id as "id" from ${table} where tenant_id = $1 and embedding_model = $2 and ${ofAtoms}`,
  );
  const known = await db.rows<{ id: string }>(held.join(' union all '), params);
  const have = new Set(known.map((row) => row.id));
  const missing = atoms.filter((atom) => !have.has(atom.id));
  if (missing.length === 0) return;
  function* vectors(): Generator<unknown[]> {
    for (const { id, vector } of missing) {
      yield [id, vector.length, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)];
    }
  }
  await db.stage('stage_vector', vectorColumns, vectors());
  await db.run(
    `insert into ${stagingTable} (tenant_id, embedding_model, atom_id, dimensions, vector)
     select $1, $2, v.atom_id, v.dimensions, v.vector from ${sql.staged('stage_vector')} v`,
    [tenantId, embeddingModel],
  );
  await embeddingRepository(context).promote(embeddingModel);
}

/** What a tenant kept about atoms that it no longer holds. */
export async function releaseContents(
  { tenantId, db, sql }: TenantContext,
  atomIds: string[],
): Promise<void> {
  if (atomIds.length === 0) return;
  const columns: [table: string, column: string][] = [
    ['atom_term', 'atom_id'],
    [stagingTable, 'atom_id'],
    [promotedTable, 'atom_id'],
    ['code_atom', 'atom_id'],
    ['tensor_atom', 'atom_id'],
    ['tensor_atom_coefficient', 'atom_id'],
    ['atom_relation', 'source_atom_id'],
    ['atom_relation', 'target_atom_id'],
  ];
  for (const [table, column] of columns) {
    const params: unknown[] = [tenantId];
    const where = `tenant_id = $1 and ${sql.anyOf(column, 'uuid', atomIds, params)}`;
    await db.run(sql.remove(table, where), params);
  }
}
