import { computeLimits } from '@hartonomous/compute';
import type { Bus } from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';

/**
 * An open computation without a sign of life for so long is pushed, ms: its messages stand in the outbox until they
 * are received, so that this is needed only when one went to the dead letters.
 */
const idleMs = 60_000;

/**
 * Takes back the leases of silent workers and, when `idleToo`, wakes computations that nobody works on. Returns how
 * many it touched.
 */
export async function watchComputations(store: Store, bus: Bus, idleToo: boolean): Promise<number> {
  const all = await store.withSystem('look after open computations', (tx) =>
    tx.computations.unattended(idleMs),
  );
  const rows = all.filter((row) => row.expired || idleToo);
  for (const { tenantId, computationId } of rows) {
    await store.withTenant(tenantId, (tx) => wake(tx, bus, computationId));
  }
  return rows.length;
}

async function wake(tx: TenantTransaction, bus: Bus, computationId: string): Promise<void> {
  const row = await tx.computations.get(computationId);
  if (!row) return;
  const expired = await tx.computations.expire(computationId, computeLimits.leasesMax);
  const epoch = row.revision;
  const ended = (chunkNo: number, outcome: 'failed' | 'released') =>
    bus.publish(tx, { name: 'compute.chunk.completed', epoch, refs: { computationId, chunkNo, outcome } });
  const ask = () => bus.publish(tx, { name: 'compute.chunk.due', epoch, refs: { computationId } });
  for (const chunkNo of expired) {
    await ended(chunkNo, 'failed');
    if (row.state === 'Running') await ask();
  }
  if (expired.length > 0) return;
  if (row.state === 'Pending') {
    await bus.publish(tx, { name: 'compute.submitted', epoch, refs: { computationId } });
  } else if (row.state === 'Running') {
    // Both are harmless when they are not needed: planning and claiming ask the ledger.
    await ended(0, 'released');
    await ask();
  } else {
    await ended(0, 'released');
  }
}
