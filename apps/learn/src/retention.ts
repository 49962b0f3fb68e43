import type { Store } from '@hartonomous/store';

const dayMs = 86_400_000;

/**
 * How long it is remembered that a message was received. Longer than any queue keeps a job: a delivery after that
 * could only come from a restored backup of the queue.
 */
export const inboxRetentionDays = 30;

/** Drops what no rule needs any more, once a day; what fails is tried again at the next call. */
export class Retention {
  readonly #store: Store;
  #lastAt = -Infinity;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The rows dropped by table, or null when the day is not over. */
  async keep(now: Date): Promise<Record<string, number> | null> {
    if (now.getTime() - this.#lastAt < dayMs) return null;
    const inboxBefore = new Date(now.getTime() - inboxRetentionDays * dayMs);
    const dropped = await this.#store.withSystem('retention', async (tx) => ({
      inbox: await tx.plumbing.pruneInbox(inboxBefore),
      ...(await tx.plumbing.pruneHistory(now)),
    }));
    this.#lastAt = now.getTime();
    return dropped;
  }
}
