import { messageLimits, newId, parseEnvelope } from '@hartonomous/contracts';
import type { Envelope, MessageName, MessageRefs } from '@hartonomous/contracts';
import type { Outbox, OutboxRow, TenantTransaction } from '@hartonomous/store';
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
  const row = checked(tx.tenantId, message);
  await tx.outbox.add(row);
  return row.id;
}

function checked<N extends MessageName>(tenantId: string, message: Publication<N>) {
  const row = { ...message, id: message.id ?? newId(), trace: message.trace ?? carrier() };
  parseEnvelope(envelopeOf({ ...row, tenantId }));
  return row;
}

/** The transaction as handlers see it: what they publish is parsed and carries the trace; `count` tells how much. */
export function withCheckedOutbox(tx: TenantTransaction): { tx: TenantTransaction; count: () => number } {
  let count = 0;
  const outbox: Outbox = {
    add: (message) => {
      count++;
      return tx.outbox.add(checked(tx.tenantId, message));
    },
  };
  const face = new Proxy(tx, {
    get: (target, property) => {
      if (property === 'outbox') return outbox;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { tx: face, count: () => count };
}
