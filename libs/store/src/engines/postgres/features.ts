import type { Pool } from 'pg';
import type { QueryRunner } from 'typeorm';
import type { Feature } from '../../port/feature.js';
import type { MigrationFile } from '../../sql/migration-files.js';
import type { PostgresConnections } from './connections.js';

/** Feature file -> the extension it needs and what is missing without it. */
const extensions: Record<string, { extension: string; degrades: string }> = {
  'cube.sql': {
    extension: 'cube',
    degrades: '3-D nearest neighbours scan all of the model instead of an index',
  },
};

export async function hasExtension(pool: Pool, name: string): Promise<boolean> {
  const { rowCount } = await pool.query('select 1 from pg_extension where extname = $1', [name]);
  return rowCount === 1;
}

/** Applies each feature whose extension the server offers; one that the login may not install stays off. */
export async function applyFeatures(runner: QueryRunner, files: MigrationFile[]): Promise<void> {
  for (const file of files) {
    const { extension } = extensions[file.name];
    const rows = (await runner.query(
      'select installed_version from pg_available_extensions where name = $1',
      [extension],
    )) as { installed_version: string | null }[];
    if (rows.length === 0) continue;
    try {
      await runner.query(file.text);
    } catch (error) {
      if ((error as { code?: string }).code !== '42501') throw error;
    }
  }
}

export async function postgresFeatures(connections: PostgresConnections): Promise<Feature[]> {
  const { pool } = await connections.app();
  const features: Feature[] = [];
  const add = (name: string, why: string | null, degrades: string) =>
    features.push({
      name,
      state: why === null ? 'on' : 'off',
      why,
      degrades: why === null ? null : degrades,
    });

  for (const [file, { extension, degrades }] of Object.entries(extensions)) {
    const name = file.replace('.sql', '');
    add(
      name,
      (await hasExtension(pool, extension)) ? null : `extension ${extension} is not installed`,
      degrades,
    );
  }
  const { rows } = await pool.query<{ owns: boolean; bypass: boolean }>(
    `select pg_has_role(current_user, c.relowner, 'member') as owns,
       (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user) as bypass
     from pg_class c where c.oid = to_regclass('public.cycle')`,
  );
  const free = rows.length > 0 && (rows[0].owns || rows[0].bypass);
  add(
    'row-level-security',
    free ? 'the application logs in as owner or superuser' : null,
    'tenants are kept apart by the statements alone',
  );
  const statements = await hasExtension(pool, 'pg_stat_statements');
  add(
    'statement-statistics',
    statements ? null : 'extension pg_stat_statements is not installed',
    'slow statements and missing indexes are not found',
  );
  const hide = connections.superuser() !== null;
  add(
    'hidden-index-replay',
    hide ? null : 'no superuser login is configured',
    'index experiments are observational',
  );
  return features;
}
