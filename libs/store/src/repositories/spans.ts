import { HartoError } from '@hartonomous/contracts';
import type { SpanRepository, SpanRow } from '../port/spans.js';
import type { Columns } from '../sql/dialect.js';
import type { SystemContext } from './context.js';

const rowsMax = 1_000;

const columns: Columns = {
  trace_id: 'text',
  span_id: 'text',
  parent_span_id: 'text',
  tenant_id: 'uuid',
  service: 'text',
  name: 'text',
  kind: 'text',
  started_at: 'instant',
  duration_ms: 'float',
  status: 'text',
  attributes: 'text',
  links: 'text',
};

type SpanRecord = Omit<SpanRow, 'attributes' | 'links'> & { attributes: string; links: string };

const clean = (text: string): string => text.replaceAll('\u0000', '\uFFFD');

const valuesOf = (row: SpanRow): unknown[] => [
  row.traceId,
  row.spanId,
  row.parentSpanId,
  row.tenantId,
  row.service,
  clean(row.name),
  row.kind,
  row.startedAt,
  row.durationMs,
  row.status,
  clean(JSON.stringify(row.attributes)),
  JSON.stringify(row.links),
];

/** A batch may hold a span's start and its end: the end counts. */
function oncePerSpan(rows: SpanRow[]): SpanRow[] {
  const byKey = new Map<string, SpanRow>();
  for (const row of rows) {
    const key = `${row.traceId}/${row.spanId}`;
    const known = byKey.get(key);
    if (!known || known.durationMs === null) byKey.set(key, row);
  }
  // In key order, so that two writers never wait for each other in a circle.
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

export function spanRepository({ db, sql }: SystemContext): SpanRepository {
  return {
    async write(rows) {
      if (rows.length > rowsMax)
        throw new HartoError('INPUT_TOO_LARGE', `at most ${rowsMax} spans a call, got ${rows.length}`);
      if (rows.length === 0) return;
      const params: unknown[] = [];
      const from = sql.rowset('r', columns, oncePerSpan(rows).map(valuesOf), params);
      await db.run(
        sql.upsert({
          table: 'span',
          keys: ['trace_id', 'span_id'],
          columns: Object.keys(columns),
          from,
          update: {
            duration_ms: 'excluded.duration_ms',
            status: 'excluded.status',
            attributes: 'excluded.attributes',
            links: 'excluded.links',
          },
          when: 'excluded.duration_ms is not null',
        }),
        params,
      );
    },

    async byTrace(traceId) {
      const rows = await db.rows<SpanRecord>(
        `select trace_id as "traceId", span_id as "spanId", parent_span_id as "parentSpanId", tenant_id as "tenantId",
           service as "service", name as "name", kind as "kind", started_at as "startedAt", duration_ms as "durationMs",
           status as "status", attributes as "attributes", links as "links"
         from span where trace_id = $1 order by started_at, span_id`,
        [traceId],
      );
      return rows.map((row) => ({
        ...row,
        attributes: JSON.parse(row.attributes) as SpanRow['attributes'],
        links: JSON.parse(row.links) as SpanRow['links'],
      }));
    },

    async prune(keep, keepTraces) {
      const params: unknown[] = [];
      const conditions =
        keepTraces.length > 0 ? [`not ${sql.anyOf('trace_id', 'text', keepTraces, params)}`] : [];
      if (keep > 0) {
        const newest = `select started_at from span order by started_at desc
          offset 0 rows fetch next $${params.push(keep)} rows only`;
        conditions.push(`started_at < (select min(newest.started_at) from (${newest}) newest)`);
      }
      const where = conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '';
      return db.run(`delete from span${where}`, params);
    },
  };
}
