import { newId } from '@hartonomous/contracts';
import type { IngestFile } from '../port/atoms.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import type { DistinctAtom } from './ingest-input.js';

const regionColumns: Columns = {
  path: 'text',
  region_no: 'int',
  atom_id: 'uuid',
  symbol: 'text',
  heading: 'text',
  language: 'text',
  kind: 'text',
  line_start: 'int',
  line_end: 'int',
};

const regionNames = Object.keys(regionColumns).filter((name) => name !== 'path');

/** Takes the files' regions away and notes a change of -1 for each, in stage_change. */
export async function removeRegions(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  paths: string[],
): Promise<void> {
  await db.stage('stage_change', { atom_id: 'uuid', change: 'int' }, []);
  const params: unknown[] = [tenantId, corpus];
  const ofFiles = `s.tenant_id = $1 and s.corpus = $2 and ${sql.anyOf('s.path', 'text', paths, params)}`;
  await db.run(
    `insert into ${sql.staged('stage_change')} (atom_id, change)
     select a.atom_id, -1 from source s join atom_source a on a.tenant_id = s.tenant_id and a.source_id = s.id
     where ${ofFiles}`,
    params,
  );
  await db.run(
    `delete from atom_source where tenant_id = $1 and source_id in (select s.id from source s where ${ofFiles})`,
    params,
  );
}

/** Returns how many of the files are new. */
export async function writeSources(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  files: IngestFile[],
): Promise<number> {
  const params: unknown[] = [tenantId, corpus];
  const columns: Columns = {
    id: 'uuid',
    path: 'text',
    content_hash: 'text',
    size_bytes: 'bigint',
    language: 'text',
  };
  const rows = files.map((f) => [newId(), f.path, f.contentHash.toString('hex'), f.sizeBytes, f.language]);
  const from = sql.rowset('r', columns, rows, params);
  await db.run(
    sql.update({
      table: 'source',
      set: [
        'content_hash = r.content_hash',
        'size_bytes = r.size_bytes',
        'language = r.language',
        `updated_at = ${sql.now}`,
      ],
      from,
      where: 'tenant_id = $1 and corpus = $2 and source.path = r.path',
    }),
    params,
  );
  return db.run(
    sql.insertNew({
      table: 'source',
      columns: ['tenant_id', 'corpus', ...Object.keys(columns)],
      select: [
        sql.cast('$1', 'uuid'),
        sql.cast('$2', 'text'),
        ...Object.keys(columns).map((name) => `r.${name}`),
      ],
      from,
      match: 'source.tenant_id = $1 and source.corpus = $2 and source.path = r.path',
    }),
    params,
  );
}

/** Writes the files' regions and notes a change of +1 for each. */
export async function writeRegions(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  files: IngestFile[],
  atoms: DistinctAtom[],
): Promise<void> {
  const ids = new Map(atoms.map((atom) => [atom.contentHash, atom.id]));
  function* regions(): Generator<unknown[]> {
    for (const file of files) {
      for (const [n, a] of file.atoms.entries()) {
        const id = ids.get(a.contentHash.toString('hex'));
        yield [file.path, n, id, a.symbol, a.heading, a.language, a.kind, a.lineStart, a.lineEnd];
      }
    }
  }
  await db.stage('stage_region', regionColumns, regions());
  const staged = sql.staged('stage_region');
  await db.run(
    `insert into atom_source (tenant_id, source_id, ${regionNames.join(', ')})
     select s.tenant_id, s.id, ${regionNames.map((name) => `g.${name}`).join(', ')}
     from ${staged} g join source s on s.tenant_id = $1 and s.corpus = $2 and s.path = g.path`,
    [tenantId, corpus],
  );
  await db.run(
    `insert into ${sql.staged('stage_change')} (atom_id, change) select g.atom_id, 1 from ${staged} g`,
  );
}

/** Removes the files themselves; their regions are gone already. Returns how many there were. */
export async function removeSources(
  { tenantId, db, sql }: TenantContext,
  corpus: string,
  paths: string[],
): Promise<number> {
  const params: unknown[] = [tenantId, corpus];
  const where = `tenant_id = $1 and corpus = $2 and ${sql.anyOf('path', 'text', paths, params)}`;
  return db.run(sql.remove('source', where), params);
}
