import mssql from 'mssql';
import type { EntityManager } from 'typeorm';
import type { ColumnType, Columns } from '../../sql/dialect.js';
import type { Executor } from '../../sql/executor.js';
import { binaryCollation, mssqlDialect, mssqlType, TableValue } from './dialect.js';
import { toStoreFault } from './faults.js';

const int32Max = 2_147_483_647;
/** Characters that an nvarchar parameter of fixed length holds; longer text goes as max. */
const shortText = 4_000;
/** Bytes that a varbinary parameter of fixed length holds. */
const shortBytes = 8_000;

const columnTypes: Record<ColumnType, () => mssql.ISqlType> = {
  uuid: () => mssql.UniqueIdentifier() as mssql.ISqlType,
  text: () => mssql.NVarChar(mssql.MAX),
  int: () => mssql.Int() as mssql.ISqlType,
  bigint: () => mssql.BigInt() as mssql.ISqlType,
  float: () => mssql.Float() as mssql.ISqlType,
  boolean: () => mssql.Bit() as mssql.ISqlType,
  instant: () => mssql.DateTimeOffset(3),
  bytes: () => mssql.VarBinary(mssql.MAX),
};

const isId = (value: unknown): boolean =>
  typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value);

/** Few parameter types, so that the plan cache keeps one plan per statement. */
function parameterType(value: unknown, forId: boolean): mssql.ISqlType {
  if (forId && (value === null || value === undefined || isId(value))) return columnTypes.uuid();
  switch (typeof value) {
    case 'number':
      if (!Number.isInteger(value)) return mssql.Float() as mssql.ISqlType;
      return (Math.abs(value) <= int32Max ? mssql.Int() : mssql.BigInt()) as mssql.ISqlType;
    case 'bigint':
      return mssql.BigInt() as mssql.ISqlType;
    case 'boolean':
      return mssql.Bit() as mssql.ISqlType;
    case 'string':
      return mssql.NVarChar(value.length <= shortText ? shortText : mssql.MAX);
    default:
      if (value instanceof Date) return mssql.DateTimeOffset(3);
      if (Buffer.isBuffer(value)) return mssql.VarBinary(value.length <= shortBytes ? shortBytes : mssql.MAX);
      return mssql.NVarChar(shortText);
  }
}

function tableParameter(value: TableValue): mssql.Table {
  const table = new mssql.Table(`dbo.${value.typeName}`);
  value.types.forEach((type, i) => table.columns.add(`c${i + 1}`, columnTypes[type](), { nullable: true }));
  addRows(table, value.rows);
  return table;
}

function addRows(table: mssql.Table, rows: Iterable<readonly unknown[]>): void {
  for (const row of rows) table.rows.add(...(row.map((v) => v ?? null) as (string | number)[]));
}

/** Columns named like ids that hold text. */
export const textIds = new Set(['trace_id', 'span_id', 'parent_span_id', 'message_id']);
const compared = /(?:\b\w+\.)?\b(\w+) *(?:=|<>|<|>|<=|>=) *\$(\d+)\b/g;
const castToId = /\bcast\(\$(\d+) as uniqueidentifier\)/g;

interface Named {
  text: string;
  /** Parameters that are compared with ids and with nothing else. */
  ids: Set<number>;
}

const named = new Map<string, Named>();
const namedMax = 2_000;

const isIdColumn = (column: string): boolean => /^(?:\w+_)?id$/.test(column) && !textIds.has(column);

/** `$1` -> `@p1`, and which parameters are ids: of a comparison the server should find the type, not convert. */
function namedParameters(text: string): Named {
  let found = named.get(text);
  if (!found) {
    if (named.size >= namedMax) named.clear();
    const ids = new Set([...text.matchAll(castToId)].map((m) => Number(m[1])));
    const comparisons = [...text.matchAll(compared)].map((m) => ({ n: Number(m[2]), id: isIdColumn(m[1]) }));
    for (const { n, id } of comparisons) if (id) ids.add(n);
    for (const { n, id } of comparisons) if (!id) ids.delete(n);
    found = { text: text.replace(/\$(\d+)/g, '@p$1'), ids };
    named.set(text, found);
  }
  return found;
}

/** Ids come in upper case; everywhere else in the system they are lower case. */
function lowerCaseIds(recordset: mssql.IRecordSet<Record<string, unknown>>): void {
  const ids = Object.values(recordset.columns).filter((c) => {
    // Absent for a type that the driver does not know.
    const type = c.type as { type?: unknown } | undefined;
    return [type, type?.type].includes(mssql.UniqueIdentifier);
  });
  if (ids.length === 0) return;
  for (const row of recordset) {
    for (const { name } of ids) {
      const value = row[name];
      if (typeof value === 'string') row[name] = value.toLowerCase();
    }
  }
}

/** Statements of one transaction. */
export class MssqlExecutor implements Executor {
  readonly dialect = mssqlDialect;
  private readonly stages = new Set<string>();

  constructor(
    private readonly transaction: mssql.Transaction,
    private readonly managerOf: () => EntityManager,
    private readonly where: string,
  ) {}

  get manager(): EntityManager {
    return this.managerOf();
  }

  /** Temporary tables that the transaction has left on its connection. */
  get staged(): string[] {
    return [...this.stages];
  }

  async rows<R>(text: string, params: unknown[] = []): Promise<R[]> {
    const { recordsets } = await this.query(text, params);
    const sets = recordsets as mssql.IRecordSet<Record<string, unknown>>[];
    for (const set of sets) lowerCaseIds(set);
    return sets.flat() as R[];
  }

  async run(text: string, params: unknown[] = []): Promise<number> {
    const { rowsAffected } = await this.query(text, params);
    return rowsAffected.reduce((sum, n) => sum + n, 0);
  }

  /** Waits: after a failed statement the next one would run all the same. */
  async send(text: string, params: unknown[] = []): Promise<void> {
    await this.query(text, params);
  }

  async stage(name: string, columns: Columns, rows: Iterable<unknown[]>): Promise<number> {
    const table = mssqlDialect.staged(name);
    const list = Object.entries(columns).map(([column, type]) => {
      const collation = type === 'text' ? ` collate ${binaryCollation}` : '';
      return `${column} ${mssqlType(type)}${collation} null`;
    });
    try {
      // A batch, since a table made by sp_executesql ends with it.
      await new mssql.Request(this.transaction).batch(
        `drop table if exists ${table}; create table ${table} (${list.join(', ')})`,
      );
      this.stages.add(name);
      const bulk = new mssql.Table(table);
      bulk.create = false;
      for (const [column, type] of Object.entries(columns)) {
        bulk.columns.add(column, columnTypes[type](), { nullable: true });
      }
      addRows(bulk, rows);
      if (bulk.rows.length === 0) return 0;
      return (await new mssql.Request(this.transaction).bulk(bulk)).rowsAffected;
    } catch (error) {
      throw toStoreFault(error, this.where);
    }
  }

  private async query(text: string, params: unknown[]): Promise<mssql.IResult<unknown>> {
    const request = new mssql.Request(this.transaction);
    const { text: command, ids } = namedParameters(text);
    params.forEach((value, i) => {
      const name = `p${i + 1}`;
      if (value instanceof TableValue) request.input(name, tableParameter(value));
      else request.input(name, parameterType(value, ids.has(i + 1)), value ?? null);
    });
    try {
      return await request.query(command);
    } catch (error) {
      throw toStoreFault(error, this.where);
    }
  }
}
