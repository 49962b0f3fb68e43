import { messageLimits, newId, parseEnvelope } from '@hartonomous/contracts';
import type { Envelope, MessageName, MessageRefs } from '@hartonomous/contracts';
import type { OutboxRow, TenantTransaction } from '@hartonomous/store';
import { carrier } from '@hartonomous/telemetry';

export interface Publication<N extends MessageName = MessageName> {
  id?: string;
  name: N;
  epoch: number;
  refs: MessageRefs<N>;
  /** Not before this instant; absent = at once. */
  deliverAt?: Date;
  trace?: Record<string, string>;
}

type OutgoingRow<N extends MessageName> = Publication<N> & { id: string; trace: Record<string, string> };

export const envelopeOf = (
  row: Pick<OutboxRow, 'id' | 'name' | 'tenantId' | 'epoch' | 'refs' | 'trace'>,
): Envelope =>
  ({
    v: messageLimits.version,
    messageId: row.id,
    name: row.name,
    tenantId: row.tenantId,
    epoch: row.epoch,
    refs: row.refs,
    ...(Object.keys(row.trace ?? {}).length > 0 ? { trace: row.trace } : {}),
  }) as Envelope;

/**
 * Writes the outbox row of a message in the caller's transaction, with the current trace; the relay publishes it after
 * the commit. Returns the message's id.
 * @throws HartoError MESSAGE_MALFORMED | MESSAGE_TOO_LARGE when the catalogue does not accept it
 */
export async function publish<N extends MessageName>(
  tx: Pick<TenantTransaction, 'tenantId' | 'outbox'>,
  message: Publication<N>,
): Promise<string> {
  const row = checkedRow(tx.tenantId, message);
  await tx.outbox.add(row);
  return row.id;
}

/** The row of a message that the catalogue accepts. */
export function checkedRow<N extends MessageName>(tenantId: string, message: Publication<N>): OutgoingRow<N> {
  const row = { ...message, id: message.id ?? newId(), trace: message.trace ?? carrier() };
  parseEnvelope(envelopeOf({ ...row, tenantId }));
  return row;
}
