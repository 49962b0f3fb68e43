import { createHash } from 'node:crypto';
import { HartoError } from '@hartonomous/contracts';
import type { QueryRunner } from 'typeorm';
import type {
  IndexDefinition,
  IndexUse,
  Maintenance,
  MissingIndex,
  Unavailable,
} from '../../port/maintenance.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { runMigrations } from '../../sql/migration-runner.js';
import type { MssqlConnections } from './connections.js';
import { applyFeatures, serverTraits } from './features.js';
import { mssqlMigrations } from './migrations.js';

const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

function named(name: string): string {
  if (!identifier.test(name))
    throw new HartoError('INPUT_INVALID', `${name.slice(0, 80)} is not a name of this schema`);
  return `[${name}]`;
}

export function mssqlMaintenance(connections: MssqlConnections): Maintenance {
  const onOwner = async <T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> => {
    const runner = (await connections.owner()).source.createQueryRunner();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  };
  return {
    migrate: () =>
      onOwner(async (runner) =>
        runMigrations(runner, await coreMigrations('mssql'), mssqlMigrations, () =>
          applyFeatures(runner, connections.logins, connections.refusals),
        ),
      ),
    missingIndexes: (options) => onOwner((runner) => missingIndexes(runner, options)),
    indexes: () => onOwner(indexes),
    createIndex: (definition, { lockTimeoutMs }) =>
      onOwner((runner) => createIndex(runner, definition, lockTimeoutMs)),
    dropIndex: (name, { lockTimeoutMs }) => onOwner((runner) => dropIndex(runner, name, lockTimeoutMs)),
    schemaFingerprint: () => onOwner(schemaFingerprint),
    refreshStatistics: (tables) =>
      onOwner(async (runner) => {
        // A server without UPDATE STATISTICS keeps them by itself.
        if (!(await serverTraits(runner)).usage) return;
        for (const table of tables) await runner.query(`update statistics ${named(table)}`);
      }),
    statistics: noStatistics,
    replay: () =>
      Promise.resolve({
        unavailable: 'replay with a hidden index: this engine cannot hide one in a transaction',
      }),
    resetStatementStatistics: () =>
      Promise.resolve({ unavailable: 'statement statistics: this engine keeps them until it restarts' }),
  };
}

const unavailableStatistics = () =>
  Promise.resolve({ unavailable: 'planner statistics: this engine cannot restore saved ones' });
const noStatistics: Maintenance['statistics'] = {
  statements: unavailableStatistics,
  read: unavailableStatistics,
  gather: unavailableStatistics,
  restore: unavailableStatistics,
  setAutomatic: unavailableStatistics,
};

async function indexes(runner: QueryRunner): Promise<IndexUse[]> {
  const { usage } = await serverTraits(runner);
  const scans = usage
    ? `coalesce((select sum(u.user_seeks + u.user_scans + u.user_lookups) from sys.dm_db_index_usage_stats u
         where u.database_id = db_id() and u.object_id = i.object_id and u.index_id = i.index_id), 0)`
    : '0';
  const size = usage
    ? `coalesce((select sum(p.used_page_count) * 8192 from sys.dm_db_partition_stats p
         where p.object_id = i.object_id and p.index_id = i.index_id), 0)`
    : '0';
  const rows = (await runner.query(
    `select i.name as [name], t.name as [table], i.is_unique as [unique], ${scans} as [scans], ${size} as [sizeBytes],
       c.name as [column]
     from sys.indexes i join sys.tables t on t.object_id = i.object_id
     join sys.index_columns k on k.object_id = i.object_id and k.index_id = i.index_id
     join sys.columns c on c.object_id = k.object_id and c.column_id = k.column_id
     where i.name is not null and k.is_included_column = 0
     order by t.name, i.name, k.key_ordinal`,
  )) as (Omit<IndexUse, 'columns' | 'valid' | 'scans' | 'sizeBytes'> & {
    column: string;
    scans: string | number;
    sizeBytes: string | number;
  })[];
  const byName = new Map<string, IndexUse>();
  for (const { column, ...row } of rows) {
    const key = `${row.table}.${row.name}`;
    const known = byName.get(key);
    if (known) known.columns.push(column);
    else {
      const use = { scans: Number(row.scans), sizeBytes: Number(row.sizeBytes), unique: Boolean(row.unique) };
      byName.set(key, { name: row.name, table: row.table, columns: [column], valid: true, ...use });
    }
  }
  return [...byName.values()];
}

