import { codeOf, HartoError, newId } from '@hartonomous/contracts';
import type { Store } from '@hartonomous/store';
import { z } from 'zod';
import type { BusJob } from './backend.js';

/** What is kept of a refused message, bytes. */
const bodyMax = 4_096;

const identity = z.object({ messageId: z.uuid(), tenantId: z.uuid() });

function bodyOf(data: unknown): string {
  // PostgreSQL's text has no NUL; the rest of a hostile body is only ever shown as text.
  const text = (JSON.stringify(data) ?? 'undefined').replaceAll('\\u0000', '');
  return Buffer.from(text)
    .subarray(0, bodyMax)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}

/**
 * Records a message that will not be tried again, then takes it off the outbox, so that the reconciler does not bring
 * it back. The inbox row stands under another consumer's name: once repaired, the message can still have its effect.
 */
export async function deadLetter(store: Store, queue: string, job: BusJob, error: unknown): Promise<void> {
  const { data } = job;
  const fields = identity.safeParse(data);
  await store.withSystem('dead letter', (tx) =>
    tx.plumbing.addDeadLetter({
      id: newId(),
      queue,
      messageId: fields.success ? fields.data.messageId : null,
      name: job.name.slice(0, 100),
      code: codeOf(error),
      reason: reasonOf(error),
      body: bodyOf(data),
    }),
  );
  if (!fields.success || !(await isTenant(store, fields.data.tenantId))) return;
  const { tenantId, messageId } = fields.data;
  await store.withTenant(tenantId, (tx) => tx.inbox.receive(messageId, `${queue}:dead`));
}

/** One line without the internals of an unexpected fault. */
function reasonOf(error: unknown): string {
  if (error instanceof HartoError) return error.message.slice(0, 500);
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return `${String(name ?? 'Error')}: ${String(message ?? error)}`.split('\n', 1)[0].slice(0, 500);
}

const known = new WeakMap<Store, Set<string>>();

/** Whether the database knows the tenant; what it knew once it knows for good. */
export async function isTenant(store: Store, tenantId: string): Promise<boolean> {
  if (known.get(store)?.has(tenantId)) return true;
  const tenants = await store.withSystem('tenant check', (tx) => tx.tenants.list());
  const ids = new Set(tenants.map((tenant) => tenant.id));
  known.set(store, ids);
  return ids.has(tenantId);
}
