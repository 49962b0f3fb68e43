import type { Pool, PoolClient } from 'pg';
import { HartoError } from '@hartonomous/contracts';
import type { IndexDefinition, IndexUse } from '../../../port/maintenance.js';

const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

/** Quotes nothing: names come from the catalogue or from us, and anything else is refused. */
function checked(name: string): string {
  if (!identifier.test(name)) {
    throw new HartoError('INPUT_INVALID', `"${name.slice(0, 70)}" is not a plain SQL identifier`);
  }
  return name;
}

export function createIndexStatement(definition: IndexDefinition): string {
  const columns = definition.columns.map((column, i) => {
    const operatorClass = definition.operatorClasses?.[i];
    return operatorClass ? `${checked(column)} ${checked(operatorClass)}` : checked(column);
  });
  if (columns.length === 0) throw new HartoError('INPUT_INVALID', 'an index needs at least one column');
  if (definition.method === 'spatial') return spatialIndexStatement(definition);
  const method = definition.method ? definition.method : 'btree';
  const include = definition.include?.length
    ? ` include (${definition.include.map(checked).join(', ')})`
    : '';
  return (
    `create index concurrently ${checked(definition.name)} on ${checked(definition.table)} ` +
    `using ${method} (${columns.join(', ')})${include}`
  );
}

/** Places of the map as cubes, the expression that the nearest neighbours are ordered by. */
function spatialIndexStatement({ name, table, columns }: IndexDefinition): string {
  return (
    `create index concurrently ${checked(name)} on ${checked(table)} ` +
    `using gist (cube(array[${columns.map(checked).join(', ')}]))`
  );
}

export async function listIndexes(client: Pool | PoolClient): Promise<IndexUse[]> {
  const result = await client.query<{
    name: string;
    table: string;
    columns: string[];
    size: string;
    scans: string;
    valid: boolean;
    is_unique: boolean;
  }>(
    `select i.relname::text as name, t.relname::text as "table",
            array(select a.attname::text from unnest(x.indkey::int2[]) with ordinality k(attnum, n)
                    join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.attnum
                   order by k.n) as columns,
            pg_relation_size(i.oid)::text as size, coalesce(s.idx_scan, 0)::text as scans,
            x.indisvalid as valid, x.indisunique as is_unique
       from pg_index x
       join pg_class i on i.oid = x.indexrelid
       join pg_class t on t.oid = x.indrelid
       join pg_namespace n on n.oid = t.relnamespace
       left join pg_stat_user_indexes s on s.indexrelid = x.indexrelid
      where n.nspname = current_schema()
      order by t.relname, i.relname`,
  );
  return result.rows.map((r) => ({
    name: r.name,
    table: r.table,
    columns: r.columns,
    sizeBytes: Number(r.size),
    scans: Number(r.scans),
    valid: r.valid,
    unique: r.is_unique,
  }));
}

/**
 * CREATE INDEX CONCURRENTLY outside a transaction. A lock that is not had in time leaves an invalid index behind:
 * it is dropped, and the fault is retryable.
 */
export async function createIndex(
  pool: Pool,
  definition: IndexDefinition,
  lockTimeoutMs: number,
): Promise<{ created: boolean; buildMs: number; sizeBytes: number }> {
  const client = await pool.connect();
  try {
    const before = (await listIndexes(client)).find((i) => i.name === definition.name);
    if (before?.valid) return { created: false, buildMs: 0, sizeBytes: before.sizeBytes };
    await client.query(`set lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
    if (before) await client.query(`drop index concurrently if exists ${checked(definition.name)}`);
    const started = process.hrtime.bigint();
    try {
      await client.query(createIndexStatement(definition));
    } catch (cause) {
      await client
        .query(`drop index concurrently if exists ${checked(definition.name)}`)
        .catch(() => undefined);
      throw new HartoError('STORE_CONFLICT', `index ${definition.name} could not be built`, { cause });
    }
    const buildMs = Number(process.hrtime.bigint() - started) / 1e6;
    const after = (await listIndexes(client)).find((i) => i.name === definition.name);
    if (!after?.valid)
      throw new HartoError('STORE_CONFLICT', `index ${definition.name} is not valid after its build`);
    return { created: true, buildMs, sizeBytes: after.sizeBytes };
  } finally {
    await client.query('reset lock_timeout').catch(() => undefined);
    client.release();
  }
}

export async function dropIndex(
  pool: Pool,
  name: string,
  lockTimeoutMs: number,
): Promise<{ dropped: boolean }> {
  const client = await pool.connect();
  try {
    const known = (await listIndexes(client)).find((i) => i.name === name);
    if (!known) return { dropped: false };
    if (known.unique || !name.startsWith('earned_')) {
      throw new HartoError(
        'INPUT_INVALID',
        `index ${name} belongs to the schema and is not dropped by the loop`,
      );
    }
    await client.query(`set lock_timeout = ${Math.trunc(lockTimeoutMs)}`);
    await client.query(`drop index concurrently if exists ${checked(name)}`);
    return { dropped: true };
  } finally {
    await client.query('reset lock_timeout').catch(() => undefined);
    client.release();
  }
}

/** Tables, columns and indexes of the schema as one hash; row counts and sizes are not part of it. */
export async function schemaFingerprint(pool: Pool): Promise<string> {
  const result = await pool.query<{ hash: string }>(
    `select encode(sha256(convert_to(coalesce(string_agg(line, e'\\n' order by line), ''), 'UTF8')), 'hex') as hash
       from (select 'c ' || table_name || '.' || column_name || ' ' || data_type as line
               from information_schema.columns where table_schema = current_schema()
             union all
             select 'i ' || indexdef from pg_indexes where schemaname = current_schema()) lines`,
  );
  return result.rows[0]!.hash;
}

/** Planner statistics of the named tables, and the visibility map that index-only scans need. */
export async function refreshStatistics(pool: Pool, tables: string[]): Promise<void> {
  for (const table of tables) await pool.query(`vacuum (analyze) ${checked(table)}`);
}
