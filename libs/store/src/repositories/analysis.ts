import { sizeClassTokensMax } from '../port/analysis.js';
import type {
  AnalysisRepository,
  EndedSession,
  LatencyCount,
  MetricRow,
  RatedStratum,
  RequestPick,
  SampledRequest,
  TracedRequest,
} from '../port/analysis.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { askedAndWalked } from './asked-and-walked.js';
import { keptAnswerReads } from './kept-answers.js';

const window = 'tenant_id = $1 and started_at >= $2 and started_at < $3';
const pickColumns: Columns = {
  pick_no: 'int',
  operation: 'text',
  size_class: 'int',
  model_id: 'uuid',
  cache_hit: 'boolean',
  failed: 'boolean',
  since: 'instant',
  until: 'instant',
  above_ms: 'float',
};
/** Number of the size class of a request, -1 where its tokens were not counted. */
const sizeClass = `case when tokens is null then -1 ${sizeClassTokensMax
  .slice(0, -1)
  .map((most, i) => `when tokens <= ${most} then ${i}`)
  .join(' ')} else ${sizeClassTokensMax.length - 1} end`;

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
  return {
    ...latencies(context),
    ...picks(context),
    ...people(context),
    ...metrics(context),
    ...keptAnswerReads(context),
    ...askedAndWalked(context),
  };
}

/** SQL Server nests CASE ten deep: a balanced tree of this many slots stays within that. */
const slotsMax = 500;

/** Number of the slot that `started_at` lies in, 0 = the newest; `starts` are the slots' first instants, newest first. */
function slotCase(starts: readonly string[], from: number, to: number): string {
  if (from === to) return String(from);
  const middle = Math.floor((from + to) / 2);
  const [newer, older] = [slotCase(starts, from, middle), slotCase(starts, middle + 1, to)];
  return `case when started_at >= ${starts[middle]} then ${newer} else ${older} end`;
}

function slotOf(
  sql: TenantContext['sql'],
  params: unknown[],
  { to, slotMs, slots }: { to: Date; slotMs: number; slots: number },
): string {
  if (sql.timeSlot) return sql.timeSlot('started_at', '$3', `$${params.push(slotMs)}`, slots - 1);
  // Comparing instants is a third cheaper than subtracting them, row by row.
  const starts = Array.from({ length: slots - 1 }, (_, i) => {
    params.push(new Date(to.getTime() - (i + 1) * slotMs));
    return sql.cast(`$${params.length}`, 'instant');
  });
  return slotCase(starts, 0, slots - 1);
}

function latencies({ tenantId, db, sql }: TenantContext): Pick<AnalysisRepository, 'latencyCounts'> {
  return {
    async latencyCounts(from, to, slotMs) {
      const params: unknown[] = [tenantId, from, to];
      const slots = Math.min(slotsMax, Math.max(1, Math.ceil((to.getTime() - from.getTime()) / slotMs)));
      const slot = slotOf(sql, params, { to, slotMs, slots });
      const raised = 'case when duration_ms < 0.05 then 0.05 else duration_ms end';
      const bucket = `case when status = 'error' then null else floor(${sql.naturalLog(raised)} * 100) end`;
      const rows = await db.rows<LatencyCount & Record<'bucket' | 'slot' | 'count' | 'failed', string>>(
        `select operation as "operation", model_id as "model", cache_hit as "cacheHit",
           size_class as "sizeClass", bucket as "bucket", slot as "slot", count(*) as "count", sum(failed) as "failed"
         from (
           select operation, model_id, cache_hit, ${sizeClass} as size_class, ${bucket} as bucket, ${slot} as slot,
             case when status <> 'ok' then 1 else 0 end as failed
           from inference_request where ${window}) r
         group by operation, model_id, cache_hit, size_class, bucket, slot`,
        params,
      );
      return rows.map((row) => ({
        ...row,
        sizeClass: row.sizeClass === -1 ? null : row.sizeClass,
        bucket: row.bucket === null ? null : Number(row.bucket),
        slot: Number(row.slot),
        count: Number(row.count),
        failed: Number(row.failed),
      }));
    },
  };
}

