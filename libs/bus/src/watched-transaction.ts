import type { CycleRepository, Outbox, TenantTransaction } from '@hartonomous/store';
import { checkedRow } from './publish.js';

export interface Watched {
  tx: TenantTransaction;
  /** Messages written so far. */
  published(): number;
  /** Whether the work has met this cycle among its tenant's rows. */
  met(cycleId: string): boolean;
}

/**
 * The transaction as a handler sees it: what it publishes is parsed by the catalogue and carries the trace, and the
 * cycles it found are noted, so that the usual message needs no look-up of its own to be known as the tenant's.
 */
export function watched(tx: TenantTransaction): Watched {
  let count = 0;
  const own = new Set<string>();
  const outbox: Outbox = {
    add: (message) => {
      count++;
      return tx.outbox.add(checkedRow(tx.tenantId, message));
    },
  };
  const face = over(tx, {
    get outbox() {
      return outbox;
    },
    get cycles() {
      return noting(tx.cycles, own);
    },
  });
  return { tx: face, published: () => count, met: (cycleId) => own.has(cycleId) };
}

function noting(cycles: CycleRepository, own: Set<string>): CycleRepository {
  return over(cycles, {
    get: async (id: string) => {
      const cycle = await cycles.get(id);
      if (cycle) own.add(id);
      return cycle;
    },
    advance: async (...args: Parameters<CycleRepository['advance']>) => {
      const advanced = await cycles.advance(...args);
      if (advanced) own.add(args[0]);
      return advanced;
    },
  });
}

/** The target with some members replaced; a copy would ask a lazy transaction for all of its repositories. */
function over<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_, property) => {
      if (property in members) return Reflect.get(members, property);
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
