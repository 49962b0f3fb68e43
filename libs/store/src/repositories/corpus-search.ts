import { HartoError } from '@hartonomous/contracts';
import type { CorpusFilter, CorpusSearch } from '../port/atoms.js';
import type { Columns, Dialect } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

/** BM25, Robertson and Zaragoza 2009. */
const k1 = 1.2;
const b = 0.75;
const termsMax = 32;

/** The smallest text after all texts that begin with `prefix`, in code point order; null when there is none. */
export function prefixEnd(prefix: string): string | null {
  const points = [...prefix].map((c) => c.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    // Surrogates are no characters of their own: step over them.
    const next = last + 1 === 0xd800 ? 0xe000 : last + 1;
    if (next <= 0x10ffff) return String.fromCodePoint(...points, next);
  }
  return null;
}

/** Condition that a region `a` of a source `s` passes; range comparisons, so that an ordinary B-tree serves a prefix. */
function regionPasses(filter: CorpusFilter, params: unknown[]): string[] {
  const where: string[] = [];
  if (filter.language !== undefined) where.push(`a.language = $${params.push(filter.language)}`);
  if (filter.kind !== undefined) where.push(`a.kind = $${params.push(filter.kind)}`);
  if (filter.pathPrefix !== undefined) {
    where.push(`s.path >= $${params.push(filter.pathPrefix)}`);
    const end = prefixEnd(filter.pathPrefix);
    if (end !== null) where.push(`s.path < $${params.push(end)}`);
  }
  return where;
}

/** Atoms of the tenant with a region that passes the filter; null when there is nothing to filter. */
function passing(filter: CorpusFilter, params: unknown[]): string | null {
  const where = regionPasses(filter, params);
  if (where.length === 0) return null;
  const source =
    filter.pathPrefix === undefined
      ? ''
      : 'join source s on s.tenant_id = a.tenant_id and s.id = a.source_id ';
  return `select distinct a.atom_id from atom_source a ${source}where a.tenant_id = $1 and ${where.join(' and ')}`;
}

function bm25Text(sql: Dialect, hits: string, filter: string | null, limit: string): string {
  const n = sql.cast('c.atoms', 'float');
  const mean = `(${sql.cast('c.total_length', 'float')} / ${n})`;
  const idf = sql.naturalLog(`1 + (${n} - d.n + 0.5) / (d.n + 0.5)`);
  const norm = `${1 - b} + ${b} * t.length_terms / ${mean}`;
  return `with hit as (select atom_id, term, tf from atom_term where tenant_id = $1 and ${hits}),
     frequency as (select term, count(*) as n from hit group by term)
     select h.atom_id as "atomId", sum(${idf} * h.tf * ${k1 + 1} / (h.tf + ${k1} * (${norm}))) as "score"
     from hit h
     join frequency d on d.term = h.term
     join tenant_atom t on t.tenant_id = $1 and t.atom_id = h.atom_id
     join corpus_state c on c.tenant_id = $1
     ${filter ? `join (${filter}) f on f.atom_id = h.atom_id` : ''}
     where c.total_length > 0
     group by h.atom_id
     order by 2 desc, ${sql.idText('h.atom_id')} offset 0 rows fetch next ${limit} rows only`;
}

const relationColumns: Columns = {
  tenant_id: 'uuid',
  source_atom_id: 'uuid',
  target_atom_id: 'uuid',
  relation_type: 'text',
  weight: 'float',
};

export function corpusSearch(context: TenantContext): CorpusSearch {
  const { tenantId, db, sql } = context;
  return {
    async statistics() {
      const [row] = await db.rows<{ atoms: number; total: string | number }>(
        'select atoms as "atoms", total_length as "total" from corpus_state where tenant_id = $1',
        [tenantId],
      );
      const atoms = row?.atoms ?? 0;
      return { atoms, meanLength: atoms === 0 ? 0 : Number(row.total) / atoms };
    },

    bm25(terms, filter, limit) {
      const distinct = [...new Set(terms)];
      if (distinct.length > termsMax) {
        throw new HartoError('INPUT_TOO_LARGE', `at most ${termsMax} terms a query, got ${distinct.length}`);
      }
      if (distinct.length === 0) return Promise.resolve([]);
      const params: unknown[] = [tenantId];
      const hits = sql.anyOf('term', 'text', distinct, params);
      const filterText = passing(filter, params);
      const text = bm25Text(sql, hits, filterText, `$${params.push(limit)}`);
      // The best plan depends on the terms: planned anew each time.
      return db.rows<{ atomId: string; score: number }>(text, params, { adaptive: true });
    },

    async matching(filter) {
      const params: unknown[] = [tenantId];
      const text = passing(filter, params) ?? 'select atom_id from tenant_atom where tenant_id = $1';
      const rows = await db.rows<{ id: string }>(
        `select m.atom_id as "id" from (${text}) m order by ${sql.idText('m.atom_id')}`,
        params,
        { adaptive: true },
      );
      return rows.map((row) => row.id);
    },

    relations: (limit) =>
      db.rows<{ source: string; target: string; weight: number }>(
        `select source_atom_id as "source", target_atom_id as "target", weight as "weight" from atom_relation
         where tenant_id = $1 order by ${sql.idText('source_atom_id')}, ${sql.idText('target_atom_id')}, relation_type
         offset 0 rows fetch next $2 rows only`,
        [tenantId, limit],
      ),

    putRelations: (rows) => putRelations(context, rows),
  };
}

async function putRelations(
  { tenantId, db, sql }: TenantContext,
  rows: { source: string; target: string; type: string; weight: number }[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const last = new Map(rows.map((r) => [`${r.source}/${r.target}/${r.type}`, r]));
  const name = 'stage_relation';
  await db.stage(
    name,
    relationColumns,
    [...last.values()].map((r) => [tenantId, r.source, r.target, r.type, r.weight]),
  );
  return db.run(
    sql.upsert({
      table: 'atom_relation',
      keys: ['tenant_id', 'source_atom_id', 'target_atom_id', 'relation_type'],
      columns: Object.keys(relationColumns),
      from: `${sql.staged(name)} r`,
      update: { weight: 'excluded.weight' },
    }),
  );
}
