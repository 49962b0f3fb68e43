import { HartoError } from '@hartonomous/contracts';
import type { TrainingJob, TrainingRepository, TrainingState } from '../port/training.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

const insertColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  model_id: 'uuid',
  strategy: 'text',
  params: 'text',
  state: 'text',
  requested_by: 'text',
};

const fields = `id as "id", model_id as "modelId", strategy as "strategy", params as "params", state as "state",
  version as "version", computation_id as "computationId", result_model_id as "resultModelId",
  samples_used as "samplesUsed", result as "result", reason as "reason", requested_by as "requestedBy",
  created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt"`;

type JobRecord = Omit<TrainingJob, 'params' | 'result'> & { params: string; result: string | null };

const readJob = (r: JobRecord): TrainingJob => ({
  ...r,
  params: JSON.parse(r.params) as Record<string, unknown>,
  result: r.result === null ? null : (JSON.parse(r.result) as Record<string, unknown>),
});

const finalStates: TrainingState[] = ['Completed', 'Failed', 'Cancelled'];

type Jobs = Pick<TrainingRepository, 'create' | 'get' | 'list' | 'move'>;

export function trainingJobs(context: TenantContext): Jobs {
  const { tenantId, db, sql } = context;
  return {
    async create(job) {
      const known = 'select 1 as n from model where tenant_id = $1 and id = $2';
      if ((await db.rows(known, [tenantId, job.modelId])).length === 0) {
        throw new HartoError('NOT_FOUND', 'no such model version');
      }
      const params: unknown[] = [];
      const names = Object.keys(insertColumns);
      const row = [tenantId, job.id, job.modelId, job.strategy, JSON.stringify(job.params), 'Pending'];
      const added = await db.run(
        sql.insertNew({
          table: 'fine_tuning_job',
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', insertColumns, [[...row, job.requestedBy]], params),
          match: 'fine_tuning_job.tenant_id = r.tenant_id and fine_tuning_job.id = r.id',
        }),
        params,
      );
      return added === 1;
    },

    async get(id) {
      const [row] = await db.rows<JobRecord>(
        `select ${fields} from fine_tuning_job where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row ? readJob(row) : null;
    },

    async list(limit, states) {
      const params: unknown[] = [tenantId, limit];
      const wanted = states ? ` and ${sql.anyOf('state', 'text', states, params)}` : '';
      const rows = await db.rows<JobRecord>(
        `select ${fields} from fine_tuning_job where tenant_id = $1${wanted}
         order by created_at desc, ${sql.idText('id')} desc offset 0 rows fetch next $2 rows only`,
        params,
      );
      return rows.map(readJob);
    },

    move: moveOf(context),
  };
}

function moveOf({ tenantId, db, sql }: TenantContext): Jobs['move'] {
  return async ({ id, version, state }, to, patch = {}) => {
    const params: unknown[] = [tenantId, id, version, state, to];
    const set = ['state = $5', 'version = version + 1'];
    const put = (column: string, value: unknown, type: 'uuid' | 'text' | 'int') => {
      if (value !== undefined) set.push(`${column} = ${sql.cast(`$${params.push(value)}`, type)}`);
    };
    put('computation_id', patch.computationId, 'uuid');
    put('result_model_id', patch.resultModelId, 'uuid');
    put('samples_used', patch.samplesUsed, 'int');
    put('result', patch.result && JSON.stringify(patch.result), 'text');
    put('reason', patch.reason, 'text');
    if (to === 'Running') set.push(`started_at = coalesce(started_at, ${sql.now})`);
    if (finalStates.includes(to)) set.push(`finished_at = ${sql.now}`);
    const where = 'tenant_id = $1 and id = $2 and version = $3 and state = $4';
    return (await db.run(sql.update({ table: 'fine_tuning_job', set, where }), params)) === 1;
  };
}
