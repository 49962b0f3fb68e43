import type { Pool, PoolClient } from 'pg';
import { HartoError } from '@hartonomous/contracts';
import type { StatementUse, StatisticsMaintenance, TableStatistics } from '../../../port/statistics.js';

const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

function checked(table: string): string {
  if (!identifier.test(table))
    throw new HartoError('INPUT_INVALID', `"${table.slice(0, 70)}" is no table name`);
  return table;
}

/** Column of pg_stats -> type of the argument of pg_restore_attribute_stats. */
const columnFields = {
  null_frac: 'real',
  avg_width: 'integer',
  n_distinct: 'real',
  most_common_vals: 'text',
  most_common_freqs: 'real[]',
  histogram_bounds: 'text',
  correlation: 'real',
  most_common_elems: 'text',
  most_common_elem_freqs: 'real[]',
  elem_count_histogram: 'real[]',
  range_length_histogram: 'text',
  range_empty_frac: 'real',
  range_bounds_histogram: 'text',
} as const;
const relationFields = {
  relpages: 'integer',
  reltuples: 'real',
  relallvisible: 'integer',
  relallfrozen: 'integer',
};

const needsSuperuser = { unavailable: 'planner statistics: need a superuser login' };

export function postgresStatistics(superuser: Pool | null): StatisticsMaintenance {
  const on = async <T>(work: (client: PoolClient) => Promise<T>) => {
    if (!superuser) return needsSuperuser;
    const client = await superuser.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  };
  return {
    statements: (options) => on((client) => statementUses(client, options)),
    read: (table) => on((client) => readStatistics(client, table)),
    gather: (table) =>
      on(async (client) => {
        const before = await readStatistics(client, table);
        if ('unavailable' in before) return before;
        await setAutomatic(client, table, false);
        await client.query(`analyze ${checked(table)}`);
        return readStatistics(client, table);
      }),
    restore: (statistics) =>
      on(async (client) => {
        await client.query('begin');
        try {
          await restoreStatistics(client, statistics);
          await client.query('commit');
        } catch (error) {
          await client.query('rollback').catch(() => undefined);
          throw error;
        }
        await setAutomatic(client, statistics.table, statistics.automatic);
      }),
    setAutomatic: (table, automatic) => on((client) => setAutomatic(client, table, automatic)),
  };
}

async function setAutomatic(client: PoolClient, table: string, automatic: boolean): Promise<void> {
  const option = automatic ? 'reset (autovacuum_enabled)' : 'set (autovacuum_enabled = off)';
  await client.query(`alter table ${checked(table)} ${option}`);
}

async function readStatistics(
  client: PoolClient,
  table: string,
): Promise<TableStatistics | { unavailable: string }> {
  const relation = await client.query<Record<string, number> & { extended: boolean; automatic: boolean }>(
    `select ${Object.keys(relationFields).join(', ')},
            exists (select 1 from pg_statistic_ext e where e.stxrelid = c.oid) as extended,
            not coalesce('autovacuum_enabled=off' = any (c.reloptions), false) as automatic
       from pg_class c where c.oid = to_regclass(format('%I.%I', current_schema(), $1::text))`,
    [checked(table)],
  );
  const [row] = relation.rows;
  if (!row) throw new HartoError('NOT_FOUND', `no table ${table}`);
  const { extended, automatic, ...counts } = row;
  if (extended) return { unavailable: `table ${table} has extended statistics, which cannot be restored` };
  const columns = await client.query<Record<string, string | number | null> & { attname: string }>(
    `select attname, ${Object.keys(columnFields)
      .map((name) => `${name}::text as ${name}`)
      .join(', ')}
       from pg_stats where schemaname = current_schema() and tablename = $1 and not inherited order by attname`,
    [table],
  );
  return {
    table,
    automatic,
    relation: counts,
    columns: Object.fromEntries(columns.rows.map(({ attname, ...fields }) => [attname, fields])),
  };
}

/** In the caller's transaction: the planner sees them from the next statement on, others once it commits. */
export async function restoreStatistics(client: PoolClient, statistics: TableStatistics): Promise<void> {
  const { table, relation, columns } = statistics;
  const target = `'schemaname', current_schema()::text, 'relname', $1::text`;
  const counts = Object.entries(relationFields).map(([name, type], i) => `'${name}', $${i + 2}::${type}`);
  await client.query(`select pg_restore_relation_stats(${target}, ${counts.join(', ')})`, [
    checked(table),
    ...Object.keys(relationFields).map((name) => relation[name] ?? 0),
  ]);
  // Restoring merges into what is there: a column without common values would keep those of the newer statistics.
  await client.query(
    `select pg_clear_attribute_stats(current_schema()::text, $1::text, attname::text, false)
       from pg_stats where schemaname = current_schema() and tablename = $1 and not inherited`,
    [table],
  );
  for (const [column, fields] of Object.entries(columns)) {
    const known = Object.entries(columnFields).filter(([name]) => fields[name] != null);
    const values = known.map(([name, type], i) => `'${name}', $${i + 3}::text::${type}`);
    await client.query(
      `select pg_restore_attribute_stats(${target}, 'attname', $2::text, 'inherited', false, ${values.join(', ')})`,
      [table, column, ...known.map(([name]) => fields[name])],
    );
  }
}

/** Statements of the application's logins, by total time, with the tables that their text names. */
async function statementUses(
  client: PoolClient,
  options: { limit: number; minCalls: number },
): Promise<StatementUse[]> {
  const statements = await client.query<{ id: string; statement: string; calls: string; total: number }>(
    `select s.queryid::text as id, min(s.query) as statement, sum(s.calls)::text as calls,
            sum(s.total_exec_time) as total
       from pg_stat_statements s join pg_roles r on r.oid = s.userid and not r.rolsuper
      where s.dbid = (select oid from pg_database where datname = current_database())
        and (s.query ilike 'select%' or s.query ilike 'with%')
        and s.query not ilike '%pg_catalog%' and s.query not ilike '%pg_stat%'
      group by s.queryid having sum(s.calls) >= $2 order by sum(s.total_exec_time) desc limit $1`,
    [options.limit, options.minCalls],
  );
  const tables = await client.query<{ table: string; rows: string; modified: string; analyzed: Date | null }>(
    `select relname::text as "table", n_live_tup::text as rows, n_mod_since_analyze::text as modified,
            greatest(last_analyze, last_autoanalyze) as analyzed
       from pg_stat_user_tables where schemaname = current_schema()`,
  );
  return statements.rows.map(({ id, statement, calls, total }) => ({
    id,
    statement,
    calls: Number(calls),
    totalMs: total,
    tables: tables.rows
      .filter((t) => new RegExp(`\\b${t.table}\\b`).test(statement))
      .map((t) => ({
        table: t.table,
        rows: Number(t.rows),
        rowsModified: Number(t.modified),
        analyzedAt: t.analyzed,
      })),
  }));
}
