import type { Outbox, TenantTransaction } from '@hartonomous/store';
import { checkedRow } from './publish.js';

export interface Watched {
  tx: TenantTransaction;
  /** Messages written so far. */
  published(): number;
}

/** The transaction as a handler sees it: what it publishes is parsed by the catalogue and carries the trace. */
export function watched(tx: TenantTransaction): Watched {
  let count = 0;
  const outbox: Outbox = {
    add: (message) => {
      count++;
      return tx.outbox.add(checkedRow(tx.tenantId, message));
    },
  };
  // A copy would ask a lazy transaction for all of its repositories.
  const face = new Proxy(tx, {
    get: (_, property) => (property === 'outbox' ? outbox : Reflect.get(tx, property, tx)),
  });
  return { tx: face, published: () => count };
}
