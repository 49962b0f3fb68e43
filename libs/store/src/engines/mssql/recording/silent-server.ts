import { EventEmitter } from 'node:events';
import type mssql from 'mssql';
import {
  bulkOf,
  driverWith,
  sentOf,
  type ClientBulk,
  type ClientConnection,
  type ClientRequest,
  type Sent,
} from './sent.js';

/** Which answer every statement gets: no row, or one row that has each name of the statement as a column. */
export type Answer = 'none' | 'one';

/** A unit that sends more than this goes round in circles on the answer; from there on nothing is found. */
const statementsMax = 60;

const featureViews = /\bfrom sys\.(?:spatial_indexes|database_query_store_options)\b/;

const anId = '00000000-0000-4000-8000-000000000001';
const anInstant = new Date('2026-01-01T00:00:00.000Z');

const values: [RegExp, () => unknown][] = [
  [/(^|_)(at|until|from|to|since|begin|now)$|At$|Until$/, () => anInstant],
  [/(^|_)id$|Id$/, () => anId],
  [/^(refs|trace|params|options|detail|report|attributes|document|effect|result|value)$/, () => '{}'],
  [/^(scopes|links|lines)$/, () => '[]'],
  [/hash|vector|sketch|blob|bytes|^data$|carry/i, () => Buffer.alloc(32)],
];

const valueOf = (name: string): unknown =>
  (values.find(([pattern]) => pattern.test(name)) ?? [null, () => 1])[1]();

/** A connection of the TDS client on which nothing listens: it keeps what is sent. */
class SilentConnection extends EventEmitter implements ClientConnection {
  closed = false;
  /** What the pool looks at before it lends the connection. */
  readonly STATE = { LOGGED_IN: 'logged in' };
  readonly state = this.STATE.LOGGED_IN;
  readonly socket = { destroyed: false, writable: true };

  constructor(private readonly recorder: Recorder) {
    super();
    this.setMaxListeners(0);
  }

  beginTransaction(done: (error?: Error) => void): void {
    this.recorder.keep({ kind: 'begin', text: '', parameters: [] });
    setImmediate(done);
  }

  commitTransaction(done: (error?: Error) => void): void {
    this.recorder.keep({ kind: 'commit', text: '', parameters: [] });
    setImmediate(done);
  }

  rollbackTransaction(done: (error?: Error) => void): void {
    this.recorder.keep({ kind: 'rollback', text: '', parameters: [] });
    setImmediate(done);
  }

  execSql(request: ClientRequest): void {
    this.answer(request, 'query');
  }

  execSqlBatch(request: ClientRequest): void {
    this.answer(request, 'batch');
  }

  newBulkLoad(
    table: string,
    _options: unknown,
    done: (error: Error | null, rows: number) => void,
  ): ClientBulk {
    const columns: ClientBulk['columns'] = [];
    const addColumn: ClientBulk['addColumn'] = (name, type, options) =>
      columns.push({ colName: name, type, ...options });
    return Object.assign({ table, columns, addColumn }, { done });
  }

  execBulkLoad(
    bulk: ClientBulk & { done?: (error: Error | null, rows: number) => void },
    rows: readonly unknown[],
  ): void {
    this.recorder.keep(bulkOf(bulk));
    setImmediate(() => bulk.done?.(null, rows.length));
  }

  close(): void {
    this.closed = true;
    setImmediate(() => this.emit('end'));
  }

  private answer(request: ClientRequest, kind: 'query' | 'batch'): void {
    const sent = sentOf(kind, request);
    const row = this.recorder.keep(sent);
    setImmediate(() => {
      const names = [...new Set(sent.text.match(/[A-Za-z_][A-Za-z0-9_]*/g))];
      const columns = names.map((colName) => ({ colName, flags: 1, type: {} }));
      request.emit('columnMetadata', columns);
      if (row) {
        request.emit(
          'row',
          columns.map((metadata) => ({ metadata, value: valueOf(metadata.colName) })),
        );
      }
      request.emit('done', row ? 1 : 0, false);
      request.callback(null, row ? 1 : 0);
    });
  }
}

/** Keeps what is sent, in order, and says how it is answered. */
export class Recorder {
  answer: Answer = 'one';
  private sent: Sent[] = [];

  /** Keeps a request; true when it is answered with a row. */
  keep(sent: Sent): boolean {
    this.sent.push(sent);
    // A server without the features: what is recorded is core.
    if (featureViews.test(sent.text)) return false;
    return this.answer === 'one' && this.sent.length < statementsMax;
  }

  /** What was sent since the last call. */
  taken(): Sent[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }

  driver(): typeof mssql {
    return driverWith(() => Promise.resolve(new SilentConnection(this)));
  }
}
