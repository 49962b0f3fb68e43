import type { QueryRunner } from 'typeorm';
import type { Feature } from '../../port/feature.js';
import { featureFiles } from '../../sql/migration-files.js';
import { mssqlMigrations } from './migrations.js';

/** What the server offers, asked of the server itself, never concluded from its name. */
export interface ServerTraits {
  /** As the server writes it: `16.0.4135.4`. */
  version: string;
  onlineIndexes: boolean;
  /** An online build that stopped is taken up where it was. */
  resumableIndexes: boolean;
  /** A build waits for its locks without making others wait behind it. */
  lowPriorityWaits: boolean;
  missingIndexViews: boolean;
  usage: boolean;
  snapshotIsolation: boolean;
  /** The spatial feature stands: neighbours are searched by its index. */
  spatialIndex: boolean;
  queryStore: boolean;
}

async function has(runner: QueryRunner, probe: string): Promise<boolean> {
  return runner.query(probe).then(
    () => true,
    () => false,
  );
}

interface TraitRow {
  version: string;
  edition: number;
  missing: number | null;
  usage: number | null;
  snapshot: number | null;
}

export async function serverTraits(runner: QueryRunner): Promise<ServerTraits> {
  const [row] = (await runner.query(
    `select cast(serverproperty('ProductVersion') as nvarchar(128)) as version,
       cast(serverproperty('EngineEdition') as int) as edition,
       object_id(N'sys.dm_db_missing_index_details') as missing, object_id(N'sys.dm_db_index_usage_stats') as usage,
       (select snapshot_isolation_state from sys.databases where database_id = db_id()) as snapshot`,
  )) as TraitRow[];
  const major = Number.parseInt(row.version, 10);
  // 5 and 8 are Azure SQL, which has what the newest release has whatever version it tells; 3 Enterprise and Developer.
  const azure = row.edition === 5 || row.edition === 8;
  const onlineIndexes = azure || row.edition === 3;
  return {
    version: row.version,
    onlineIndexes,
    resumableIndexes: azure || (onlineIndexes && major >= 15),
    lowPriorityWaits: azure || (onlineIndexes && major >= 16),
    missingIndexViews:
      row.missing !== null &&
      (await has(runner, 'select top (0) 1 as n from sys.dm_db_missing_index_details')),
    usage:
      row.usage !== null && (await has(runner, 'select top (0) 1 as n from sys.dm_db_index_usage_stats')),
    snapshotIsolation: row.snapshot === 1,
    spatialIndex: await holds(runner, catalogue['spatial.sql'].applied),
    queryStore: await holds(runner, catalogue['query_store.sql'].applied),
  };
}

interface FeatureFile {
  degrades: string;
  /** Query of one row when the feature is applied already. */
  applied: string;
  /** Pointless, and harmful, where one login does everything. */
  needsLogins?: boolean;
  /** Run after every migration, for what it has added; each statement then holds on its own. */
  everyTime?: boolean;
}

/** In the order in which they are applied: tables of features come under row-level security too. */
const catalogue: Record<string, FeatureFile> = {
  'snapshot.sql': {
    degrades: 'readers may wait for writers',
    applied: `select 1 as n from sys.databases where database_id = db_id() and snapshot_isolation_state = 1
      and is_read_committed_snapshot_on = 1`,
  },
  'query_store.sql': {
    degrades: 'plan regressions are not found, and no plan is forced',
    applied: `select 1 as n from sys.database_query_store_options where actual_state = 2`,
  },
  'columnstore.sql': {
    degrades: 'history and logs are read row by row',
    applied: `select 1 as n from sys.indexes where name = N'inference_step_columns' and type = 6`,
  },
  'spatial.sql': {
    degrades: '3-D nearest neighbours scan all of the model instead of an index',
    applied: `select 1 as n from sys.spatial_indexes where name = N'tensor_atom_position'`,
  },
  'spatial_lines.sql': {
    degrades: 'weight lines are no native geometry and have no spatial index',
    applied: `select 1 as n from sys.spatial_indexes where name = N'weight_line_shape'`,
    everyTime: true,
  },
  'temporal.sql': {
    degrades: 'settings and beliefs keep no earlier states',
    applied: `select 1 as n from sys.tables where name = N'belief' and temporal_type = 2`,
  },
  'ledger.sql': {
    degrades: 'the audit rests on its own hash chain, which the owner of the tables could rebuild',
    applied: `select 1 as n from sys.tables where name = N'audit_anchor' and ledger_type = 3`,
  },
  'vector.sql': {
    degrades: 'vectors are compared by the services, without an approximate index',
    applied: `select 1 as n from sys.columns where object_id = object_id(N'atom_vector_256') and name = N'embedding'`,
  },
  'logins.sql': {
    degrades: 'nothing but the statements keeps the plumbing and the application to their own tables',
    applied: `select 1 as n from sys.database_permissions where major_id = object_id(N'audit') and state = 'D'`,
    needsLogins: true,
    everyTime: true,
  },
  'rls.sql': {
    degrades: 'tenants are kept apart by the statements alone',
    applied: `select 1 as n from sys.security_policies where name = N'tenant_policy' and is_enabled = 1`,
    needsLogins: true,
    everyTime: true,
  },
};

/** Separate logins of a deployment, by user name; null where one login does everything. */
export interface FeatureLogins {
  app: string;
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
  const files = new Map((await featureFiles('mssql')).map((file) => [file.name, file.text]));
  for (const [name, feature] of Object.entries(catalogue)) {
    if (!feature.everyTime && (await holds(runner, feature.applied))) continue;
    if (feature.needsLogins && !logins) {
      refusals.set(name, 'the deployment has one login for everything');
      continue;
    }
    try {
      for (const batch of mssqlMigrations.batches(files.get(name) ?? '')) {
        await runner.query(batch);
        if (logins && name === 'logins.sql') await joinRoles(runner, logins);
      }
      refusals.delete(name);
    } catch (error) {
      refusals.set(name, (error as Error).message.replace(/^Error: /, '').slice(0, 200));
    }
  }
}

const holds = async (runner: QueryRunner, query: string): Promise<boolean> =>
  ((await runner.query(query).catch(() => [])) as unknown[]).length > 0;

/** The roles stand after the file's first batch. An administrator's login has no user of its own and needs no role. */
async function joinRoles(runner: QueryRunner, { app, system, owner }: FeatureLogins): Promise<void> {
  const join = async (role: string, user: string) => {
    const quoted = `[${user.replaceAll(']', ']]')}]`;
    const literal = `N'${user.replaceAll("'", "''")}'`;
    await runner.query(
      `if database_principal_id(${literal}) is not null alter role ${role} add member ${quoted}`,
    );
  };
  await join('hartonomous_application', app);
  await join('hartonomous_system', system);
  await join('hartonomous_owner', owner);
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
    'resumable-indexes',
    traits.resumableIndexes ? null : `version ${traits.version} or its edition cannot resume a build`,
    'an index build that stops begins again',
  );
  add(
    'low-priority-waits',
    traits.lowPriorityWaits ? null : `version ${traits.version} or its edition cannot wait at low priority`,
    'writers may queue behind an index build that waits for its lock',
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
