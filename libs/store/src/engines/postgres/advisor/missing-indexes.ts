import type { Pool, PoolClient } from 'pg';
import { sha256Hex } from '@hartonomous/contracts';
import type { IndexDefinition, MissingIndex } from '../../../port/maintenance.js';
import { listIndexes } from './index-operations.js';
import { scansOf, type PlanNode, type PlanScan } from './plan-scans.js';

interface Statement {
  queryid: string;
  query: string;
  calls: number;
  meanMs: number;
  totalMs: number;
}

interface ColumnStatistics {
  rows: number;
  /** Distinct values of each column, as an absolute number. */
  distinct: Map<string, number>;
  types: Map<string, string>;
}

const statementsMax = 40;
const tableRowsMin = 500;
const selectivityMax = 0.2;
const impactMin = 0.1;
/** Elements assumed in an `= ANY ($n)` list, and the share of rows a prefix keeps: nothing better is known beforehand. */
const listLength = 8;
const prefixSelectivity = 0.05;
const columnsMax = 3;

/** Missing indexes as `pg_stat_statements` and the planner argue for them, largest total time first. */
export async function findMissingIndexes(
  superuser: Pool,
  options: { limit: number; minMeanMs: number; minCalls: number },
): Promise<MissingIndex[]> {
  const client = await superuser.connect();
  try {
    const found = new Map<string, MissingIndex>();
    const tables = new Map<string, ColumnStatistics>();
    const indexes = await columnsOfIndexes(client);
    const existing = leadingRuns(indexes);
    const columnsByIndex = new Map(indexes.map((index) => [index.name, index.columns]));
    for (const statement of await slowStatements(client, options)) {
      const plan = await explain(client, statement.query);
      if (!plan) continue;
      for (const scan of scansOf(plan, columnsByIndex)) {
        if (scan.share < impactMin) continue;
        const statistics = tables.get(scan.table) ?? (await columnStatistics(client, scan.table));
        tables.set(scan.table, statistics);
        addCandidate(found, existing, statement, scan, statistics);
      }
    }
    return [...found.values()]
      .sort((a, b) => b.totalMs * b.impact - a.totalMs * a.impact)
      .slice(0, options.limit);
  } finally {
    client.release();
  }
}

async function slowStatements(
  client: PoolClient,
  options: { minMeanMs: number; minCalls: number },
): Promise<Statement[]> {
  const result = await client.query<{
    queryid: string;
    query: string;
    calls: string;
    mean_exec_time: number;
    total_exec_time: number;
  }>(
    `select s.queryid::text, s.query, s.calls::text, s.mean_exec_time, s.total_exec_time
       from pg_stat_statements s
       join pg_roles r on r.oid = s.userid and not r.rolsuper
      where s.dbid = (select oid from pg_database where datname = current_database())
        and s.calls >= $1 and s.mean_exec_time >= $2
        and (s.query ilike 'select%' or s.query ilike 'with%')
        and s.query not ilike '%pg_catalog%' and s.query not ilike '%pg_stat%'
      order by s.total_exec_time desc
      limit ${statementsMax}`,
    [options.minCalls, options.minMeanMs],
  );
  return result.rows.map((r) => ({
    queryid: r.queryid,
    query: r.query,
    calls: Number(r.calls),
    meanMs: r.mean_exec_time,
    totalMs: r.total_exec_time,
  }));
}

