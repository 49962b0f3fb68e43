import type {
  ColumnType,
  Columns,
  Dialect,
  InsertNew,
  Update,
  Upsert,
  Versioned,
} from '../../sql/dialect.js';

const types: Record<ColumnType, string> = {
  uuid: 'uuid',
  text: 'text',
  int: 'int4',
  bigint: 'int8',
  float: 'float8',
  boolean: 'bool',
  instant: 'timestamptz',
  bytes: 'bytea',
};

export const postgresType = (type: ColumnType): string => types[type];

const returningOf = (columns?: string[]): string =>
  columns && columns.length > 0 ? ` returning ${columns.join(', ')}` : '';

function push(params: unknown[], value: unknown): string {
  params.push(value);
  return `$${params.length}`;
}

function update(u: Update): string {
  const from = u.from ? ` from ${u.from}` : '';
  return `update ${u.table} set ${u.set.join(', ')}${from} where ${u.where}${returningOf(u.returning)}`;
}

export const postgresDialect: Dialect = {
  engine: 'postgres',
  now: 'statement_timestamp()',
  withRecursive: 'with recursive',
  cast: (expression, type) => `cast(${expression} as ${types[type]})`,
  naturalLog: (expression) => `ln(${expression})`,
  later: (instant, milliseconds) =>
    `${instant} + ${postgresDialect.cast(milliseconds, 'float')} * interval '1 millisecond'`,
  ageSeconds: (instant) => `cast(extract(epoch from statement_timestamp() - ${instant}) as float8)`,
  timeSlot: null,
  idText: (column) => column,
  shuffleKey: (expression) => `md5(${expression})`,
  lengthBytes: (expression) => `octet_length(${expression})`,

  anyOf: (column, type, values, params) => `${column} = any (${push(params, values)}::${types[type]}[])`,

  rowset(alias: string, columns: Columns, rows, params) {
    const names = Object.keys(columns);
    const arrays = names.map(
      (name, i) =>
        `${push(
          params,
          rows.map((row) => row[i] ?? null),
        )}::${types[columns[name]]}[]`,
    );
    return `unnest(${arrays.join(', ')}) as ${alias} (${names.join(', ')})`;
  },

  insertNew(i: InsertNew) {
    return (
      `insert into ${i.table} (${i.columns.join(', ')}) select ${i.select.join(', ')} from ${i.from}` +
      ` on conflict do nothing${returningOf(i.returning)}`
    );
  },

  upsert(u: Upsert) {
    const set = Object.entries(u.update).map(([column, expression]) => `${column} = ${expression}`);
    const action = set.length > 0 ? `do update set ${set.join(', ')}` : 'do nothing';
    const when = u.when ? ` where ${u.when}` : '';
    const columns = u.columns.join(', ');
    return (
      `insert into ${u.table} (${columns}) select ${columns} from ${u.from}` +
      ` on conflict (${u.keys.join(', ')}) ${action}${when}${returningOf(u.returning)}`
    );
  },

  versionedUpsert(v: Versioned, from: string) {
    const columns = [...v.keys, ...v.values];
    const set = [...v.values.map((c) => `${c} = excluded.${c}`), `${v.since} = excluded.${v.since}`];
    const history = [...columns, 'valid_from', 'valid_to'];
    return (
      `with written as (insert into ${v.table} (${columns.join(', ')}, ${v.since})` +
      ` select ${columns.map((c) => `r.${c}`).join(', ')}, statement_timestamp() from ${from}` +
      ` on conflict (${v.keys.join(', ')}) do update set ${set.join(', ')}` +
      ` returning ${columns.map((c) => `old.${c}`).join(', ')}, old.${v.since} as valid_from, new.${v.since} as valid_to),` +
      ` kept as (insert into ${v.table}_history (${history.join(', ')}) select ${history.join(', ')} from written` +
      ` where valid_from < valid_to) select count(*) as n from written`
    );
  },

  versionedDelete(v: Versioned, where: string) {
    const columns = [...v.keys, ...v.values];
    const history = [...columns, 'valid_from', 'valid_to'];
    return (
      `with gone as (delete from ${v.table} where ${where} returning ${columns.join(', ')}, ${v.since} as valid_from,` +
      ` cast(statement_timestamp() as timestamptz(3)) as valid_to),` +
      ` kept as (insert into ${v.table}_history (${history.join(', ')}) select ${history.join(', ')} from gone` +
      ` where valid_from < valid_to) select count(*) as n from gone`
    );
  },

  update,

  remove: (table, where, returning) => `delete from ${table} where ${where}${returningOf(returning)}`,

  updateInsertRead(change, insert, read) {
    return (
      `with changed as (${update({ ...change, returning: ['*'] })}),` +
      ` added as (insert into ${insert.table} (${insert.columns.join(', ')})` +
      ` select ${insert.select.join(', ')} from changed returning *)` +
      ` select ${read.fields} from changed a join added t on ${read.on} ${read.joins}`
    );
  },

  call: (name, count) =>
    `select ${name}(${Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ')}) as n`,

  staged: (name) => `pg_temp.${name}`,
};
