import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
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

/** Statements of one transaction on one connection; each text is prepared once per connection. */
export class PostgresExecutor implements Executor {
  readonly dialect = postgresDialect;

  constructor(
    private readonly client: PoolClient,
    private readonly managerOf: () => EntityManager,
    private readonly where: string,
  ) {}

  get manager(): EntityManager {
    return this.managerOf();
  }

  async rows<R>(text: string, params: unknown[] = [], options: StatementOptions = {}): Promise<R[]> {
    return (await this.query(text, params, options)).rows as R[];
  }

  async run(text: string, params: unknown[] = []): Promise<number> {
    return (await this.query(text, params, {})).rowCount ?? 0;
  }

  async stage(name: string, columns: Columns, rows: Iterable<unknown[]>): Promise<number> {
    const list = Object.entries(columns).map(([column, type]) => `${column} ${postgresType(type)}`);
    try {
      await this.client.query(
        `drop table if exists pg_temp.${name}; create temp table ${name} (${list.join(', ')}) on commit drop`,
      );
      const sink = this.client.query(
        copyFrom(`copy pg_temp.${name} (${Object.keys(columns).join(', ')}) from stdin with (format binary)`),
      );
      await pipeline(Readable.from(copyBinary(rows, Object.values(columns))), sink);
      return sink.rowCount ?? 0;
    } catch (error) {
      throw toStoreFault(error, this.where);
    }
  }

  private async query(text: string, values: unknown[], options: StatementOptions) {
    try {
      return await this.client.query(
        options.adaptive ? { text, values } : { name: nameOf(text), text, values },
      );
    } catch (error) {
      throw toStoreFault(error, this.where);
    }
  }
}
