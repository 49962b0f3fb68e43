import { codeOf, HartoError } from '@hartonomous/contracts';
import { DelayedError, UnrecoverableError } from 'bullmq';
import type { Store } from '@hartonomous/store';
import type { BusJob } from './backend.js';
import { deadLetter } from './dead-letter.js';

/** A message of a newer sender waits for the newer service, at most so long. */
const newerWaitsMs = 30_000;
const newerWaitsMsMax = 86_400_000;
/** How often a message looks whether the kill switch is off again. */
const stoppedWaitsMs = 2_000;

export interface Refused {
  refused: string;
}

/**
 * What becomes of a job whose message could not be handled: put off (no attempt used), tried again with back-off, or
 * recorded as dead letter, after which the job counts as done.
 */
export async function settle(
  store: Store,
  queue: string,
  job: BusJob,
  token: string | undefined,
  error: unknown,
): Promise<Refused> {
  const code = codeOf(error);
  if (code === 'KILL_SWITCH_ON') await putOff(job, token, stoppedWaitsMs);
  if (code === 'MESSAGE_VERSION_UNKNOWN' && Date.now() - job.timestamp < newerWaitsMsMax) {
    await putOff(job, token, newerWaitsMs);
  }
  const retryable = !(error instanceof HartoError) || error.retryable;
  const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  if (retryable && !last && code !== 'MESSAGE_VERSION_UNKNOWN') throw error;
  await deadLetter(store, queue, job, error);
  if (retryable) throw Object.assign(new UnrecoverableError(code), { cause: error });
  return { refused: code };
}

async function putOff(job: BusJob, token: string | undefined, waitMs: number): Promise<never> {
  await job.moveToDelayed(Date.now() + waitMs, token);
  throw new DelayedError();
}
