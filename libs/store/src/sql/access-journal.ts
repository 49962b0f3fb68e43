import { hostname } from 'node:os';
import type { Dialect } from './dialect.js';

const writeEveryMs = 10_000;
/** Distinct reasons of one process; reasons are constants of the code. */
const reasonsMax = 200;
const attemptsMax = 3;

const columns = {
  reason: 'text',
  instance: 'text',
  uses: 'bigint',
  first_at: 'instant',
  last_at: 'instant',
} as const;

interface Access {
  uses: number;
  first: Date;
  last: Date;
}

/** Counts looks across tenants by their reason and writes the counts from time to time and at the end. */
export class AccessJournal {
  private pending = new Map<string, Access>();
  private timer: NodeJS.Timeout | undefined;
  private readonly instance = `${hostname()}/${process.pid}`;

  constructor(
    private readonly sql: Dialect,
    private readonly write: (text: string, params: unknown[]) => Promise<void>,
  ) {}

  note(reason: string): void {
    const now = new Date();
    const known = this.pending.get(reason);
    if (known) {
      known.uses++;
      known.last = now;
    } else {
      const name = this.pending.size < reasonsMax ? reason.slice(0, 200) : 'further reasons';
      this.pending.set(name, { uses: 1, first: now, last: now });
    }
    this.timer ??= setTimeout(() => void this.flush(), writeEveryMs).unref();
  }

  async close(): Promise<void> {
    for (let attempt = 0; attempt < attemptsMax && this.pending.size > 0; attempt++) await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.pending;
    if (batch.size === 0) return;
    this.pending = new Map();
    const params: unknown[] = [];
    const rows = [...batch].map(([reason, a]) => [reason, this.instance, a.uses, a.first, a.last]);
    const text = this.sql.upsert({
      table: 'system_access',
      keys: ['reason', 'instance'],
      columns: Object.keys(columns),
      from: this.sql.rowset('r', columns, rows, params),
      update: { uses: 'system_access.uses + excluded.uses', last_at: 'excluded.last_at' },
    });
    // While the store is away the counts wait for the next time.
    await this.write(text, params).catch(() => this.putBack(batch));
  }

  private putBack(batch: Map<string, Access>): void {
    for (const [reason, access] of batch) {
      const known = this.pending.get(reason);
      if (known) known.uses += access.uses;
      else this.pending.set(reason, access);
    }
  }
}
