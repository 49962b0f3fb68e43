import { HartoError } from '@hartonomous/contracts';
import type { IngestCounts, IngestionRepository } from '../port/atoms.js';
import type { TenantContext } from './context.js';
import { checkFiles, distinctAtoms, type DistinctAtom } from './ingest-input.js';
import { releaseContents, writeTerms, writeVectors } from './ingest-contents.js';
import { removeRegions, removeSources, writeRegions, writeSources } from './ingest-regions.js';
import { markReleased, markSourcesReleased, sealSources, type Origins } from './provenance-writers.js';

export function ingestionRepository(context: TenantContext): IngestionRepository {
  const { tenantId, db } = context;
  return {
    async fileHashes(corpus) {
      const rows = await db.rows<{ path: string; hash: string }>(
        'select path as "path", content_hash as "hash" from source where tenant_id = $1 and corpus = $2',
        [tenantId, corpus],
      );
      return new Map(rows.map((row) => [row.path, row.hash]));
    },

    async ingest(corpus, embeddingModel, files) {
      checkFiles(files);
      if (files.length === 0) return { files: 0, atomsWritten: 0, atomsKnown: 0, atomsReleased: 0 };
      await lockCorpus(context);
      const atoms = await merge(context, distinctAtoms(files));
      const paths = files.map((file) => file.path);
      await removeRegions(context, corpus, paths);
      const filesAdded = await writeSources(context, corpus, files);
      const origins = await sealSources(context, corpus, files);
      await writeRegions(context, corpus, files, atoms);
      const changed = await applyReferences(context, atoms, origins);
      await writeTerms(context, atoms, changed.taken);
      await writeVectors(context, embeddingModel, atoms);
      await settle(context, filesAdded, changed);
      return {
        files: files.length,
        atomsWritten: changed.taken.size,
        atomsKnown: atoms.length - changed.taken.size,
        atomsReleased: changed.released.length,
      };
    },

    async removeFiles(corpus, paths) {
      const counts: IngestCounts = { files: 0, atomsWritten: 0, atomsKnown: 0, atomsReleased: 0 };
      if (paths.length === 0) return counts;
      await lockCorpus(context);
      await removeRegions(context, corpus, paths);
      await markSourcesReleased(context, corpus, paths);
      counts.files = await removeSources(context, corpus, paths);
      const changed = await applyReferences(context, [], new Map());
      await settle(context, -counts.files, changed);
      counts.atomsReleased = changed.released.length;
      return counts;
    },

    async corpusVersion() {
      const [row] = await db.rows<{ version: string | number }>(
        'select version as "version" from corpus_state where tenant_id = $1',
        [tenantId],
      );
      return Number(row?.version ?? 0);
    },

    async corpusSize() {
      const [row] = await db.rows<{ files: number; atoms: number }>(
        'select files as "files", atoms as "atoms" from corpus_state where tenant_id = $1',
        [tenantId],
      );
      return row ?? { files: 0, atoms: 0 };
    },
  };
}

/** One writer of a tenant's corpus at a time; the version rises with whatever it commits. */
async function lockCorpus({ tenantId, db }: TenantContext): Promise<void> {
  const found = await db.run('update corpus_state set version = version + 1 where tenant_id = $1', [
    tenantId,
  ]);
  if (found !== 1) throw new HartoError('NOT_FOUND', 'this tenant is not known to the store');
}

async function merge({ db, statements }: TenantContext, atoms: DistinctAtom[]): Promise<DistinctAtom[]> {
  const ids = await statements.mergeAtoms(db, atoms);
  for (const atom of atoms) {
    const id = ids.get(atom.contentHash);
    if (id === undefined)
      throw new HartoError('STORE_CORRUPT', 'the store did not merge an atom that it was given');
    atom.id = id;
  }
  return atoms;
}

