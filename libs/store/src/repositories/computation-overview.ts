import type { ComputationOverview, RunnableComputation } from '../port/compute.js';
import type { SystemContext } from './context.js';

/** What a chunk under way is counted for at least, ms: a tenant that just began is not served twice at once. */
const underWayMs = 500;

export function computationOverview({ db, sql }: SystemContext): ComputationOverview {
  const chunks = (states: string, more = '') =>
    `select count(*) from computation_chunk k where k.tenant_id = c.tenant_id and k.computation_id = c.id
       and k.state in (${states})${more}`;
  return {
    async runnable(limit) {
      const rows = await db.rows<
        Omit<RunnableComputation, 'order' | 'running'> & Record<'order' | 'running', string>
      >(
        `select c.tenant_id as "tenantId", c.id as "computationId", c.lane as "lane", c.priority as "priority",
           c.order_no as "order", (${chunks(`'Leased'`)}) as "running"
         from computation c where c.state = 'Running' and exists (select 1 from computation_chunk p
           where p.tenant_id = c.tenant_id and p.computation_id = c.id and p.state = 'Pending'
             and p.available_at <= ${sql.now})
         order by c.order_no offset 0 rows fetch next $1 rows only`,
        [limit],
      );
      return rows.map((row) => ({ ...row, order: Number(row.order), running: Number(row.running) }));
    },

    async usage(windowMs) {
      const age = `${sql.ageSeconds('leased_at')} * 1000`;
      const rows = await db.rows<{ tenantId: string; usedMs: number | string }>(
        `select u.tenant_id as "tenantId", sum(u.ms) as "usedMs" from (
           select tenant_id, elapsed_ms as ms from computation_chunk
             where finished_at > ${sql.later(sql.now, '$1')} and elapsed_ms is not null
           union all
           select tenant_id, case when ${age} < ${underWayMs} then ${underWayMs} else ${age} end
             from computation_chunk where state = 'Leased') u
         group by u.tenant_id`,
        [-windowMs],
      );
      return rows.map((row) => ({ tenantId: row.tenantId, usedMs: Number(row.usedMs) }));
    },

    async unattended(idleMs) {
      const rows = await db.rows<{ tenantId: string; computationId: string; expired: boolean | number }>(
        `select c.tenant_id as "tenantId", c.id as "computationId",
           case when (${chunks(`'Leased'`, ` and k.leased_until < ${sql.now}`)}) > 0 then 1 else 0 end as "expired"
         from computation c where c.state in ('Pending', 'Running', 'Pausing', 'Cancelling')
           and ((${chunks(`'Leased'`, ` and k.leased_until < ${sql.now}`)}) > 0
             or ((${chunks(`'Leased'`)}) = 0 and not exists (select 1 from computation_chunk f
               where f.tenant_id = c.tenant_id and f.computation_id = c.id
                 and (f.finished_at > ${sql.later(sql.now, '$1')} or f.leased_at > ${sql.later(sql.now, '$1')}
                   or f.available_at > ${sql.later(sql.now, '$1')}))
               and c.created_at < ${sql.later(sql.now, '$1')}))
         order by c.order_no offset 0 rows fetch next 200 rows only`,
        [-idleMs],
      );
      return rows.map((row) => ({ ...row, expired: Number(row.expired) === 1 }));
    },
  };
}
