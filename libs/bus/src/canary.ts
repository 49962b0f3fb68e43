import type { QueueName } from '@hartonomous/contracts';
import { newId } from '@hartonomous/contracts';
import type { Queues } from './queues.js';

/** A job that every worker answers by itself: it proves that the queue moves, which a ping does not. */
export const canaryName = 'service.canary.sent';

const lookEveryMs = 250;

/** Canaries on their way from this process, by job id. */
export class CanaryWatch {
  readonly #flights = new Map<string, () => void>();

  /** Sends one through a queue of the own service: the round trip in ms, null when it is not back in time. */
  async fly(queues: Queues, name: QueueName, timeoutMs: number): Promise<number | null> {
    const id = newId();
    const queue = queues.of(name);
    const sentMs = performance.now();
    const landed = new Promise<void>((resolve) => this.#flights.set(id, resolve));
    try {
      await queue.add(
        canaryName,
        { sentAt: new Date().toISOString() },
        { jobId: id, removeOnComplete: true, removeOnFail: true },
      );
      let back = false;
      void landed.then(() => (back = true));
      while (!back && performance.now() - sentMs < timeoutMs) {
        await Promise.race([landed, new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref())]);
        // Another replica may have taken it: then it is gone from the queue without landing here.
        back ||= (await queue.getJobState(id)) === 'unknown';
      }
      return back ? performance.now() - sentMs : null;
    } finally {
      this.#flights.delete(id);
    }
  }

  land(id: string): void {
    this.#flights.get(id)?.();
  }
}
