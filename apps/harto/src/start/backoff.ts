export interface Backoff {
  firstMs: number;
  maxMs: number;
  /** A process that ran this long had started well: the next wait is the first one again. */
  stableMs: number;
}

export const defaultBackoff: Backoff = { firstMs: 250, maxMs: 15_000, stableMs: 30_000 };

/** Waits double with each quick end. */
export function nextDelay(backoff: Backoff, quickEnds: number): number {
  return Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.max(0, quickEnds - 1));
}
