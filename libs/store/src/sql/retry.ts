import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '@hartonomous/contracts';

/** A transaction that the engine asked to repeat is tried this often in all. */
const attemptsMax = 4;
const pauseMsMax = 25;

/** Repeats the whole unit after a deadlock or a serialisation fault, with jitter. */
export async function retryConflicts<T>(unit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await unit();
    } catch (error) {
      if (codeOf(error) !== 'STORE_CONFLICT' || attempt >= attemptsMax) throw error;
      await sleep(Math.random() * pauseMsMax * attempt);
    }
  }
}
