/** First and longest bound of the wait, milliseconds. */
const BASE_MS = 200;
const CAP_MS = 20_000;

/** Full jitter: uniform in [0, min(cap, base 2^(attempt - 1))), so that failures do not return in step. */
export function retryDelayMs(attempt: number, random: () => number): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** Math.max(0, attempt - 1)));
}
