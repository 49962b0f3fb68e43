import type { RunningSystem } from './running-system.js';

/** People at the gateway who ask the same questions in turn, one after the other's answer. */
export class Traffic {
  private queries: readonly string[] = [];
  private ended = false;
  private askers: Promise<void>[] = [];
  /** Answered so far. */
  answered = 0;

  constructor(private readonly system: RunningSystem) {}

  /** What is asked from now on. */
  ask(queries: readonly string[]): void {
    this.queries = queries;
    if (this.askers.length === 0) this.askers = [0, 1].map((n) => this.asker(n));
  }

  /** Resolves when so many more questions have been answered. */
  async more(count: number): Promise<void> {
    const until = this.answered + count;
    while (this.answered < until) await pause(50);
  }

  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.askers);
  }

  private async asker(first: number): Promise<void> {
    for (let turn = first; !this.ended; turn++) {
      const query = this.queries[turn % this.queries.length]!;
      try {
        await this.system.send('POST', '/v1/search', { query, limit: 10 });
        this.answered++;
      } catch {
        // Too many at once, or the gateway comes back: asked again later.
        await pause(500);
      }
      await pause(10);
    }
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
