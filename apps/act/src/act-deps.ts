import type { Envelope } from '@hartonomous/contracts';
import type { TenantTransaction } from '@hartonomous/store';
import type { ExecutorDeps } from './executors/executor.js';
import type { LaneWatch } from './lane-age.js';

/** Runs `work` in one transaction with the inbox row of the message; undefined when its effect is already there. */
export type Once = <T>(
  message: Envelope,
  work: (tx: TenantTransaction) => Promise<T>,
) => Promise<T | undefined>;

export interface ActDeps extends ExecutorDeps, LaneWatch {
  once: Once;
  traceId: () => string | null;
}

/**
 * Reads the switch again before anything is written: a replay or a build may have begun before it was thrown. What was
 * measured meanwhile is measured again when the message comes back.
 */
export const whileRunning = (deps: ActDeps): ActDeps => ({
  ...deps,
  once: async (message, work) => {
    await deps.assertRunning();
    return deps.once(message, work);
  },
});
