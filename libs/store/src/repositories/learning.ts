import type { Verdict } from '@hartonomous/contracts';
import type { BeliefRepository, BeliefRow, HistoryRepository } from '../port/loop.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const beliefColumns: Columns = {
  tenant_id: 'uuid',
  arm: 'text',
  alpha: 'float',
  beta: 'float',
  gain_mean: 'float',
  gain_count: 'float',
  gain_m2: 'float',
  harms: 'float',
  tries: 'float',
  last_tried_cycle: 'int',
  version: 'int',
};

export function beliefRepository({ tenantId, db, sql }: TenantContext): BeliefRepository {
  return {
    all: () =>
      db.rows<BeliefRow>(
        `select arm as "arm", alpha as "alpha", beta as "beta", gain_mean as "gainMean", gain_count as "gainCount",
           gain_m2 as "gainM2", harms as "harms", tries as "tries", last_tried_cycle as "lastTriedCycle",
           version as "version"
         from belief where tenant_id = $1 order by arm`,
        [tenantId],
      ),

    async save(row) {
      const values = [
        row.alpha,
        row.beta,
        row.gainMean,
        row.gainCount,
        row.gainM2,
        row.harms,
        row.tries,
        row.lastTriedCycle,
      ];
      if (row.version === 0) {
        const params: unknown[] = [];
        const names = Object.keys(beliefColumns);
        const added = await db.run(
          sql.insertNew({
            table: 'belief',
            columns: names,
            select: names.map((n) => `r.${n}`),
            from: sql.rowset('r', beliefColumns, [[tenantId, row.arm, ...values, 1]], params),
            match: 'belief.tenant_id = r.tenant_id and belief.arm = r.arm',
          }),
          params,
        );
        return added === 1;
      }
      const changed = await db.run(
        `update belief set alpha = $4, beta = $5, gain_mean = $6, gain_count = $7, gain_m2 = $8, harms = $9,
           tries = $10, last_tried_cycle = $11, version = version + 1
         where tenant_id = $1 and arm = $2 and version = $3`,
        [tenantId, row.arm, row.version, ...values],
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
      await db.run(
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

    async addMetric(row) {
      await db.run(
        `insert into learning_metric (tenant_id, cycle_id, name, value, low, high, label)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [tenantId, row.cycleId, row.name, row.value, row.low, row.high, row.label],
      );
    },
  };
}
