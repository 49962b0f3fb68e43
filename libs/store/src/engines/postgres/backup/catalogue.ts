import type pg from 'pg';
import type { BackupHeader } from './backup-file.js';

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What a restore must meet again: tables with their columns and keys, sequences, earned indexes, table options. */
export async function readCatalogue(
  client: pg.ClientBase,
): Promise<Pick<BackupHeader, 'migrations' | 'tables' | 'sequences' | 'indexes' | 'options'>> {
  const rows = async <R extends pg.QueryResultRow>(text: string): Promise<R[]> =>
    (await client.query<R>(text)).rows;
  const ofPublic = `n.nspname = 'public' and c.relkind = 'r'`;
  const columns = await rows<{ table: string; name: string; type: string }>(
    `select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where ${ofPublic} and c.relname <> 'schema_migration' and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = ''
     order by c.relname, a.attnum`,
  );
  const keys = await rows<{ table: string; name: string }>(
    `select c.relname as table, a.attname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     join pg_index i on i.indrelid = c.oid and i.indisprimary
     cross join unnest(i.indkey) with ordinality as k (attnum, nth)
     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
     where ${ofPublic} order by c.relname, k.nth`,
  );
  const tables = [...new Set(columns.map((c) => c.table))].map((name) => ({
    name,
    columns: columns.filter((c) => c.table === name).map((c) => ({ name: c.name, type: c.type })),
    key: keys.filter((k) => k.table === name).map((k) => k.name),
  }));
  return {
    tables,
    migrations: await rows('select name, checksum from schema_migration order by name'),
    sequences: await sequences(client),
    indexes: await rows(
      `select c.relname as name, pg_get_indexdef(c.oid) as definition
       from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relname like 'earned\\_%' and i.indisvalid order by c.relname`,
    ),
    options: await rows(
      `select c.relname as table, c.reloptions as options from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where ${ofPublic} and c.reloptions is not null order by c.relname`,
    ),
  };
}

async function sequences(client: pg.ClientBase): Promise<BackupHeader['sequences']> {
  const { rows } = await client.query<{ table: string; column: string; sequence: string }>(
    `select c.relname as table, a.attname as column, pg_get_serial_sequence(quote_ident(c.relname), a.attname) as sequence
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname = 'public' and c.relkind = 'r' and a.attidentity <> '' order by 1, 2`,
  );
  const found: BackupHeader['sequences'] = [];
  for (const { table, column, sequence } of rows) {
    const state = await client.query<{ next: string }>(
      `select (last_value + case when is_called then 1 else 0 end)::text as next from ${sequence}`,
    );
    found.push({ table, column, next: state.rows[0].next });
  }
  return found;
}

type Table = BackupHeader['tables'][number];

const columnList = (table: Table): string => table.columns.map((c) => quote(c.name)).join(', ');

/** Rows in the order of their key: equal contents give equal bytes. */
export const copyOut = (table: Table): string => {
  const order = table.key.length > 0 ? table.key : table.columns.map((c) => c.name);
  return `copy (select ${columnList(table)} from public.${quote(table.name)} order by ${order.map(quote).join(', ')}) to stdout`;
};

export const copyIn = (table: Table): string =>
  `copy public.${quote(table.name)} (${columnList(table)}) from stdin`;

export const quoted = (name: string): string => `public.${quote(name)}`;

/** Settings that COPY's text depends on. */
export const textSettings = `set local timezone = 'UTC'; set local datestyle = 'ISO, MDY'; set local intervalstyle = 'postgres';
  set local bytea_output = 'hex'; set local extra_float_digits = 1; set local client_encoding = 'UTF8';
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '60s'`;
