import type { Envelope, ServiceName } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { annotate } from '@hartonomous/telemetry';
import { watched } from './watched-transaction.js';

export interface HandleDeps {
  store: Store;
  service: ServiceName;
}

/** Envelopes whose inbox row this process has written: the transport writes it for those that are missing here. */
const received = new WeakSet<Envelope>();

export const wasReceived = (envelope: Envelope): boolean => received.has(envelope);

/**
 * Runs `work` in the one transaction that also writes the message's inbox row, so that its effect is there once
 * however often it is delivered. Undefined when it was there already. The callback may run again after a deadlock:
 * effects outside of the transaction do not belong in it.
 * @throws HartoError MESSAGE_FOREIGN_TENANT when the cycle named is not the tenant's
 */
export async function handleOnce<T>(
  deps: HandleDeps,
  envelope: Envelope,
  work: (tx: TenantTransaction) => Promise<T>,
): Promise<T | undefined> {
  let first = false;
  let published = 0;
  const { cycleId } = envelope.refs as { cycleId?: string };
  const result = await deps.store.withTenant(envelope.tenantId, async (tx) => {
    // The database decides whose cycle it is: another tenant's row is not visible in this transaction.
    first = await tx.inbox.receive(envelope.messageId, deps.service, cycleId);
    if (!first) return undefined;
    const watch = watched(tx);
    const value = await work(watch.tx);
    published = watch.published();
    await faultPoint(`${deps.service}.in-tx`);
    return value;
  });
  received.add(envelope);
  if (!first) annotate({ 'hartonomous.duplicate': true });
  // With messages written, the relay passes this point itself, before it publishes them.
  else if (published === 0) await faultPoint(`${deps.service}.after-commit`);
  return result;
}
