import { createHash } from 'node:crypto';
import { HartoError } from '@hartonomous/contracts';
import type { PoolClient, QueryResult } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { pipeline as streamed } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { EntityManager } from 'typeorm';
import type { Columns } from '../../sql/dialect.js';
import type { Executor, StatementOptions } from '../../sql/executor.js';
import { postgresDialect, postgresType } from './dialect.js';
import { copyBinary } from './copy-binary.js';
import { toStoreFault } from './faults.js';

/** Statement texts are few and stable; past this many the set starts anew, so that no caller can grow it. */
const namesMax = 2_000;
const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    if (names.size >= namesMax) names.clear();
    name = `h_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, name);
  }
  return name;
}

/** Whether statements go out without waiting for the answers before them; COPY needs the connection to itself. */
interface Pipelined {
  pipeline: boolean;
}

/**
 * Statements of one transaction on one connection; each text is prepared once per connection. Where the connection is
 * pipelined, what is sent ahead is answered in order: once one has failed, the server refuses all that follows it.
 */
export class PostgresExecutor implements Executor {
  readonly dialect = postgresDialect;
  /** The first fault of what was sent ahead; what followed it failed by it. */
  private fault: Error | null = null;

  constructor(
    private readonly client: PoolClient,
    private readonly managerOf: () => EntityManager,
    private readonly where: string,
  ) {}

  get manager(): EntityManager {
    return this.managerOf();
  }

  /** Goes out with the first statement. */
  begin(text: string): Promise<void> {
    return this.ahead(this.client.query(text));
  }

  async commit(): Promise<void> {
    const { command } = await this.answer(this.client.query('commit'));
    // COMMIT of a transaction that a swallowed error had aborted is answered with ROLLBACK.
    if (command !== 'COMMIT') {
      throw new HartoError('INTERNAL', 'a statement of this transaction had failed: nothing was committed');
    }
  }

  async rows<R>(text: string, params: unknown[] = [], options: StatementOptions = {}): Promise<R[]> {
    return (await this.answer(this.submit(text, params, options))).rows as R[];
  }

  async run(text: string, params: unknown[] = []): Promise<number> {
    return (await this.answer(this.submit(text, params))).rowCount ?? 0;
  }

  send(text: string, params: unknown[] = []): Promise<void> {
    return this.ahead(this.submit(text, params));
  }

  async stage(name: string, columns: Columns, rows: Iterable<unknown[]>): Promise<number> {
    const list = Object.entries(columns).map(([column, type]) => `${column} ${postgresType(type)}`);
    const connection = this.client as unknown as Pipelined;
    const { pipeline } = connection;
    try {
      await this.answer(
        this.client.query(
          `drop table if exists pg_temp.${name}; create temp table ${name} (${list.join(', ')}) on commit drop`,
        ),
      );
      // Everything is answered: nothing is on its way that the rows could get between.
      connection.pipeline = false;
      const sink = this.client.query(
        copyFrom(`copy pg_temp.${name} (${Object.keys(columns).join(', ')}) from stdin with (format binary)`),
      );
      await streamed(Readable.from(copyBinary(rows, Object.values(columns))), sink);
      return sink.rowCount ?? 0;
    } catch (error) {
      throw toStoreFault(error, this.where);
    } finally {
      connection.pipeline = pipeline;
    }
  }

  private submit(text: string, values: unknown[], options: StatementOptions = {}): Promise<QueryResult> {
    return this.client.query(options.adaptive ? { text, values } : { name: nameOf(text), text, values });
  }

  private async ahead(sent: Promise<QueryResult>): Promise<void> {
    if (!(this.client as unknown as Pipelined).pipeline) return void (await this.answer(sent));
    sent.catch((error: Error) => (this.fault ??= error));
  }

  private async answer(sent: Promise<QueryResult>): Promise<QueryResult> {
    try {
      const result = await sent;
      if (this.fault) throw this.fault;
      return result;
    } catch (error) {
      throw toStoreFault(this.fault ?? error, this.where);
    }
  }
}
