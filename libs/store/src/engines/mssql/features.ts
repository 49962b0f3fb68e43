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
  /** Pointless, and harmful, where one login does everything. */
  needsLogins?: boolean;
}

const catalogue: Record<string, FeatureFile> = {
  'rls.sql': {
    degrades: 'tenants are kept apart by the statements alone',
    applied: `select 1 as n from sys.security_policies where name = N'tenant_policy' and is_enabled = 1`,
    needsLogins: true,
  },
  'snapshot.sql': {
    degrades: 'readers may wait for writers',
    applied: `select 1 as n from sys.databases where database_id = db_id() and snapshot_isolation_state = 1
      and is_read_committed_snapshot_on = 1`,
  },
  'spatial.sql': {
    degrades: '3-D nearest neighbours scan all of the model instead of an index',
    applied: `select 1 as n from sys.spatial_indexes where name = N'tensor_atom_position'`,
  },
  'query_store.sql': {
    degrades: 'plan regressions are not found',
    applied: `select 1 as n from sys.database_query_store_options where actual_state = 2`,
  },
  'columnstore.sql': {
    degrades: 'history and logs are read row by row',
    applied: `select 1 as n from sys.indexes where name = N'inference_step_columns' and type = 6`,
  },
};

/** Separate logins of a deployment, by user name; null where one login does everything. */
export interface FeatureLogins {
  system: string;
  owner: string;
}

/** Why each feature that could not be applied is off, as the server said it. */
export type Refusals = Map<string, string>;

export async function applyFeatures(
  runner: QueryRunner,
  logins: FeatureLogins | null,
  refusals: Refusals,
): Promise<void> {
  for (const file of await featureFiles('mssql')) {
    const feature = catalogue[file.name];
    if (!feature || (await holds(runner, feature.applied))) continue;
    if (feature.needsLogins && !logins) {
      refusals.set(file.name, 'the deployment has one login for everything');
      continue;
    }
    try {
      for (const batch of mssqlMigrations.batches(file.text)) await runner.query(batch);
      if (feature.needsLogins && logins) await joinRoles(runner, logins);
      refusals.delete(file.name);
    } catch (error) {
      refusals.set(file.name, (error as Error).message.slice(0, 200));
    }
  }
}

const holds = async (runner: QueryRunner, query: string): Promise<boolean> =>
  ((await runner.query(query).catch(() => [])) as unknown[]).length > 0;

async function joinRoles(runner: QueryRunner, { system, owner }: FeatureLogins): Promise<void> {
  const quoted = (name: string) => `[${name.replaceAll(']', ']]')}]`;
  await runner.query(`alter role hartonomous_system add member ${quoted(system)}`);
  await runner.query(`alter role hartonomous_owner add member ${quoted(owner)}`);
}

export async function mssqlFeatures(runner: QueryRunner, refusals: Refusals): Promise<Feature[]> {
  const traits = await serverTraits(runner);
  const features: Feature[] = [];
  const add = (name: string, why: string | null, degrades: string) =>
    features.push({
      name,
      state: why === null ? 'on' : 'off',
      why,
      degrades: why === null ? null : degrades,
    });
  for (const [file, { applied, degrades }] of Object.entries(catalogue)) {
    const why = (await holds(runner, applied))
      ? null
      : (refusals.get(file) ?? 'not applied: migrate the store');
    add(file.replace('.sql', '').replaceAll('_', '-'), why, degrades);
  }
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
