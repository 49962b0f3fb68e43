import { queueNameOf } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import type { OutboxRow, Store } from '@hartonomous/store';
import { envelopeOf } from './publish.js';
import type { Queues } from './queues.js';

export interface RelayOptions {
  store: Store;
  queues: Queues;
  service: ServiceName;
  /** How often unpublished rows are looked for, ms: the backup of the publication after the commit. */
  pollMs?: number;
  /** A row published so long ago and not received is looked up in the queue, ms. */
  staleMs?: number;
  /** How long a claimed row is this process's own, ms. */
  leaseMs?: number;
  onError?: (error: unknown) => void;
}

const claimMax = 200;
/** Rows looked up in the queue at once: below the connections of the queue's pool. */
const restoreAtOnce = 4;
const markAfterMs = 250;
/** Rows whose publication may be under way at once; more waits for the poll. */
const pendingMax = 5_000;
const sweepMax = 10_000;

/** Moves committed outbox rows into the queues, at once after each commit and by polling, and refills an emptied queue. */
export class OutboxRelay {
  readonly #options: Required<Omit<RelayOptions, 'onError'>> & Pick<RelayOptions, 'onError'>;
  /** Publications under way or not yet marked, by row: the poll leaves them alone. */
  readonly #pending = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #marks: string[] = [];
  #markTimer: NodeJS.Timeout | null = null;
  #pollTimer: NodeJS.Timeout | null = null;
  #polling: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: RelayOptions) {
    this.#options = { pollMs: 1_000, staleMs: 30_000, leaseMs: 10_000, ...options };
    options.store.onCommitted((rows) => this.#committed(rows));
  }

  /** Adds what the queue lacks and goes on polling. */
  async start(): Promise<void> {
    await this.reconcile();
    this.#schedulePoll();
  }

  #schedulePoll(): void {
    if (this.#stopped) return;
    // Jitter: five services that started together do not ask together.
    const wait = this.#options.pollMs * (0.75 + Math.random() / 2);
    this.#pollTimer = setTimeout(() => {
      this.#polling = this.#poll().finally(() => this.#schedulePoll());
    }, wait).unref();
  }

  #committed(rows: OutboxRow[]): void {
    if (rows.length === 0 || this.#stopped || this.#pending.size > pendingMax) return;
    for (const row of rows) this.#pending.add(row.id);
    const work = this.#publishFresh(rows).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
  }

  async #publishFresh(rows: OutboxRow[]): Promise<void> {
    try {
      await faultPoint(`${this.#options.service}.after-commit`);
      await Promise.all(rows.map((row) => this.#add(row)));
      await faultPoint(`${this.#options.service}.after-publish`);
      this.#mark(rows.map((row) => row.id));
    } catch (error) {
      // The rows stand in the outbox: the poll publishes them.
      for (const row of rows) this.#pending.delete(row.id);
      this.#options.onError?.(error);
    }
  }

  #add(row: OutboxRow): Promise<void> {
    return this.#options.queues.add(envelopeOf(row), Math.max(0, row.deliverAt.getTime() - Date.now()));
  }

  /** By the time of the write most rows are received and gone: marking late saves the work. */
  #mark(ids: string[]): void {
    this.#marks.push(...ids);
    this.#markTimer ??= setTimeout(() => void this.#writeMarks(), markAfterMs).unref();
  }

  async #writeMarks(): Promise<void> {
    if (this.#markTimer) clearTimeout(this.#markTimer);
    this.#markTimer = null;
    const ids = this.#marks;
    this.#marks = [];
    if (ids.length === 0) return;
    try {
      await this.#options.store.withSystem('relay: mark published', (tx) => tx.plumbing.markPublished(ids));
    } catch (error) {
      this.#options.onError?.(error);
    } finally {
      for (const id of ids) this.#pending.delete(id);
    }
  }

  async #poll(): Promise<void> {
    try {
      for (let left = sweepMax; left > 0; left -= claimMax) {
        const claim = await this.#claim(this.#options.staleMs);
        await this.#markNow(claim.ids);
        if (claim.claimed < claimMax) break;
      }
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  /** Every due row that is not received is looked up in its queue, and added where it is missing; returns how many. */
  async reconcile(): Promise<number> {
    const ids: string[] = [];
    let added = 0;
    try {
      for (let left = sweepMax; left > 0; left -= claimMax) {
        const claim = await this.#claim(0);
        ids.push(...claim.ids);
        added += claim.added;
        if (claim.claimed < claimMax) break;
      }
      // Marked at the end: until then the lease keeps the rows out of the next claim.
      for (let from = 0; from < ids.length; from += claimMax)
        await this.#markNow(ids.slice(from, from + claimMax));
    } catch (error) {
      this.#options.onError?.(error);
    }
    return added;
  }

  /**
   * Leases due rows and adds those that their queue lacks. Rows whose publication is under way are left to it, unmarked:
   * should it fail, they come due again with the end of their lease, not when they are stale.
   */
  async #claim(staleMs: number): Promise<{ claimed: number; ids: string[]; added: number }> {
    const { store, leaseMs } = this.#options;
    const claimed = await store.withSystem('relay: claim', (tx) =>
      tx.plumbing.claimOutbox(claimMax, staleMs, leaseMs),
    );
    const rows = claimed.filter((row) => !this.#pending.has(row.id));
    let added = 0;
    for (let from = 0; from < rows.length; from += restoreAtOnce) {
      const results = await Promise.all(
        rows.slice(from, from + restoreAtOnce).map((row) => this.#restore(row)),
      );
      added += results.filter(Boolean).length;
    }
    return { claimed: claimed.length, ids: rows.map((row) => row.id), added };
  }

  async #markNow(ids: string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#options.store.withSystem('relay: mark published', (tx) => tx.plumbing.markPublished(ids));
  }

  /** True when the queue lacked the job. A failed or completed leftover of the same id would swallow the new one. */
  async #restore(row: OutboxRow): Promise<boolean> {
    const queue = this.#options.queues.of(queueNameOf(row.name));
    const state = await queue.getJobState(row.id);
    if (state === 'failed' || state === 'completed') await queue.remove(row.id);
    else if (state !== 'unknown') return false;
    await this.#add(row);
    return true;
  }

  /** Waits, at most `withinMs`, until what was committed so far is published and marked. */
  async flush(withinMs = 5_000): Promise<void> {
    const work = Promise.all([...this.#underWay, this.#polling]).then(() => this.#writeMarks());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
    await Promise.race([work, late]);
    clearTimeout(timer);
  }

  async stop(withinMs = 5_000): Promise<void> {
    this.#stopped = true;
    if (this.#pollTimer) clearTimeout(this.#pollTimer);
    await this.flush(withinMs);
  }
}
