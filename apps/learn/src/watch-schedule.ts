import type { Store } from '@hartonomous/store';
import { requestRescores } from './rescoring.js';
import { requestNextCycle } from './close-cycle.js';

/** An open cycle whose actions show no movement for this long (unscaled) has failed. */
const stuckAfterMs = 60 * 60_000;
const stuckAfterMsMin = 10 * 60_000;
const firstDelayMs = 60 * 60_000;

/**
 * Keeps a schedule alive for every tenant: without an open cycle one is asked for, and one that got stuck (its
 * messages went to the dead letters) is failed, so that the loop goes on and says so.
 */
export async function watchSchedule(
  store: Store,
  scale: number,
  log: (line: string) => void,
  now = new Date(),
): Promise<void> {
  const tenants = await store.withSystem('keep the schedule of every tenant', (tx) => tx.tenants.list());
  for (const tenant of tenants) {
    await requestRescores(store, tenant.id, now, scale);
    await store.withTenant(tenant.id, async (tx) => {
      const [latest] = await tx.cycles.latest(1);
      const open = latest && latest.state !== 'Learned' && latest.state !== 'Failed';
      if (!open) return requestNextCycle(tx, firstDelayMs / scale, 'schedule');
      if (latest.state === 'Requested') return;
      const age = (await tx.now()).getTime() - latest.dueAt.getTime();
      if (age < Math.max(stuckAfterMsMin, stuckAfterMs / scale)) return;
      const outcome = {
        summary: `no end after ${Math.round(age / 60_000)} minutes in state ${latest.state}`,
      };
      if (!(await tx.cycles.advance(latest.id, latest.epoch, latest.state, 'Failed', { outcome }))) return;
      log(`cycle ${latest.number} failed: ${outcome.summary}`);
      await tx.audit.append({ what: 'cycle.failed', subject: latest.id, who: 'learn', why: outcome.summary });
      await requestNextCycle(tx, firstDelayMs / scale, 'schedule');
    });
  }
}
