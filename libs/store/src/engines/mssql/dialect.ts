import type {
  ColumnType,
  Columns,
  Dialect,
  InsertNew,
  Update,
  Upsert,
  Versioned,
} from '../../sql/dialect.js';

/** Code point order, as the PostgreSQL side has it; the collation of every key column. */
export const binaryCollation = 'Latin1_General_100_BIN2';

const types: Record<ColumnType, string> = {
  uuid: 'uniqueidentifier',
  text: 'nvarchar(max)',
  int: 'int',
  bigint: 'bigint',
  float: 'float',
  boolean: 'bit',
  instant: 'datetimeoffset(3)',
  bytes: 'varbinary(max)',
};

export const mssqlType = (type: ColumnType): string => types[type];

function push(params: unknown[], value: unknown): string {
  params.push(value);
  return `$${params.length}`;
}

const outputOf = (columns: string[] | undefined, rows: 'inserted' | 'deleted'): string =>
  columns && columns.length > 0 ? ` output ${columns.map((c) => `${rows}.${c}`).join(', ')}` : '';

/**
 * Locks the key range that a statement looks at until the transaction ends: of rows that are not there yet, two writers
 * cannot both find none, and none can come in between an UPDATE that found nothing and the INSERT after it.
 */
const keyRange = 'with (updlock, holdlock)';

function update(u: Update, hint = ''): string {
  const from = u.from ? ` from ${u.from}` : '';
  const output = outputOf(u.returning, 'inserted');
  return `update ${u.table}${hint} set ${u.set.join(', ')}${output}${from} where ${u.where}`;
}

/** Rows as a table-valued parameter; the executor gives it to the driver. */
export class TableValue {
  constructor(
    readonly types: ColumnType[],
    readonly rows: readonly (readonly unknown[])[],
  ) {}

  /** One table type per shape: `rows_` and a letter per column; its columns are c1, c2... */
  get typeName(): string {
    return `rows_${this.types.map((type) => letters[type]).join('')}`;
  }
}

const letters: Record<ColumnType, string> = {
  uuid: 'u',
  text: 't',
  int: 'i',
  bigint: 'b',
  float: 'f',
  boolean: 'o',
  instant: 'd',
  bytes: 'y',
};

const absent = (table: string, match: string): string =>
  `not exists (select 1 from ${table} ${keyRange} where ${match})`;

/** `restore` is a word of T-SQL's own: there, names stand in brackets. */
const procedureOf = (name: string): string => `[${name}]`;

const declareAt = 'declare @at datetimeoffset(3) = sysdatetimeoffset();';

/** The replaced rows go where they belong in the statement that replaces them. */
function intoHistory(v: Versioned): string {
  const columns = [...v.keys, ...v.values];
  const old = [...columns, v.since].map((c) => `deleted.${c}`).join(', ');
  return ` output ${old}, @at into ${v.table}_history (${columns.join(', ')}, valid_from, valid_to)`;
}

export const mssqlDialect: Dialect = {
  engine: 'mssql',
  now: 'sysdatetimeoffset()',
  withRecursive: 'with',
  cast: (expression, type) => `cast(${expression} as ${types[type]})`,
  naturalLog: (expression) => `log(${expression})`,
  // dateadd counts in int: seconds and the rest apart reach beyond 24 days.
  later: (instant, ms) =>
    `dateadd(millisecond, cast(cast(${ms} as bigint) % 1000 as int), dateadd(second, cast(cast(${ms} as bigint) / 1000 as int), ${instant}))`,
  ageSeconds: (instant) => `cast(datediff_big(millisecond, ${instant}, sysdatetimeoffset()) as float) / 1000`,
  // One expression whatever the number of slots: T-SQL nests CASE ten deep at most, and each text is a plan.
  timeSlot: (instant, end, slotMs, last) => {
    const slot = `(datediff_big(millisecond, ${instant}, ${end}) - 1) / cast(${slotMs} as bigint)`;
    return `case when ${slot} > ${last} then ${last} else ${slot} end`;
  },
  idText: (column) => `lower(convert(varchar(36), ${column}))`,
  shuffleKey: (expression) => `hashbytes('MD5', cast(${expression} as varchar(200)))`,
  lengthBytes: (expression) => `datalength(${expression})`,

  anyOf(column, type, values, params) {
    const rows = values.map((value) => [value]);
    return `${column} in (select v.c1 from ${push(params, new TableValue([type], rows))} v)`;
  },

  rowset(alias: string, columns: Columns, rows, params) {
    const value = new TableValue(Object.values(columns), rows);
    const fields = Object.keys(columns).map((name, i) => `v.c${i + 1} as ${name}`);
    return `(select ${fields.join(', ')} from ${push(params, value)} v) ${alias}`;
  },

  insertNew(i: InsertNew) {
    return (
      `insert into ${i.table} (${i.columns.join(', ')})${outputOf(i.returning, 'inserted')}` +
      ` select ${i.select.join(', ')} from ${i.from} where ${absent(i.table, i.match)}`
    );
  },

  upsert(u: Upsert) {
    const match = u.keys.map((key) => `${u.table}.${key} = r.${key}`).join(' and ');
    const ofNew = (expression: string) => expression.replaceAll('excluded.', 'r.');
    const set = Object.entries(u.update).map(([column, expression]) => `${column} = ${ofNew(expression)}`);
    const when = u.when ? ` and (${ofNew(u.when)})` : '';
    const insert = mssqlDialect.insertNew({
      table: u.table,
      columns: u.columns,
      from: u.from,
      select: u.columns.map((c) => `r.${c}`),
      match,
      returning: u.returning,
    });
    if (set.length === 0) return insert;
    const where = match + when;
    const change = update(
      { table: u.table, set, from: u.from, where, returning: u.returning },
      ` ${keyRange}`,
    );
    return `${change}; ${insert}`;
  },

  versionedUpsert(v: Versioned, from: string) {
    const columns = [...v.keys, ...v.values];
    const match = v.keys.map((c) => `${v.table}.${c} = r.${c}`).join(' and ');
    const set = [...v.values.map((c) => `${c} = r.${c}`), `${v.since} = @at`];
    return `${declareAt}
      update ${v.table} ${keyRange} set ${set.join(', ')}${intoHistory(v)} from ${from} where ${match};
      declare @n int = @@rowcount;
      insert into ${v.table} (${columns.join(', ')}, ${v.since}) select ${columns.map((c) => `r.${c}`).join(', ')}, @at
      from ${from} where ${absent(v.table, match)};
      select @n + @@rowcount as n`;
  },

  versionedDelete: (v: Versioned, where: string) => `${declareAt}
    delete from ${v.table}${intoHistory(v)} where ${where};
    select @@rowcount as n`,

  update: (u) => update(u),

  remove: (table, where, returning) => `delete from ${table}${outputOf(returning, 'deleted')} where ${where}`,

  updateInsertRead(change, insert, read) {
    const values = insert.select.map((expression) => expression.replaceAll('changed.', 'inserted.'));
    return (
      `update ${change.table} set ${change.set.join(', ')}` +
      ` output ${values.join(', ')} into ${insert.table} (${insert.columns.join(', ')}) where ${change.where};` +
      ` declare @changed int = @@rowcount;` +
      ` select ${read.fields} from ${change.table} a join ${insert.table} t on ${read.on}` +
      ` ${read.joins} where @changed = 1 and ${read.where}`
    );
  },

  call: (name, count) =>
    `exec ${procedureOf(name)} ${Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ')}`,

  staged: (name) => `#${name}`,
};