/** The requests of all picks in one pass over the table, however many strata there are. */
function picked({ sql, tenantId }: TenantContext, picks: readonly RequestPick[], params: unknown[]): string {
  const values = picks.map((p, i) => [
    i,
    p.operation,
    p.sizeClass ?? -1,
    p.model,
    p.cacheHit,
    p.failed,
    p.from,
    p.to,
    p.aboveMs,
  ]);
  const given = sql.rowset('p', pickColumns, values, params);
  const time = (pick: (p: RequestPick) => Date, of: (...ms: number[]) => number): string => {
    params.push(new Date(of(...picks.map((p) => pick(p).getTime()))));
    return sql.cast(`$${params.length}`, 'instant');
  };
  params.push(tenantId, true, Math.min(...picks.map((p) => p.aboveMs)));
  const [tenant, yes, least] = [2, 1, 0].map((back) => `$${params.length - back}`);
  return `inference_request r
    join ${given} on p.operation = r.operation and p.model_id = r.model_id and p.size_class = ${sizeClass}
    where r.tenant_id = ${sql.cast(tenant!, 'uuid')} and r.duration_ms > ${sql.cast(least!, 'float')}
      and r.started_at >= ${time((p) => p.from, Math.min)} and r.started_at < ${time((p) => p.to, Math.max)}
      and r.started_at >= p.since and r.started_at < p.until and r.duration_ms > p.above_ms
      and (p.cache_hit is null or p.cache_hit = r.cache_hit)
      and r.status <> case when p.failed = ${yes} then 'ok' else 'error' end`;
}

type Picks = Pick<AnalysisRepository, 'slowRequests' | 'newestRequests' | 'traced'>;

function picks(context: TenantContext): Picks {
  const { db, sql } = context;
  return {
    async slowRequests(given, idsMax) {
      if (given.length === 0) return [];
      const params: unknown[] = [idsMax];
      const rows = await db.rows<{ pickNo: number; id: string; total: string | number }>(
        `select pick_no as "pickNo", id as "id", total as "total"
         from (
           select p.pick_no, r.id, count(*) over (partition by p.pick_no) as total,
             row_number() over (partition by p.pick_no order by r.duration_ms desc, ${sql.idText('r.id')}) as nth
           from ${picked(context, given, params)}) s
         where nth <= $1 order by pick_no, nth`,
        params,
      );
      const found = given.map(() => ({ count: 0, ids: [] as string[] }));
      for (const { pickNo, id, total } of rows) {
        const own = found[pickNo]!;
        own.count = Number(total);
        own.ids.push(id);
      }
      return found;
    },

    async newestRequests(given, limit) {
      if (given.length === 0) return [];
      const params: unknown[] = [limit];
      const rows = await db.rows<SampledRequest & { pickNo: number }>(
        `select pick_no as "pickNo", id as "id", started_at as "startedAt", duration_ms as "durationMs",
           coalesce(tokens, 0) as "tokens", status as "status"
         from (
           select p.pick_no, r.id, r.started_at, r.duration_ms, r.tokens, r.status,
             row_number() over (partition by p.pick_no order by r.started_at desc, ${sql.idText('r.id')} desc) as nth
           from ${picked(context, given, params)}) s
         where nth <= $1 order by pick_no, nth`,
        params,
      );
      const found = given.map((): SampledRequest[] => []);
      for (const { pickNo, ...row } of rows) found[pickNo]!.push(row);
      return found;
    },

    async traced(ids) {
      if (ids.length === 0) return null;
      const params: unknown[] = [context.tenantId];
      const [row] = await db.rows<TracedRequest>(
        `select id as "id", trace_id as "traceId", span_id as "spanId", duration_ms as "durationMs"
         from inference_request
         where tenant_id = $1 and ${sql.anyOf('id', 'uuid', ids, params)}
           and trace_id is not null and span_id is not null
         order by duration_ms desc, ${sql.idText('id')} offset 0 rows fetch next 1 rows only`,
        params,
      );
      return row ?? null;
    },
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
