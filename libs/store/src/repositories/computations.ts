import type {
  ComputationFilter,
  ComputationPatch,
  ComputationRepository,
  ComputationRow,
} from '../port/compute.js';
import type { ColumnType } from '../sql/dialect.js';
import { chunkLeases } from './computation-leases.js';
import { chunkRecords } from './computation-chunks.js';
import { bytes, computationFields, readComputation, type ComputationRecord } from './computation-rows.js';
import type { TenantContext } from './context.js';
import { isFinalState, sealComputation } from './provenance-writers.js';

const insertColumns: Record<string, ColumnType> = {
  tenant_id: 'uuid',
  id: 'uuid',
  type: 'text',
  type_version: 'int',
  params: 'text',
  options: 'text',
  lane: 'text',
  priority: 'int',
  idempotency_key: 'text',
  requested_by: 'text',
  public_job: 'text',
  state: 'text',
  total_cost: 'float',
  trace_id: 'text',
  span_id: 'text',
};

type NewComputation = Parameters<ComputationRepository['create']>[0];

/** In the order of `insertColumns`. */
const insertValues = (tenantId: string, row: NewComputation): unknown[] => [
  tenantId,
  row.id,
  row.type,
  row.version,
  JSON.stringify(row.params),
  JSON.stringify(row.options),
  row.lane,
  row.priority,
  row.idempotencyKey,
  row.requestedBy,
  row.publicJob,
  'Pending',
  row.totalCost,
  row.traceId,
  row.spanId,
];

export function computationRepository(context: TenantContext): ComputationRepository {
  return { ...computationRecords(context), ...chunkRecords(context), ...chunkLeases(context) };
}

type Records = Pick<ComputationRepository, 'create' | 'get' | 'list' | 'count' | 'carry' | 'output' | 'move'>;

function computationRecords(context: TenantContext): Records {
  const { tenantId, db, sql } = context;
  const one = async (where: string, value: string): Promise<ComputationRow | null> => {
    const text = `select ${computationFields} from computation where tenant_id = $1 and ${where}`;
    const [row] = await db.rows<ComputationRecord>(text, [tenantId, value]);
    return row ? readComputation(row) : null;
  };
  const blob = async (column: 'carry' | 'output', id: string): Promise<Uint8Array | null> => {
    const text = `select ${column} as "value" from computation where tenant_id = $1 and id = $2`;
    const [row] = await db.rows<{ value: Buffer | null }>(text, [tenantId, id]);
    return row?.value ?? null;
  };
  return {
    async create(row) {
      const values = insertValues(tenantId, row);
      const names = Object.keys(insertColumns);
      const items = names.map((name, i) => `${sql.cast(`$${i + 1}`, insertColumns[name])} as ${name}`);
      const created = await db.run(
        sql.insertNew({
          table: 'computation',
          columns: names,
          select: names.map((name) => `r.${name}`),
          from: `(select ${items.join(', ')}) r`,
          match: 'computation.tenant_id = r.tenant_id and computation.idempotency_key = r.idempotency_key',
        }),
        values,
      );
      return { row: (await one('idempotency_key = $2', row.idempotencyKey))!, created: created === 1 };
    },

    get: (id) => one('id = $2', id),

    async list(filter) {
      const { where, params } = filtered(context, filter);
      const text = `select ${computationFields} from computation where ${where}
        order by order_no desc offset 0 rows fetch next $${params.push(filter.limit)} rows only`;
      return (await db.rows<ComputationRecord>(text, params)).map(readComputation);
    },

    async count(filter) {
      const { where, params } = filtered(context, filter);
      const [row] = await db.rows<{ n: string | number }>(
        `select count(*) as "n" from computation where ${where}`,
        params,
      );
      return Number(row.n);
    },

    carry: (id) => blob('carry', id),
    output: (id) => blob('output', id),

    async move({ id, revision, state }, to, patch = {}) {
      const params: unknown[] = [tenantId, id, revision, state, to];
      const set = ['state = $5', 'version = version + 1', ...patchOf(patch, params, sql.now)];
      const where = 'tenant_id = $1 and id = $2 and version = $3 and state = $4';
      const moved = (await db.run(sql.update({ table: 'computation', set, where }), params)) === 1;
      if (moved && isFinalState(to)) await sealComputation(context, id);
      return moved;
    },
  };
}

function filtered({ tenantId, sql }: TenantContext, filter: Omit<ComputationFilter, 'limit'>) {
  const params: unknown[] = [tenantId];
  const where = ['tenant_id = $1'];
  if (filter.states) where.push(sql.anyOf('state', 'text', filter.states, params));
  if (filter.type) where.push(`type = $${params.push(filter.type)}`);
  if (filter.text) {
    const pattern = `$${params.push(`%${filter.text.replace(/[\\%_[]/g, (mark) => `\\${mark}`)}%`)}`;
    const likes = ['type', 'params', sql.cast('id', 'text')].map(
      (item) => `${item} like ${pattern} escape '\\'`,
    );
    where.push(`(${likes.join(' or ')})`);
  }
  return { where: where.join(' and '), params };
}

/** Column assignments of a patch; its values go to `params`. */
function patchOf(patch: ComputationPatch, params: unknown[], now: string): string[] {
  const set: string[] = [];
  const add = (column: string, value: unknown) => void set.push(`${column} = $${params.push(value)}`);
  const json = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value));
  if ('work' in patch) add('work', json(patch.work));
  if ('result' in patch) add('result', json(patch.result));
  if ('resultHash' in patch) add('result_hash', patch.resultHash ?? null);
  if ('reason' in patch) add('reason', patch.reason ?? null);
  if (patch.totalCost !== undefined) add('total_cost', patch.totalCost);
  if (patch.progress !== undefined) add('progress', patch.progress);
  if ('carry' in patch) add('carry', bytes(patch.carry));
  if ('output' in patch) add('output', bytes(patch.output));
  if (patch.started) set.push(`started_at = coalesce(started_at, ${now})`);
  if (patch.finished !== undefined) set.push(`finished_at = ${patch.finished ? now : 'null'}`);
  return set;
}