export interface ReferenceChange {
  /** Ids of atoms that the tenant did not hold before. */
  taken: Set<string>;
  takenLength: number;
  released: string[];
  releasedLength: number;
}

interface HeldAtom {
  id: string;
  length: number;
}

const sumLength = (rows: HeldAtom[]): number => rows.reduce((sum, row) => sum + row.length, 0);

/** Atoms that the tenant did not hold before, with the file that each came from. */
async function takeUp(
  { tenantId, db, sql }: TenantContext,
  atoms: DistinctAtom[],
  origins: Origins,
  changes: string,
): Promise<HeldAtom[]> {
  const params: unknown[] = [tenantId];
  const rows = sql.rowset(
    'a',
    { atom_id: 'uuid', length_terms: 'int', origin_id: 'uuid', origin_revision: 'int' },
    atoms.map((atom) => {
      const origin = origins.get(atom.contentHash);
      return [atom.id, atom.lengthTerms, origin?.id, origin?.revision];
    }),
    params,
  );
  const held = (
    await db.rows<{ atom_id: string; length_terms: number }>(
      sql.insertNew({
        table: 'tenant_atom',
        columns: ['tenant_id', 'atom_id', 'reference_count', 'length_terms', 'origin_id', 'origin_revision'],
        select: [
          sql.cast('$1', 'uuid'),
          'r.atom_id',
          'r.change',
          'r.length_terms',
          'r.origin_id',
          'r.origin_revision',
        ],
        from: `(select a.*, d.change from ${rows} join ${changes} d on d.atom_id = a.atom_id
          where d.change > 0) r`,
        match: 'tenant_atom.tenant_id = $1 and tenant_atom.atom_id = r.atom_id',
        returning: ['atom_id', 'length_terms'],
      }),
      params,
    )
  ).map((row) => ({ id: row.atom_id, length: row.length_terms }));
  return held;
}

/** Brings tenant_atom in line with stage_change: one row of +1 or -1 for each region that came or went. */
async function applyReferences(
  context: TenantContext,
  atoms: DistinctAtom[],
  origins: Origins,
): Promise<ReferenceChange> {
  const { tenantId, db, sql, statements } = context;
  const changes = `(select atom_id, sum(change) as change from ${sql.staged('stage_change')} group by atom_id)`;
  await db.run(
    sql.update({
      table: 'tenant_atom',
      set: ['reference_count = reference_count + d.change'],
      from: `${changes} d`,
      where: 'tenant_id = $1 and tenant_atom.atom_id = d.atom_id and d.change <> 0',
    }),
    [tenantId],
  );
  const taken = atoms.length === 0 ? [] : await takeUp(context, atoms, origins, changes);
  const released = (
    await db.rows<{ atom_id: string; length_terms: number }>(
      sql.remove(
        'tenant_atom',
        `tenant_id = $1 and reference_count = 0 and atom_id in (select atom_id from ${sql.staged('stage_change')})`,
        ['atom_id', 'length_terms'],
      ),
      [tenantId],
    )
  ).map((row) => ({ id: row.atom_id, length: row.length_terms }));
  const takenIds = taken.map((row) => row.id);
  const releasedIds = released.map((row) => row.id);
  await statements.countAtomReferences(db, takenIds, 1);
  await statements.countAtomReferences(db, releasedIds, -1);
  await releaseContents(context, releasedIds);
  await markReleased(context, releasedIds);
  return {
    taken: new Set(takenIds),
    takenLength: sumLength(taken),
    released: releasedIds,
    releasedLength: sumLength(released),
  };
}

async function settle(
  { tenantId, db }: TenantContext,
  files: number,
  changed: ReferenceChange,
): Promise<void> {
  await db.run(
    'update corpus_state set files = files + $2, atoms = atoms + $3, total_length = total_length + $4 where tenant_id = $1',
    [
      tenantId,
      files,
      changed.taken.size - changed.released.length,
      changed.takenLength - changed.releasedLength,
    ],
  );
}
