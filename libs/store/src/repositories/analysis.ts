import type {
  AnalysisRepository,
  EndedSession,
  LatencyCount,
  MetricRow,
  RatedStratum,
  SampledRequest,
} from '../port/analysis.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const window = 'tenant_id = $1 and started_at >= $2 and started_at < $3';
const limitColumns: Columns = { operation: 'text', model_id: 'uuid', above_ms: 'float' };
const metricColumns: Columns = {
  tenant_id: 'uuid',
  cycle_id: 'uuid',
  name: 'text',
  label: 'text',
  value: 'float',
  low: 'float',
  high: 'float',
};

export function analysisRepository(context: TenantContext): AnalysisRepository {
  return { ...latencies(context), ...people(context), ...metrics(context) };
}

type Latencies = Pick<AnalysisRepository, 'latencyCounts' | 'slowRequests' | 'newestRequests'>;

function latencies({ tenantId, db, sql }: TenantContext): Latencies {
  return {
    async latencyCounts(from, to, slotMs) {
      const raised = 'case when duration_ms < 0.05 then 0.05 else duration_ms end';
      // One cast a row: the age of the window's end is a constant of the statement.
      const [end] = await db.rows<{ age: number }>(
        `select ${sql.ageSeconds(sql.cast('$1', 'instant'))} as "age"`,
        [to],
      );
      const bucket = `case when status = 'error' then null else floor(${sql.naturalLog(raised)} * 100) end`;
      const rows = await db.rows<
        LatencyCount & Record<'bucket' | 'slot' | 'count' | 'failed' | 'cacheHits', string>
      >(
        `select operation as "operation", model_id as "model", bucket as "bucket", slot as "slot",
           count(*) as "count", sum(failed) as "failed", sum(hit) as "cacheHits"
         from (
           select operation, model_id, ${bucket} as bucket,
             floor((${sql.ageSeconds('started_at')} - ${sql.cast('$5', 'float')}) * 1000 / ${sql.cast('$4', 'float')}) as slot,
             case when cache_hit = $6 then 1 else 0 end as hit,
             case when status <> 'ok' then 1 else 0 end as failed
           from inference_request where ${window}) r
         group by operation, model_id, bucket, slot`,
        [tenantId, from, to, slotMs, end!.age, true],
      );
      return rows.map((row) => ({
        ...row,
        bucket: row.bucket === null ? null : Number(row.bucket),
        slot: Math.max(0, Number(row.slot)),
        count: Number(row.count),
        failed: Number(row.failed),
        cacheHits: Number(row.cacheHits),
      }));
    },

    async slowRequests(from, to, limits, idsMax) {
      if (limits.length === 0) return [];
      const params: unknown[] = [tenantId, from, to, idsMax];
      const values = limits.map((l) => [l.operation, l.model, l.aboveMs]);
      const given = sql.rowset('l', limitColumns, values, params);
      const rows = await db.rows<{ operation: string; model: string; id: string; total: string | number }>(
        `select operation as "operation", model_id as "model", id as "id", total as "total"
         from (
           select r.operation, r.model_id, r.id, r.duration_ms,
             count(*) over (partition by r.operation, r.model_id) as total,
             row_number() over (partition by r.operation, r.model_id order by r.duration_ms desc) as nth
           from inference_request r
           join ${given} on l.operation = r.operation and l.model_id = r.model_id
           where r.tenant_id = $1 and r.started_at >= $2 and r.started_at < $3
             and r.status <> 'error' and r.duration_ms > l.above_ms) s
         where nth <= $4 order by operation, model_id, nth`,
        params,
      );
      return limits.map((limit) => {
        const own = rows.filter((r) => r.operation === limit.operation && r.model === limit.model);
        return { ...limit, count: Number(own[0]?.total ?? 0), ids: own.map((r) => r.id) };
      });
    },

    newestRequests: (from, to, { operation, model }, limit) =>
      db.rows<SampledRequest>(
        `select id as "id", started_at as "startedAt", duration_ms as "durationMs",
           coalesce(tokens, 0) as "tokens", status as "status"
         from inference_request
         where ${window} and operation = $4 and model_id = $5 and status <> 'error'
         order by started_at desc, ${sql.idText('id')} desc offset 0 rows fetch next $6 rows only`,
        [tenantId, from, to, operation, model, limit],
      ),
  };
}

