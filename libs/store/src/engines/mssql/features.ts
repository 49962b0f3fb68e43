import type { QueryRunner } from 'typeorm';
import type { Feature } from '../../port/feature.js';
import { featureFiles } from '../../sql/migration-files.js';
import { mssqlMigrations } from './migrations.js';

/** What the server offers, asked of the server itself, never concluded from its name. */
export interface ServerTraits {
  onlineIndexes: boolean;
  missingIndexViews: boolean;
  usage: boolean;
  snapshotIsolation: boolean;
}

async function has(runner: QueryRunner, probe: string): Promise<boolean> {
  return runner.query(probe).then(
    () => true,
    () => false,
  );
}

export async function serverTraits(runner: QueryRunner): Promise<ServerTraits> {
  const [row] = (await runner.query(
    `select cast(serverproperty('EngineEdition') as int) as edition,
       object_id(N'sys.dm_db_missing_index_details') as missing, object_id(N'sys.dm_db_index_usage_stats') as usage,
       (select snapshot_isolation_state from sys.databases where database_id = db_id()) as snapshot`,
  )) as { edition: number; missing: number | null; usage: number | null; snapshot: number | null }[];
  return {
    // 3 Enterprise and Developer, 5 and 8 Azure SQL.
    onlineIndexes: [3, 5, 8].includes(row.edition),
    missingIndexViews:
      row.missing !== null &&
      (await has(runner, 'select top (0) 1 as n from sys.dm_db_missing_index_details')),
    usage:
      row.usage !== null && (await has(runner, 'select top (0) 1 as n from sys.dm_db_index_usage_stats')),
    snapshotIsolation: row.snapshot === 1,
  };
}

interface FeatureFile {
  degrades: string;
  /** Query of one row when the feature is applied already. */
  applied: string;
}

export const featureCatalogue: Record<string, FeatureFile> = {};

/** Why each feature that could not be applied is off, as the server said it. */
const refusals = new Map<string, string>();

export async function applyFeatures(runner: QueryRunner): Promise<void> {
  for (const file of await featureFiles('mssql')) {
    const feature = featureCatalogue[file.name];
    if (!feature) continue;
    const rows = (await runner.query(feature.applied).catch(() => [])) as unknown[];
    if (rows.length > 0) continue;
    try {
      for (const batch of mssqlMigrations.batches(file.text)) await runner.query(batch);
      refusals.delete(file.name);
    } catch (error) {
      refusals.set(file.name, (error as Error).message.slice(0, 200));
    }
  }
}

export async function mssqlFeatures(runner: QueryRunner): Promise<Feature[]> {
  const traits = await serverTraits(runner);
  const features: Feature[] = [];
  const add = (name: string, why: string | null, degrades: string) =>
    features.push({
      name,
      state: why === null ? 'on' : 'off',
      why,
      degrades: why === null ? null : degrades,
    });
  for (const [file, { applied, degrades }] of Object.entries(featureCatalogue)) {
    const rows = (await runner.query(applied).catch(() => [])) as unknown[];
    const why = rows.length > 0 ? null : (refusals.get(file) ?? 'not applied: migrate the store');
    add(file.replace('.sql', ''), why, degrades);
  }
  add(
    'snapshot-isolation',
    traits.snapshotIsolation ? null : 'the database does not allow it',
    'snapshot reads run serialisable and may make writers wait',
  );
  add(
    'online-indexes',
    traits.onlineIndexes ? null : 'the edition builds no index online',
    'writers wait while an index is built',
  );
  add(
    'missing-index-views',
    traits.missingIndexViews ? null : 'the server has no missing-index views',
    'missing indexes are not found',
  );
  add(
    'hidden-index-replay',
    'this engine cannot hide an index in a transaction',
    'index experiments are observational',
  );
  return features;
}
