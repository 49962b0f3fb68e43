import type { EngineName } from '../port/feature.js';

export type ColumnType = 'uuid' | 'text' | 'int' | 'bigint' | 'float' | 'boolean' | 'instant' | 'bytes';

/** Name -> type, in the order of the row's values. */
export type Columns = Record<string, ColumnType>;

export interface InsertNew {
  table: string;
  /** Target columns; the source yields them under the same names. */
  columns: string[];
  /** FROM item with its alias, as `rowset` makes it. */
  from: string;
  /** Select list in the order of `columns`. */
  select: string[];
  /** Condition under which a row of the target is the same row; refers to the target by its table name. */
  match: string;
  returning?: string[];
}

export interface Upsert {
  table: string;
  keys: string[];
  columns: string[];
  /** FROM item aliased `r`, whose columns have the target's names. */
  from: string;
  /** Column -> expression over `excluded.` (the new row) and the table's name (the old row). */
  update: Record<string, string>;
  /** The old row is left alone unless this holds. */
  when?: string;
  returning?: string[];
}

export interface Update {
  table: string;
  set: string[];
  /** A further FROM item, joined in `where`. */
  from?: string;
  where: string;
  returning?: string[];
}

/** The changed row (alias a) beside the inserted one (alias t). */
export interface ReadBoth {
  fields: string;
  on: string;
  joins: string;
  /** Which row of `a` it is. */
  where: string;
}

/** A table whose replaced and deleted rows are kept in `<table>_history` with the span in which they were true. */
export interface Versioned {
  table: string;
  keys: string[];
  values: string[];
  /** Column that holds since when the current row is true. */
  since: string;
}

/** What differs between the engines' SQL; everything else is written once. Placeholders are `$1`, `$2`... */
export interface Dialect {
  readonly engine: EngineName;
  /** The database clock at the start of the statement. */
  readonly now: string;
  readonly withRecursive: string;
  cast(expression: string, type: ColumnType): string;
  naturalLog(expression: string): string;
  /** An instant `milliseconds` after another. */
  later(instant: string, milliseconds: string): string;
  /** The age of an instant in seconds, as a float. */
  ageSeconds(instant: string): string;
  /**
   * Number of the slot of `slotMs` before `end` (exclusive) in which an instant lies, 0 the latest, at most `last`; null
   * where comparing with each border is quicker.
   */
  timeSlot: ((instant: string, end: string, slotMs: string, last: number) => string) | null;
  /** An id as lower-case text whose order is the same on both engines. */
  idText(column: string): string;
  /** MD5 of ASCII text, in an order that both engines agree on: a seeded shuffle, no secret. */
  shuffleKey(expression: string): string;
  lengthBytes(expression: string): string;
  /** Column is one of `values`, sent as one parameter. */
  anyOf(column: string, type: ColumnType, values: readonly unknown[], params: unknown[]): string;
  /** Rows as a FROM item `alias(columns)`, sent as parameters, never as text. */
  rowset(alias: string, columns: Columns, rows: readonly unknown[][], params: unknown[]): string;
  /** Inserts the rows that are not there yet. */
  insertNew(insert: InsertNew): string;
  upsert(upsert: Upsert): string;
  /** Writes `from` (alias r) over a versioned table, old rows into its history, in one statement or batch. */
  versionedUpsert(of: Versioned, from: string): string;
  /** Deletes from a versioned table into its history. */
  versionedDelete(of: Versioned, where: string): string;
  update(update: Update): string;
  remove(table: string, where: string, returning?: string[]): string;
  /**
   * One round trip: a conditional update of one row and, only if it changed it, an insert whose select list may name
   * `changed.<column>`. Answers the fields of both rows as they then are, or no row.
   */
  updateInsertRead(
    update: Omit<Update, 'returning'>,
    insert: { table: string; columns: string[]; select: string[] },
    read: ReadBoth,
  ): string;
  /** Calls a procedure of the product that answers a count `n`, with parameters $1 to $<count>. */
  call(name: string, count: number): string;
  /** Name under which a staged bulk table is read. */
  staged(name: string): string;
}
