import type { Verdict } from '@hartonomous/contracts';
import type { BeliefRepository, BeliefRow, HistoryRepository } from '../port/loop.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const beliefColumns: Columns = {
  tenant_id: 'uuid',
  kind: 'text',
  belief_key: 'text',
  successes: 'float',
  failures: 'float',
  gain_count: 'float',
  gain_mean: 'float',
  gain_m2: 'float',
  trials: 'int',
  harms: 'int',
  first_seen_cycle: 'int',
  last_tried_cycle: 'int',
  as_of_cycle: 'int',
  version: 'int',
};

export function beliefRepository({ tenantId, db, sql }: TenantContext): BeliefRepository {
  return {
    all: () =>
      db.rows<BeliefRow>(
        `select kind as "kind", belief_key as "key", successes as "successes", failures as "failures",
           gain_count as "gainCount", gain_mean as "gainMean", gain_m2 as "gainM2", trials as "trials",
           harms as "harms", first_seen_cycle as "firstSeenCycle", last_tried_cycle as "lastTriedCycle",
           as_of_cycle as "asOfCycle", version as "version"
         from belief where tenant_id = $1 order by kind, belief_key`,
        [tenantId],
      ),

    async save(row) {
      const values = [
        row.successes,
        row.failures,
        row.gainCount,
        row.gainMean,
        row.gainM2,
        row.trials,
        row.harms,
        row.firstSeenCycle,
        row.lastTriedCycle,
        row.asOfCycle,
      ];
      if (row.version === 0) {
        const params: unknown[] = [];
        const names = Object.keys(beliefColumns);
        const added = await db.run(
          sql.insertNew({
            table: 'belief',
            columns: names,
            select: names.map((n) => `r.${n}`),
            from: sql.rowset('r', beliefColumns, [[tenantId, row.kind, row.key, ...values, 1]], params),
            match:
              'belief.tenant_id = r.tenant_id and belief.kind = r.kind and belief.belief_key = r.belief_key',
          }),
          params,
        );
        return added === 1;
      }
      const changed = await db.run(
        `update belief set successes = $5, failures = $6, gain_count = $7, gain_mean = $8, gain_m2 = $9,
           trials = $10, harms = $11, first_seen_cycle = $12, last_tried_cycle = ${sql.cast('$13', 'int')}, as_of_cycle = $14,
           version = version + 1
         where tenant_id = $1 and kind = $2 and belief_key = $3 and version = $4`,
        [tenantId, row.kind, row.key, row.version, ...values],
      );
      return changed === 1;
    },
  };
}

interface HistoryRecord {
  id: string;
  actionId: string;
  cycleId: string;
  verdict: Verdict;
  netGainSeconds: number;
  successScore: number;
  document: string;
  at: Date;
}

export function historyRepository({ tenantId, db, sql }: TenantContext): HistoryRepository {
  return {
    async add(row) {
      await db.send(
        `insert into improvement_history (tenant_id, id, action_id, cycle_id, verdict, net_gain_seconds,
           success_score, document) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [
          tenantId,
          row.id,
          row.actionId,
          row.cycleId,
          row.verdict,
          row.netGainSeconds,
          row.successScore,
          JSON.stringify(row.document),
        ],
      );
    },

    async latest(limit) {
      const rows = await db.rows<HistoryRecord>(
        `select id as "id", action_id as "actionId", cycle_id as "cycleId", verdict as "verdict",
           net_gain_seconds as "netGainSeconds", success_score as "successScore", document as "document",
           created_at as "at"
         from improvement_history where tenant_id = $1
         order by created_at desc, ${sql.idText('id')} desc offset 0 rows fetch next $2 rows only`,
        [tenantId, limit],
      );
      return rows.map((r) => ({ ...r, document: JSON.parse(r.document) as Record<string, unknown> }));
    },

    async netGain() {
      const [row] = await db.rows<{ net: number | null; actions: string | number }>(
        `select sum(case when a.state = 'Kept' or h.net_gain_seconds < 0 then h.net_gain_seconds else 0 end) as "net",
           count(*) as "actions"
         from improvement_history h join action a on a.tenant_id = h.tenant_id and a.id = h.action_id
         where h.tenant_id = $1 and not exists (select 1 from improvement_history later
           where later.tenant_id = h.tenant_id and later.action_id = h.action_id
             and (later.created_at > h.created_at
               or (later.created_at = h.created_at and ${sql.idText('later.id')} > ${sql.idText('h.id')})))`,
        [tenantId],
      );
      return { secondsPerHour: row.net ?? 0, actions: Number(row.actions) };
    },

    async addMetric(row) {
      await db.run(
        `insert into learning_metric (tenant_id, cycle_id, name, value, low, high, label)
         values ($1, $2, $3, $4, ${sql.cast('$5', 'float')}, ${sql.cast('$6', 'float')}, $7)`,
        [tenantId, row.cycleId, row.name, row.value, row.low, row.high, row.label],
      );
    },
  };
}
