import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError } from '@hartonomous/contracts';

/** A transaction that the engine asked to repeat is tried this often in all. */
const attemptsMax = 4;
const pauseMsMax = 25;

/** Deadlocks and serialisation faults, and a key that another writer took in between. */
const repeatable = (error: unknown): boolean =>
  error instanceof HartoError &&
  (error.code === 'STORE_CONFLICT' || (error.code === 'STATE_CONFLICT' && error.retryable));

/** Repeats the whole unit after a deadlock or a serialisation fault, with jitter. */
export async function retryConflicts<T>(unit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unit();
    } catch (error) {
      if (!repeatable(error) || attempt >= attemptsMax) throw error;
      await sleep(Math.random() * pauseMsMax * attempt);
    }
  }
}
