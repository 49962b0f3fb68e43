import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError } from '@hartonomous/contracts';

const patienceMs = 60_000;
const pauseMs = 500;

/** Asks again while the answer is a fault that passes: a process below us may be on its way back. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof HartoError && error.retryable;
      if (!passes || performance.now() > until) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