/** The generic plan of a normalised statement; null where it cannot be planned without its values. */
async function explain(client: PoolClient, query: string): Promise<PlanNode | null> {
  await client.query('begin read only');
  try {
    await client.query("set local statement_timeout = '2s'");
    const result = await client.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (generic_plan, verbose, format json) ${query}`,
    );
    return result.rows[0]?.['QUERY PLAN'][0]?.Plan ?? null;
  } catch {
    return null;
  } finally {
    await client.query('rollback');
  }
}

/** Columns of every valid index of the schema, in order. */
async function columnsOfIndexes(
  client: PoolClient,
): Promise<{ table: string; name: string; columns: string[] }[]> {
  const indexes = await listIndexes(client);
  return indexes.filter((index) => index.valid);
}

/** `table:a,b` for every leading run of columns that an index has. */
function leadingRuns(indexes: readonly { table: string; columns: string[] }[]): Set<string> {
  return new Set(
    indexes.flatMap(({ table, columns }) =>
      columns.map((_, n) => `${table}:${columns.slice(0, n + 1).join(',')}`),
    ),
  );
}

async function columnStatistics(client: PoolClient, table: string): Promise<ColumnStatistics> {
  const result = await client.query<{
    rows: number;
    column: string;
    type: string;
    n_distinct: number | null;
  }>(
    `select c.reltuples::float8 as rows, a.attname::text as column, format_type(a.atttypid, null) as type,
            s.n_distinct::float8 as n_distinct
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
      where n.nspname = current_schema() and c.relname = $1`,
    [table],
  );
  const rows = Math.max(0, result.rows[0]?.rows ?? 0);
  const distinct = new Map<string, number>();
  const types = new Map<string, string>();
  for (const row of result.rows) {
    types.set(row.column, row.type);
    if (row.n_distinct === null) continue;
    distinct.set(row.column, row.n_distinct < 0 ? -row.n_distinct * rows : row.n_distinct);
  }
  return { rows, distinct, types };
}

/** Equality columns, the most selective after the tenant, then at most one prefix or range column. */
function indexColumns(scan: PlanScan, statistics: ColumnStatistics): string[] {
  const distinctOf = (column: string): number => statistics.distinct.get(column) ?? 1;
  const equality = [...scan.equality].sort((a, b) =>
    a === 'tenant_id' ? -1 : b === 'tenant_id' ? 1 : distinctOf(b) - distinctOf(a),
  );
  const last = scan.prefix[0] ?? scan.range[0];
  return [...equality.slice(0, last ? columnsMax - 1 : columnsMax), ...(last ? [last] : [])];
}

function selectivityOf(columns: string[], scan: PlanScan, statistics: ColumnStatistics): number {
  let selectivity = 1;
  for (const column of columns) {
    if (scan.prefix.includes(column)) selectivity *= prefixSelectivity;
    else if (scan.range.includes(column)) selectivity *= 0.33;
    else
      selectivity *= Math.min(
        1,
        (column === 'tenant_id' ? 1 : listLength) / (statistics.distinct.get(column) ?? 1),
      );
  }
  return selectivity;
}

function addCandidate(
  found: Map<string, MissingIndex>,
  existing: Set<string>,
  statement: Statement,
  scan: PlanScan,
  statistics: ColumnStatistics,
): void {
  if (statistics.rows < tableRowsMin) return;
  const columns = indexColumns(scan, statistics);
  const selectivity = selectivityOf(columns, scan, statistics);
  if (columns.length === 0 || selectivity > selectivityMax) return;
  const key = `${scan.table}:${columns.join(',')}`;
  if (existing.has(key)) return;
  const known = found.get(key);
  if (known) {
    known.calls += statement.calls;
    known.totalMs += statement.totalMs;
    known.impact = Math.max(known.impact, scan.share);
    known.statementIds.push(statement.queryid);
    return;
  }
  found.set(key, {
    definition: defineIndex(scan, columns, statistics),
    impact: scan.share,
    meanMs: statement.meanMs,
    calls: statement.calls,
    totalMs: statement.totalMs,
    tableRows: statistics.rows,
    selectivity,
    statementIds: [statement.queryid],
    statement: statement.query.slice(0, 500),
  });
}

function defineIndex(scan: PlanScan, columns: string[], statistics: ColumnStatistics): IndexDefinition {
  const textPrefix = columns.map((column) =>
    scan.prefix.includes(column) && /^(text|character varying)/.test(statistics.types.get(column) ?? '')
      ? 'text_pattern_ops'
      : null,
  );
  return {
    name: `earned_${scan.table.slice(0, 30)}_${sha256Hex(`${scan.table}:${columns.join(',')}`).slice(0, 10)}`,
    table: scan.table,
    columns,
    method: 'btree',
    ...(textPrefix.some(Boolean) ? { operatorClasses: textPrefix } : {}),
  };
}
