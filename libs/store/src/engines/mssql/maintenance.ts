import { createHash } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import type { Maintenance, MissingIndex, Unavailable } from '../../port/maintenance.js';
import { coreMigrations } from '../../sql/migration-files.js';
import { runMigrations } from '../../sql/migration-runner.js';
import type { MssqlConnections } from './connections.js';
import { applyFeatures, serverTraits } from './features.js';
import { createIndex, dropIndex, indexes, named } from './index-operations.js';
import { mssqlMigrations } from './migrations.js';
import { queryStorePlans } from './query-store.js';

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
    plans: queryStorePlans(onOwner),
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
