import type { Envelope } from '@hartonomous/contracts';
import type { TenantTransaction } from '@hartonomous/store';
import type { ExecutorDeps } from './executors/executor.js';

/** Runs `work` in one transaction with the inbox row of the message; undefined when its effect is already there. */
export type Once = <T>(
  message: Envelope,
  work: (tx: TenantTransaction) => Promise<T>,
) => Promise<T | undefined>;

export interface ActDeps extends ExecutorDeps {
  once: Once;
  /** Throws KILL_SWITCH_ON while the loop is stopped, or the switch cannot be read: the message is delayed. */
  assertRunning: () => Promise<void>;
  traceId: () => string | null;
}
