import { createHash } from 'node:crypto';
import { HartoError, newId, type Modality } from '@hartonomous/contracts';
import type { AtomRepository, AtomRow, AtomSource } from '../port/atoms.js';
import type { MergeAtom } from '../sql/executor.js';
import { idsMax, type TenantContext } from './context.js';
import { bothTables, embeddingPage } from './embeddings.js';

const sourceFields = `a.atom_id as "atomId", s.path as "path", a.symbol as "symbol", a.heading as "heading",
  a.language as "language", a.kind as "kind", a.line_start as "lineStart", a.line_end as "lineEnd"`;

const sourceJoin = 'atom_source a join source s on s.tenant_id = a.tenant_id and s.id = a.source_id';

type AtomRecord = Omit<AtomRow, 'sizeBytes'> & { sizeBytes: string | number };

export function atomRepository(context: TenantContext): AtomRepository {
  return { ...atomReads(context), ...atomPages(context), merge: mergeOf(context) };
}

function mergeOf({ tenantId, db, statements }: TenantContext): AtomRepository['merge'] {
  return async (contents) => {
    if (contents.length === 0) return 0;
    bounded(contents);
    return statements.takeAtoms(
      db,
      tenantId,
      contents.map((c) => new Content(c.modality, c.text)),
    );
  };
}

/** Named and hashed when an engine asks for it, once: one that does so itself never asks. */
class Content implements MergeAtom {
  private name: string | undefined;
  private hash: string | undefined;

  constructor(
    readonly modality: Modality,
    readonly text: string,
  ) {}

  get id(): string {
    return (this.name ??= newId());
  }

  get contentHash(): string {
    return (this.hash ??= createHash('sha256').update(this.text).digest('hex'));
  }
}

function atomReads({ tenantId, db, sql }: TenantContext): Pick<AtomRepository, 'read' | 'sources' | 'count'> {
  return {
    async read(atomIds) {
      if (atomIds.length === 0) return [];
      bounded(atomIds);
      const params: unknown[] = [tenantId];
      const rows = await db.rows<AtomRecord>(
        `select a.id as "id", a.content_hash as "contentHash", a.modality as "modality", a.text as "text",
           a.size_bytes as "sizeBytes"
         from tenant_atom t join atom a on a.id = t.atom_id
         where t.tenant_id = $1 and ${sql.anyOf('t.atom_id', 'uuid', atomIds, params)}
         order by ${sql.idText('a.id')}`,
        params,
      );
      return rows.map((row) => ({ ...row, sizeBytes: Number(row.sizeBytes) }));
    },

    async sources(atomIds) {
      if (atomIds.length === 0) return [];
      bounded(atomIds);
      const params: unknown[] = [tenantId];
      return db.rows<AtomSource>(
        `select ${sourceFields} from ${sourceJoin}
         where a.tenant_id = $1 and ${sql.anyOf('a.atom_id', 'uuid', atomIds, params)}
         order by s.path, a.line_start, a.region_no`,
        params,
        { adaptive: true },
      );
    },

    async count() {
      const [row] = await db.rows<{ n: number }>(
        'select atoms as "n" from corpus_state where tenant_id = $1',
        [tenantId],
      );
      return row?.n ?? 0;
    },
  };
}

function atomPages({ tenantId, db, sql }: TenantContext): Pick<AtomRepository, 'vectors' | 'listSources'> {
  return {
    async vectors(embeddingModel, after, limit) {
      const params: unknown[] = [tenantId, embeddingModel, limit];
      const from = after === null ? null : `$${params.push(after)}`;
      const rows = await db.rows<{ id: string; dimensions: number; vector: Buffer }>(
        embeddingPage(sql, bothTables, from, '$3'),
        params,
      );
      const dimensions = rows[0]?.dimensions ?? 0;
      const data = new Float32Array(rows.length * dimensions);
      const bytes = Buffer.from(data.buffer);
      rows.forEach((row, i) => {
        if (row.dimensions !== dimensions) {
          throw new HartoError(
            'STORE_CORRUPT',
            `atom ${row.id} has ${row.dimensions} dimensions, not ${dimensions}`,
          );
        }
        row.vector.copy(bytes, i * dimensions * 4);
      });
      return { atomIds: rows.map((row) => row.id), dimensions, data };
    },

    listSources(after, limit) {
      const params: unknown[] = [tenantId, limit];
      const later = after
        ? `and (s.path > $${params.push(after.path)} or (s.path = $3 and a.line_start > $${params.push(after.lineStart)}))`
        : '';
      return db.rows<AtomSource>(
        `select ${sourceFields} from ${sourceJoin} where a.tenant_id = $1 ${later}
         order by s.path, a.line_start, a.region_no offset 0 rows fetch next $2 rows only`,
        params,
      );
    },
  };
}

function bounded(ids: readonly unknown[]): void {
  if (ids.length > idsMax)
    throw new HartoError('INPUT_TOO_LARGE', `at most ${idsMax} ids a call, got ${ids.length}`);
}
