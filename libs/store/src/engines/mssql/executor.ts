import mssql from 'mssql';
import type { EntityManager } from 'typeorm';
import type { ColumnType, Columns } from '../../sql/dialect.js';
import type { Executor } from '../../sql/executor.js';
import { binaryCollation, mssqlDialect, mssqlType, TableValue } from './dialect.js';
import { toStoreFault } from './faults.js';

const int32Max = 2_147_483_647;
/** Characters that an nvarchar parameter of fixed length holds; longer text goes as max. */
const shortText = 4_000;

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

/** Few parameter types, so that the plan cache keeps one plan per statement. */
function parameterType(value: unknown): mssql.ISqlType {
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
      if (Buffer.isBuffer(value)) return mssql.VarBinary(mssql.MAX);
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

const numbered = new Map<string, string>();
const numberedMax = 2_000;

/** `$1` -> `@p1`. */
function parameterNames(text: string): string {
  let named = numbered.get(text);
  if (named === undefined) {
    if (numbered.size >= numberedMax) numbered.clear();
    named = text.replace(/\$(\d+)/g, '@p$1');
    numbered.set(text, named);
  }
  return named;
}

/** Ids come in upper case; everywhere else in the system they are lower case. */
function lowerCaseIds(recordset: mssql.IRecordSet<Record<string, unknown>>): void {
  const ids = Object.values(recordset.columns).filter((c) => {
    const type = c.type as unknown;
    return type === mssql.UniqueIdentifier || (type as { type?: unknown }).type === mssql.UniqueIdentifier;
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
    params.forEach((value, i) => {
      if (value instanceof TableValue) request.input(`p${i + 1}`, tableParameter(value));
      else request.input(`p${i + 1}`, parameterType(value), value ?? null);
    });
    try {
      return await request.query(parameterNames(text));
    } catch (error) {
      throw toStoreFault(error, this.where);
    }
  }
}