function people({ tenantId, db, sql }: TenantContext): Pick<AnalysisRepository, 'ratings' | 'endedSessions'> {
  return {
    async ratings(from, to, idsMax) {
      const rows = await db.rows<{
        operation: string;
        model: string;
        requestId: string;
        total: string | number;
        mean: number;
      }>(
        `select operation as "operation", model_id as "model", request_id as "requestId", total as "total",
           mean as "mean"
         from (
           select r.operation, r.model_id, f.request_id,
             count(*) over (partition by r.operation, r.model_id) as total,
             avg(f.rating * 1.0) over (partition by r.operation, r.model_id) as mean,
             row_number() over (partition by r.operation, r.model_id order by f.rating, f.created_at desc) as nth
           from inference_feedback f
           join inference_request r on r.tenant_id = f.tenant_id and r.id = f.request_id
           where f.tenant_id = $1 and f.created_at >= $2 and f.created_at < $3) s
         where nth <= $4 order by operation, model_id, nth`,
        [tenantId, from, to, idsMax],
      );
      const strata = new Map<string, RatedStratum>();
      for (const { operation, model, requestId, total, mean } of rows) {
        const key = `${operation}|${model}`;
        const known = strata.get(key) ?? {
          operation,
          model,
          count: Number(total),
          meanRating: Number(mean),
          requestIds: [],
        };
        known.requestIds.push(requestId);
        strata.set(key, known);
      }
      return [...strata.values()];
    },

    async endedSessions(from, to, limit) {
      const rows = await db.rows<EndedSession & { steps: string | number }>(
        `select id as "id", outcome as "outcome", steps as "steps", x as "x", y as "y"
         from (
           select s.id, s.outcome, s.started_at, p.x, p.y, count(*) over (partition by s.id) as steps,
             row_number() over (partition by s.id order by p.visited_at desc, ${sql.idText('p.request_id')}) as nth
           from session s join session_path p on p.tenant_id = s.tenant_id and p.session_id = s.id
           where s.tenant_id = $1 and s.started_at >= $2 and s.started_at < $3 and s.outcome is not null) e
         where nth = 1 order by started_at desc, ${sql.idText('id')} offset 0 rows fetch next $4 rows only`,
        [tenantId, from, to, limit],
      );
      return rows.map((row) => ({ ...row, steps: Number(row.steps) }));
    },
  };
}

function metrics({ tenantId, db, sql }: TenantContext): Pick<AnalysisRepository, 'addMetrics' | 'metrics'> {
  return {
    async addMetrics(rows) {
      if (rows.length === 0) return;
      const params: unknown[] = [];
      const values = rows.map((r) => [tenantId, r.cycleId, r.name, r.label, r.value, r.low, r.high]);
      const names = Object.keys(metricColumns);
      const from = sql.rowset('r', metricColumns, values, params);
      await db.run(
        `insert into learning_metric (${names.join(', ')}) select ${names.map((n) => `r.${n}`).join(', ')} from ${from}`,
        params,
      );
    },

    metrics: (name, limit) =>
      db.rows<MetricRow & { at: Date }>(
        `select cycle_id as "cycleId", name as "name", label as "label", value as "value", low as "low",
           high as "high", created_at as "at"
         from learning_metric where tenant_id = $1 and name = $2
         order by created_at desc, label offset 0 rows fetch next $3 rows only`,
        [tenantId, name, limit],
      ),
  };
}
