import { availableParallelism } from 'node:os';
import type { Store } from '@hartonomous/store';

const freshMs = 10_000;
const keptMs = 5_000;

/** Workers of all living Act processes; each runs as many chunks as its machine has cores, taken to be like this one. */
export class WorkerCount {
  #known: { atMs: number; count: Promise<number> } | null = null;

  constructor(private readonly store: Store) {}

  current(): Promise<number> {
    const nowMs = performance.now();
    if (!this.#known || nowMs - this.#known.atMs > keptMs) {
      this.#known = { atMs: nowMs, count: this.#look() };
    }
    return this.#known.count;
  }

  async #look(): Promise<number> {
    const alive = await this.store.withSystem('count the workers of the fast lane', async (tx) => {
      const now = (await tx.now()).getTime();
      const beats = await tx.plumbing.heartbeats();
      return beats.filter((beat) => beat.service === 'act' && now - beat.seenAt.getTime() < freshMs).length;
    });
    return Math.max(1, alive) * availableParallelism();
  }
}
