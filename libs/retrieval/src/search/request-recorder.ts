import type { RequestRecord, Store } from '@hartonomous/store';

export interface RecorderOptions {
  store: Store;
  /** Longest time that a row waits before it is written, in milliseconds; default 100. */
  flushMs?: number;
  /** Rows of one write; default 200. */
  batchRows?: number;
  /** Rows that may wait; above this `add` waits. Default 2,000. */
  capacityRows?: number;
  /** Told of each failed write; the rows are kept and tried again. */
  onError?: (error: unknown, waiting: number) => void;
}

interface Waiting {
  tenantId: string;
  record: RequestRecord;
}

const RETRY_MS_FIRST = 100;
const RETRY_MS_MAX = 5_000;

/**
 * Writes request rows in batches, beside the requests. Nothing is dropped: a full buffer makes `add` wait, a failed
 * write is repeated (known ids are left alone by the store).
 */
export class RequestRecorder {
  private readonly waiting: Waiting[] = [];
  private readonly blocked: (() => void)[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private failures = 0;
  private closed = false;

  constructor(private readonly options: RecorderOptions) {}

  /** Resolves when the row is buffered; waits while the buffer is full. */
  async add(tenantId: string, record: RequestRecord): Promise<void> {
    const { capacityRows = 2_000, batchRows = 200, flushMs = 100 } = this.options;
    if (this.closed) throw new Error('the recorder is closed');
    while (this.waiting.length >= capacityRows)
      await new Promise<void>((resolve) => this.blocked.push(resolve));
    this.waiting.push({ tenantId, record });
    if (this.failures === 0 && this.waiting.length >= batchRows) this.start();
    else this.startIn(this.failures === 0 ? flushMs : this.retryMs());
  }

  /** Writes all that waits now. @throws the store's fault of the first write that fails; the rows are kept */
  async flush(): Promise<void> {
    while (this.waiting.length > 0 || this.writing !== null) {
      this.start();
      const before = this.failures;
      await this.writing;
      if (this.failures > before) throw this.lastError;
    }
  }

  /** Writes what waits and takes nothing more. @throws as `flush` */
  async close(): Promise<void> {
    this.closed = true;
    try {
      await this.flush();
    } finally {
      if (this.timer !== null) clearTimeout(this.timer);
      this.timer = null;
    }
  }

  private lastError: unknown = null;

  private retryMs(): number {
    return Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(10, this.failures));
  }

  private startIn(ms: number): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.start();
    }, ms);
  }

  /** One write at a time; the next one begins when rows are left. */
  private start(): void {
    if (this.writing !== null || this.waiting.length === 0) return;
    const { batchRows = 200, flushMs = 100, onError } = this.options;
    const rows = this.waiting.slice(0, batchRows);
    this.writing = this.write(rows)
      .then(
        () => {
          this.waiting.splice(0, rows.length);
          this.failures = 0;
          for (const resume of this.blocked.splice(0)) resume();
        },
        (error: unknown) => {
          this.failures++;
          this.lastError = error;
          onError?.(error, this.waiting.length);
        },
      )
      .finally(() => {
        this.writing = null;
        if (this.waiting.length === 0) return;
        if (this.failures === 0 && this.waiting.length >= batchRows) this.start();
        else if (!this.closed) this.startIn(this.failures === 0 ? flushMs : this.retryMs());
      });
  }

  /** One transaction a tenant: the rows, and the hits of cached answers. */
  private async write(rows: readonly Waiting[]): Promise<void> {
    const byTenant = groupBy(rows, ({ tenantId }) => tenantId);
    for (const [tenantId, waiting] of byTenant) {
      const records = waiting.map(({ record }) => record);
      const hits = groupBy(
        records.filter((record) => record.cacheHit),
        (record) => record.modelId,
      );
      await this.options.store.withTenant(tenantId, async (tx) => {
        await tx.requests.record(records);
        for (const [modelId, found] of hits) {
          await tx.cache.countHits(
            modelId,
            found.map(({ inputHash }) => ({ inputHash, count: 1 })),
          );
        }
      });
    }
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
