interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** Time that moves only when a test moves it. */
export class FakeClock {
  private nowMs: number;
  private order = 0;
  private timers: Timer[] = [];

  constructor(start: Date | number = Date.UTC(2026, 0, 1)) {
    this.nowMs = Number(start);
  }

  readonly now = (): Date => new Date(this.nowMs);
  readonly nowMillis = (): number => this.nowMs;

  /** Settles when the clock has moved that far. */
  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => this.timers.push({ at: this.nowMs + ms, order: this.order++, run: resolve }));

  /** Moves on, waking sleepers in the order of their times; those that wake may sleep again within the span. */
  async advance(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.timers
        .filter((timer) => timer.at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.at);
      next.run();
    }
    this.nowMs = until;
  }
}
