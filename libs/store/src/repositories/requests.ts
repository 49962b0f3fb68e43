import type { RequestRecord, RequestRepository } from '../port/serving.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { sealRequests } from './provenance-writers.js';

const requestColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  model_id: 'uuid',
  operation: 'text',
  input_hash: 'text',
  input: 'text',
  started_at: 'instant',
  duration_ms: 'float',
  status: 'text',
  cache_hit: 'boolean',
  action_id: 'uuid',
  block_no: 'int',
  arm: 'text',
  session_id: 'uuid',
  trace_id: 'text',
  span_id: 'text',
  result_count: 'int',
  tokens: 'int',
};

const stepColumns: Columns = {
  tenant_id: 'uuid',
  request_id: 'uuid',
  step_rank: 'int',
  atom_id: 'uuid',
  score: 'float',
};
const sessionColumns: Columns = { tenant_id: 'uuid', id: 'uuid', started_at: 'instant' };
const pathColumns: Columns = {
  tenant_id: 'uuid',
  session_id: 'uuid',
  request_id: 'uuid',
  visited_at: 'instant',
  x: 'float',
  y: 'float',
  z: 'float',
};

const requestValues = (tenantId: string, r: RequestRecord): unknown[] => [
  tenantId,
  r.id,
  r.modelId,
  r.operation,
  r.inputHash,
  JSON.stringify(r.input),
  r.startedAt,
  r.durationMs,
  r.status,
  r.cacheHit,
  r.actionId,
  r.blockNo,
  r.arm,
  r.sessionId,
  r.traceId,
  r.spanId,
  r.resultCount,
  r.tokens ?? null,
];

export function requestRepository(context: TenantContext): RequestRepository {
  const { tenantId, db, sql } = context;
  const insert = async (
    table: string,
    columns: Columns,
    keys: string[],
    rows: unknown[][],
  ): Promise<void> => {
    if (rows.length === 0) return;
    const params: unknown[] = [];
    const names = Object.keys(columns);
    const text = sql.insertNew({
      table,
      columns: names,
      select: names.map((n) => `r.${n}`),
      from: sql.rowset('r', columns, rows, params),
      match: keys.map((key) => `${table}.${key} = r.${key}`).join(' and '),
    });
    await db.run(text, params);
  };

  return {
    async record(rows) {
      const inSession = rows.filter((r) => r.sessionId !== null);
      const first = new Map<string, Date>();
      for (const r of inSession) {
        const known = first.get(r.sessionId!);
        if (!known || r.startedAt < known) first.set(r.sessionId!, r.startedAt);
      }
      // Sessions in id order: two writers of the same sessions never wait for each other in a circle.
      const sessions = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, at]) => [tenantId, id, at]);
      await insert(
        'inference_request',
        requestColumns,
        ['tenant_id', 'id'],
        rows.map((r) => requestValues(tenantId, r)),
      );
      await insert(
        'inference_step',
        stepColumns,
        ['tenant_id', 'request_id', 'step_rank'],
        rows.flatMap((r) => r.steps.map((s) => [tenantId, r.id, s.rank, s.atomId, s.score])),
      );
      await insert('session', sessionColumns, ['tenant_id', 'id'], sessions);
      await insert(
        'session_path',
        pathColumns,
        ['tenant_id', 'session_id', 'request_id'],
        inSession.filter((r) => r.point).map((r) => [tenantId, r.sessionId, r.id, r.startedAt, ...r.point!]),
      );
      await sealRequests(context, rows);
    },

    async count(from, to) {
      const [row] = await db.rows<{ n: string | number }>(
        `select count(*) as "n" from inference_request where tenant_id = $1 and started_at >= $2 and started_at < $3`,
        [tenantId, from, to],
      );
      return Number(row.n);
    },
  };
}