async function createIndex(runner: QueryRunner, definition: IndexDefinition, lockTimeoutMs: number) {
  const known = (await indexes(runner)).find(
    (i) => i.name === definition.name && i.table === definition.table,
  );
  if (known) return { created: false, buildMs: 0, sizeBytes: known.sizeBytes };
  if (definition.method && definition.method !== 'btree') {
    throw new HartoError(
      'FEATURE_UNAVAILABLE',
      `this engine builds no ${definition.method} index on these columns`,
    );
  }
  const { onlineIndexes } = await serverTraits(runner);
  const include = definition.include?.length ? ` include (${definition.include.map(named).join(', ')})` : '';
  const minutes = Math.max(1, Math.ceil(lockTimeoutMs / 60_000));
  const online = onlineIndexes
    ? ` with (online = on (wait_at_low_priority (max_duration = ${minutes} minutes, abort_after_wait = self)))`
    : '';
  const started = performance.now();
  await withLockTimeout(
    runner,
    lockTimeoutMs,
    `create index ${named(definition.name)} on ${named(definition.table)} (${definition.columns.map(named).join(', ')})${include}${online}`,
  );
  const made = (await indexes(runner)).find((i) => i.name === definition.name);
  return { created: true, buildMs: performance.now() - started, sizeBytes: made?.sizeBytes ?? 0 };
}

async function dropIndex(
  runner: QueryRunner,
  name: string,
  lockTimeoutMs: number,
): Promise<{ dropped: boolean }> {
  const known = (await indexes(runner)).find((i) => i.name === name);
  if (!known) return { dropped: false };
  await withLockTimeout(runner, lockTimeoutMs, `drop index ${named(name)} on ${named(known.table)}`);
  return { dropped: true };
}

async function withLockTimeout(runner: QueryRunner, lockTimeoutMs: number, text: string): Promise<void> {
  await runner.query(
    `set lock_timeout ${Math.max(1, Math.trunc(lockTimeoutMs))}; ${text}; set lock_timeout -1`,
  );
}

async function schemaFingerprint(runner: QueryRunner): Promise<string> {
  const columns = (await runner.query(
    `select concat('c ', t.name, ' ', c.name, ' ', y.name, ' ', c.max_length, ' ', c.is_nullable) as line
     from sys.tables t join sys.columns c on c.object_id = t.object_id
     join sys.types y on y.user_type_id = c.user_type_id`,
  )) as { line: string }[];
  const lines = columns.map((row) => row.line);
  for (const i of await indexes(runner))
    lines.push(`i ${i.table} ${i.name} ${i.columns.join(',')} ${i.unique}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

interface DmvRow {
  table: string;
  equality: string | null;
  inequality: string | null;
  included: string | null;
  seeks: string | number;
  impact: number;
  cost: number;
  rows: string | number;
}

/** Missing-index views: impact is the engine's own estimate; below 50 % it is noise. */
const impactPercentMin = 50;

async function missingIndexes(
  runner: QueryRunner,
  options: { limit: number; minMeanMs: number; minCalls: number },
): Promise<MissingIndex[] | Unavailable> {
  const { missingIndexViews } = await serverTraits(runner);
  if (!missingIndexViews) return { unavailable: 'index advisor: the server has no missing-index views' };
  const rows = (await runner.query(
    `select top (@0) object_name(d.object_id) as [table], d.equality_columns as equality,
       d.inequality_columns as inequality, d.included_columns as included, s.user_seeks + s.user_scans as seeks,
       s.avg_user_impact as impact, s.avg_total_user_cost as cost,
       (select sum(p.rows) from sys.partitions p where p.object_id = d.object_id and p.index_id in (0, 1)) as [rows]
     from sys.dm_db_missing_index_details d
     join sys.dm_db_missing_index_groups g on g.index_handle = d.index_handle
     join sys.dm_db_missing_index_group_stats s on s.group_handle = g.index_group_handle
     where d.database_id = db_id() and s.avg_user_impact > @1 and s.user_seeks + s.user_scans >= @2
     order by s.avg_total_user_cost * s.avg_user_impact * (s.user_seeks + s.user_scans) desc`,
    [options.limit, impactPercentMin, options.minCalls],
  )) as DmvRow[];
  return rows.map(toMissingIndex);
}

const names = (list: string | null): string[] => [...(list ?? '').matchAll(/\[([^\]]+)\]/g)].map((m) => m[1]);

function toMissingIndex(row: DmvRow): MissingIndex {
  const columns = [...names(row.equality), ...names(row.inequality)];
  const calls = Number(row.seeks);
  return {
    definition: {
      name: `earned_${row.table}_${columns.join('_')}`.slice(0, 60),
      table: row.table,
      columns,
      include: names(row.included),
    },
    impact: row.impact / 100,
    // The views tell cost units, not time; the order is what counts.
    meanMs: row.cost,
    calls,
    totalMs: row.cost * calls,
    tableRows: Number(row.rows),
    selectivity: 1 - row.impact / 100,
    statementIds: [],
    statement: '',
  };
}
