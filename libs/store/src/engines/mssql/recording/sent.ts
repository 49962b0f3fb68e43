import { createHash } from 'node:crypto';
import mssql from 'mssql';

/** One request as it reaches the TDS client: what is sent, with the type and size of each parameter. */
export interface Sent {
  kind: 'query' | 'batch' | 'bulk' | 'begin' | 'commit' | 'rollback';
  text: string;
  parameters: string[];
}

interface Typed {
  /** `declaration` is what the client puts into the request: `nvarchar(200)`, `datetimeoffset(3)`, `dbo.rows_u readonly`. */
  type: { declaration(of: Typed): string };
  length?: number;
  scale?: number;
  value?: unknown;
}

export interface ClientParameter extends Typed {
  name: string;
}

export interface ClientRequest {
  sqlTextOrProcedure: string;
  parameters: ClientParameter[];
  callback(error: Error | null, rowCount?: number): void;
  emit(event: string, ...values: unknown[]): boolean;
}

export interface ClientBulk {
  table: string;
  columns: (Typed & { colName: string })[];
  addColumn(name: string, type: Typed['type'], options: { length?: number; scale?: number }): void;
}

/** What of a connection of the TDS client is listened to. */
export interface ClientConnection {
  execSql(request: ClientRequest): void;
  execSqlBatch(request: ClientRequest): void;
  execBulkLoad(bulk: ClientBulk, rows: readonly unknown[]): void;
}

/** One space for every run of white space, none at the ends: how a statement is laid out does not matter. */
export const normalised = (text: string): string => text.replace(/\s+/g, ' ').trim();

export const statementHash = (text: string): string =>
  createHash('sha256').update(normalised(text)).digest('hex');

const declared = (name: string, typed: Typed): string => `${name} ${typed.type.declaration(typed)}`;

export const sentOf = (kind: 'query' | 'batch', request: ClientRequest): Sent => ({
  kind,
  text: normalised(request.sqlTextOrProcedure),
  parameters: request.parameters.map((parameter) => declared(parameter.name, parameter)),
});

export const bulkOf = (bulk: ClientBulk): Sent => ({
  kind: 'bulk',
  text: `insert bulk ${bulk.table}`,
  parameters: bulk.columns.map((column) => declared(column.colName, column)),
});

interface Pool {
  _poolCreate(): Promise<ClientConnection>;
}

type PoolClass = new (
  ...config: ConstructorParameters<typeof mssql.ConnectionPool>
) => mssql.ConnectionPool & Pool;

/** The mssql package with a pool whose connections are made by `create`. */
export function driverWith(
  create: (made: () => Promise<ClientConnection>) => Promise<ClientConnection>,
): typeof mssql {
  class ListeningPool extends (mssql.ConnectionPool as unknown as PoolClass) {
    override _poolCreate(): Promise<ClientConnection> {
      return create(() => super._poolCreate());
    }
  }
  return { ...mssql, ConnectionPool: ListeningPool } as unknown as typeof mssql;
}

/** The mssql package, telling each request that the server has carried out. */
export function listeningDriver(carriedOut: (sent: Sent) => void): typeof mssql {
  const listen = (kind: 'query' | 'batch', request: ClientRequest): void => {
    const { callback } = request;
    const sent = sentOf(kind, request);
    request.callback = (error, ...rest) => {
      if (!error) carriedOut(sent);
      callback.call(request, error, ...rest);
    };
  };
  return driverWith(async (made) => {
    const connection = await made();
    const { execSql, execSqlBatch, execBulkLoad } = connection;
    connection.execSql = (request) => {
      listen('query', request);
      execSql.call(connection, request);
    };
    connection.execSqlBatch = (request) => {
      listen('batch', request);
      execSqlBatch.call(connection, request);
    };
    connection.execBulkLoad = (bulk, rows) => {
      carriedOut(bulkOf(bulk));
      execBulkLoad.call(connection, bulk, rows);
    };
    return connection;
  });
}
