import type { SearchRequest, Stratum } from '@hartonomous/contracts';
import type { ArmDuration, KeyUse, NoticedRequest, WorkloadRepository } from '../port/serving.js';
import type { TenantContext } from './context.js';

/** A percentile is told only where enough rows carry it. */
const percentiles = [
  { name: 'p50Ms', share: 0.5, rowsMin: 5 },
  { name: 'p90Ms', share: 0.9, rowsMin: 29 },
  { name: 'p95Ms', share: 0.95, rowsMin: 59 },
  { name: 'p99Ms', share: 0.99, rowsMin: 299 },
] as const;

const window = 'tenant_id = $1 and started_at >= $2 and started_at < $3';

interface StratumRecord {
  operation: string;
  model: string;
  count: string | number;
  errors: string | number;
  timed: string | number;
  hits: string | number;
  meanRating: number | null;
  p50Ms: number | null;
  p90Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
}

export function workloadRepository(context: TenantContext): WorkloadRepository {
  return { ...strata(context), ...requestsOfWindow(context), ...durations(context) };
}

function strata({ tenantId, db }: TenantContext): Pick<WorkloadRepository, 'strata'> {
  // Nearest rank over what was answered or timed out; errors end early and would flatter the latency.
  const ranked = percentiles
    .map((p) => `max(case when nth = ceiling(${p.share} * timed) then duration_ms end) as "${p.name}"`)
    .join(', ');
  return {
    async strata(from, to) {
      const rows = await db.rows<StratumRecord>(
        `select s.operation as "operation", s.model_id as "model", s.n as "count", s.errors as "errors",
           s.hits as "hits", coalesce(p.timed, 0) as "timed", p."p50Ms", p."p90Ms", p."p95Ms", p."p99Ms",
           f.rating as "meanRating"
         from (
           select operation, model_id, count(*) as n, sum(case when status <> 'ok' then 1 else 0 end) as errors,
             sum(case when cache_hit = $4 then 1 else 0 end) as hits
           from inference_request where ${window} group by operation, model_id) s
         left join (
           select operation, model_id, max(timed) as timed, ${ranked}
           from (
             select operation, model_id, duration_ms, count(*) over (partition by operation, model_id) as timed,
               row_number() over (partition by operation, model_id order by duration_ms) as nth
             from inference_request where ${window} and status <> 'error') d
           group by operation, model_id) p on p.operation = s.operation and p.model_id = s.model_id
         left join (
           select r.operation, r.model_id, avg(b.rating * 1.0) as rating
           from inference_feedback b join inference_request r on r.tenant_id = b.tenant_id and r.id = b.request_id
           where b.tenant_id = $1 and r.started_at >= $2 and r.started_at < $3
           group by r.operation, r.model_id) f on f.operation = s.operation and f.model_id = s.model_id
         order by s.n desc, s.operation`,
        [tenantId, from, to, true],
      );
      return rows.map((row): Stratum => {
        const count = Number(row.count);
        const timed = Number(row.timed);
        const told = Object.fromEntries(
          percentiles.map((p) => [p.name, timed >= p.rowsMin ? row[p.name] : null]),
        ) as Pick<Stratum, 'p50Ms' | 'p90Ms' | 'p95Ms' | 'p99Ms'>;
        return {
          operation: row.operation,
          model: row.model,
          count,
          errors: Number(row.errors),
          ...told,
          cacheHitRate: Number(row.hits) / count,
          meanRating: row.meanRating === null ? null : Number(row.meanRating),
        };
      });
    },
  };
}

type KeyRecord = Omit<KeyUse, 'input'> & { input: string };

type RequestsOfWindow = Pick<WorkloadRepository, 'topKeys' | 'slowest' | 'sample' | 'oldestRequestAt'>;

function requestsOfWindow({ tenantId, db, sql }: TenantContext): RequestsOfWindow {
  return {
    async topKeys(from, to, limit) {
      const rows = await db.rows<KeyRecord>(
        `select input_hash as "inputHash", min(input) as "input", count(*) as "count", avg(duration_ms) as "meanMs",
           sum(case when cache_hit = $5 then 1 else 0 end) as "cacheHits"
         from inference_request where ${window} and status = 'ok'
         group by input_hash order by count(*) desc, input_hash offset 0 rows fetch next $4 rows only`,
        [tenantId, from, to, limit, true],
      );
      return rows.map((row) => ({
        ...row,
        input: JSON.parse(row.input) as SearchRequest,
        count: Number(row.count),
        cacheHits: Number(row.cacheHits),
      }));
    },

    slowest: (from, to, limit) =>
      db.rows<NoticedRequest>(
        `select id as "id", trace_id as "traceId", span_id as "spanId", duration_ms as "durationMs",
           started_at as "startedAt"
         from inference_request where ${window}
         order by case when trace_id is null then 1 else 0 end, duration_ms desc, ${sql.idText('id')}
         offset 0 rows fetch next $4 rows only`,
        [tenantId, from, to, limit],
      ),

    async sample(from, to, limit, seed) {
      const shuffled = sql.shuffleKey(`${sql.cast(sql.idText('id'), 'text')} || ${sql.cast('$5', 'text')}`);
      const rows = await db.rows<{ inputHash: string; input: string }>(
        `select input_hash as "inputHash", input as "input" from inference_request
         where ${window} and status = 'ok' order by ${shuffled} offset 0 rows fetch next $4 rows only`,
        [tenantId, from, to, limit, String(seed)],
      );
      return rows.map((row) => ({ inputHash: row.inputHash, input: JSON.parse(row.input) as SearchRequest }));
    },

    async oldestRequestAt() {
      const [row] = await db.rows<{ at: Date | null }>(
        'select min(started_at) as "at" from inference_request where tenant_id = $1',
        [tenantId],
      );
      return row.at;
    },
  };
}

const durationFields = `id as "requestId", input_hash as "inputHash", arm as "arm", duration_ms as "durationMs",
  status as "status"`;

function durations({
  tenantId,
  db,
  sql,
}: TenantContext): Pick<WorkloadRepository, 'armDurations' | 'keyDurations'> {
  return {
    armDurations: (actionId, blockNo) =>
      db.rows<ArmDuration>(
        `select ${durationFields} from inference_request where tenant_id = $1 and action_id = $2 and block_no = $3
         order by started_at, ${sql.idText('id')}`,
        [tenantId, actionId, blockNo],
      ),

    async keyDurations(from, to, inputHashes) {
      if (inputHashes.length === 0) return [];
      const params: unknown[] = [tenantId, from, to];
      const ofKeys = sql.anyOf('input_hash', 'text', inputHashes, params);
      return db.rows<ArmDuration>(
        `select ${durationFields} from inference_request
         where ${window} and ${ofKeys} and (arm is null or arm = 'control')
         order by started_at, ${sql.idText('id')}`,
        params,
      );
    },
  };
}
