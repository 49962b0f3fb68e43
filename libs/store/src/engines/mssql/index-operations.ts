import { HartoError } from '@hartonomous/contracts';
import type { QueryRunner } from 'typeorm';
import type { IndexDefinition, IndexUse } from '../../port/maintenance.js';
import { serverTraits, type ServerTraits } from './features.js';

const identifier = /^[a-z_][a-z0-9_]{0,62}$/;

export function named(name: string): string {
  if (!identifier.test(name))
    throw new HartoError('INPUT_INVALID', `${name.slice(0, 80)} is not a name of this schema`);
  return `[${name}]`;
}

export async function indexes(runner: QueryRunner): Promise<IndexUse[]> {
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

const minutesOf = (ms: number): number => Math.max(1, Math.ceil(ms / 60_000));

/** How the index is built, with what the server has: online, taken up again after a stop, waiting behind everybody. */
export function buildOptions(traits: ServerTraits, lockTimeoutMs: number): string {
  if (!traits.onlineIndexes) return '';
  const wait = ` (wait_at_low_priority (max_duration = ${minutesOf(lockTimeoutMs)} minutes, abort_after_wait = self))`;
  const online = `online = on${traits.lowPriorityWaits ? wait : ''}`;
  return ` with (${online}${traits.resumableIndexes ? ', resumable = on' : ''})`;
}

export function createIndexText(
  definition: IndexDefinition,
  traits: ServerTraits,
  lockTimeoutMs: number,
): string {
  const keys = definition.columns.map(named).join(', ');
  const include = definition.include?.length ? ` include (${definition.include.map(named).join(', ')})` : '';
  const options = buildOptions(traits, lockTimeoutMs);
  return `create index ${named(definition.name)} on ${named(definition.table)} (${keys})${include}${options}`;
}

/** A build that was stopped (a failover, a full log) waits to be taken up. */
async function isPaused(runner: QueryRunner, { name, table }: IndexDefinition): Promise<boolean> {
  const rows = (await runner.query(
    'select 1 as n from sys.index_resumable_operations where name = @0 and object_id = object_id(@1)',
    [name, table],
  )) as unknown[];
  return rows.length > 0;
}

export async function createIndex(runner: QueryRunner, definition: IndexDefinition, lockTimeoutMs: number) {
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
  const traits = await serverTraits(runner);
  const paused = traits.resumableIndexes && (await isPaused(runner, definition));
  const build = paused
    ? `alter index ${named(definition.name)} on ${named(definition.table)} resume`
    : createIndexText(definition, traits, lockTimeoutMs);
  const started = performance.now();
  await withLockTimeout(runner, lockTimeoutMs, build);
  const made = (await indexes(runner)).find((i) => i.name === definition.name);
  return { created: true, buildMs: performance.now() - started, sizeBytes: made?.sizeBytes ?? 0 };
}

export async function dropIndex(
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
