import { HartoError } from '@hartonomous/contracts';
import type { UsageRepository, UsageTotal } from '../port/usage.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const usageColumns: Columns = {
  tenant_id: 'uuid',
  day: 'int',
  principal: 'text',
  kind: 'text',
  amount: 'float',
};

/** yyyymmdd of an instant, UTC. */
const dayOf = (at: Date): number =>
  at.getUTCFullYear() * 10_000 + (at.getUTCMonth() + 1) * 100 + at.getUTCDate();

export function usageRepository({ tenantId, db, sql }: TenantContext): UsageRepository {
  return {
    async record(rows) {
      // One row a key: a statement changes each row of the ledger once.
      const sums = new Map<string, [number, string, string, number]>();
      for (const { at, principal, kind, amount } of rows) {
        if (!Number.isFinite(amount) || amount < 0) {
          throw new HartoError('INPUT_INVALID', `a used amount of ${kind} is ${amount}`);
        }
        const key = JSON.stringify([dayOf(at), principal, kind]);
        sums.set(key, [dayOf(at), principal, kind, (sums.get(key)?.[3] ?? 0) + amount]);
      }
      if (sums.size === 0) return;
      const params: unknown[] = [];
      const values = [...sums.values()].map((row) => [tenantId, ...row]);
      await db.run(
        sql.upsert({
          table: 'usage_ledger',
          keys: ['tenant_id', 'day', 'principal', 'kind'],
          columns: Object.keys(usageColumns),
          from: sql.rowset('r', usageColumns, values, params),
          update: { amount: 'usage_ledger.amount + excluded.amount' },
        }),
        params,
      );
    },

    totals: (from, to) =>
      db.rows<UsageTotal>(
        `select principal as "principal", kind as "kind", sum(amount) as "amount" from usage_ledger
         where tenant_id = $1 and day between $2 and $3 group by principal, kind order by principal, kind`,
        [tenantId, dayOf(from), dayOf(to)],
      ),
  };
}
