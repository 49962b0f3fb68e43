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
  /** True while the kill switch is on, or cannot be read. */
  stopped: () => Promise<boolean>;
  traceId: () => string | null;
  /** Fault points of this hop, for tests that kill the process. */
  fault: (point: string) => Promise<void>;
}
