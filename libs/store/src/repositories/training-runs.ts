import { createHash } from 'node:crypto';
import { HartoError } from '@hartonomous/contracts';
import type { GradientHealth, ModelUpdate, TrainingRepository } from '../port/training.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

/** CHECKPOINT is a word of T-SQL's own; in quotes the name is the same on both engines. */
const checkpointTable = '"checkpoint"';

const checkpointColumns: Columns = {
  tenant_id: 'uuid',
  job_id: 'uuid',
  step: 'int',
  data: 'bytes',
  hash: 'bytes',
};
const gradientColumns: Columns = {
  tenant_id: 'uuid',
  job_id: 'uuid',
  epoch: 'int',
  layer_type: 'text',
  norm_mean: 'float',
  norm_max: 'float',
  clipped: 'bigint',
};

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();

const known = 'select 1 as n from fine_tuning_job where tenant_id = $1 and id = $2';

type Checkpoints = Pick<TrainingRepository, 'saveCheckpoint' | 'latestCheckpoint' | 'pruneCheckpoints'>;

export function checkpoints({ tenantId, db, sql }: TenantContext): Checkpoints {
  return {
    async saveCheckpoint(jobId, step, data) {
      if ((await db.rows(known, [tenantId, jobId])).length === 0) {
        throw new HartoError('NOT_FOUND', 'no such training job');
      }
      const params: unknown[] = [];
      const names = Object.keys(checkpointColumns);
      const row = [tenantId, jobId, step, Buffer.from(data), sha256(data)];
      const added = await db.run(
        sql.insertNew({
          table: checkpointTable,
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', checkpointColumns, [row], params),
          match: ['tenant_id', 'job_id', 'step'].map((c) => `${checkpointTable}.${c} = r.${c}`).join(' and '),
        }),
        params,
      );
      return added === 1;
    },

    async latestCheckpoint(jobId) {
      const [row] = await db.rows<{ step: number; data: Buffer; hash: Buffer }>(
        `select step as "step", data as "data", hash as "hash" from ${checkpointTable}
         where tenant_id = $1 and job_id = $2 order by step desc offset 0 rows fetch next 1 rows only`,
        [tenantId, jobId],
      );
      if (!row) return null;
      if (!sha256(row.data).equals(row.hash)) {
        throw new HartoError('STORE_CORRUPT', `checkpoint ${row.step} of job ${jobId} is not what was saved`);
      }
      return { step: row.step, data: row.data, hash: row.hash.toString('hex') };
    },

    pruneCheckpoints: (jobId, keep) =>
      db.run(
        `delete from ${checkpointTable} where tenant_id = $1 and job_id = $2 and step not in (
           select step from ${checkpointTable} where tenant_id = $1 and job_id = $2
           order by step desc offset 0 rows fetch next $3 rows only)`,
        [tenantId, jobId, Math.max(1, Math.trunc(keep))],
      ),
  };
}

type UpdateRecord = Omit<ModelUpdate, 'document' | 'atomsChanged'> & {
  document: string;
  atomsChanged: string | number;
  at: Date;
};

type Runs = Pick<TrainingRepository, 'addUpdate' | 'updates' | 'addGradients' | 'gradients'>;

export function trainingRuns(context: TenantContext): Runs {
  return { ...modelUpdates(context), ...modelGradients(context) };
}

function modelUpdates({ tenantId, db, sql }: TenantContext): Pick<Runs, 'addUpdate' | 'updates'> {
  const float = (n: number) => sql.cast(`$${n}`, 'float');
  return {
    async addUpdate(row) {
      await db.run(
        `insert into model_update_history (tenant_id, id, model_id, job_id, atoms_changed, learning_rate, epochs,
           reward_mean, loss_before, loss_after, document)
         values ($1, $2, $3, ${sql.cast('$4', 'uuid')}, $5, ${float(6)}, $7, ${float(8)}, ${float(9)}, ${float(10)},
           $11)`,
        [
          tenantId,
          row.id,
          row.modelId,
          row.jobId,
          row.atomsChanged,
          row.learningRate,
          row.epochs,
          row.rewardMean,
          row.lossBefore,
          row.lossAfter,
          JSON.stringify(row.document),
        ],
      );
    },

    async updates(modelId, limit) {
      const rows = await db.rows<UpdateRecord>(
        `select id as "id", model_id as "modelId", job_id as "jobId", atoms_changed as "atomsChanged",
           learning_rate as "learningRate", epochs as "epochs", reward_mean as "rewardMean",
           loss_before as "lossBefore", loss_after as "lossAfter", document as "document", created_at as "at"
         from model_update_history where tenant_id = $1 and model_id = $2
         order by created_at desc, ${sql.idText('id')} desc offset 0 rows fetch next $3 rows only`,
        [tenantId, modelId, limit],
      );
      return rows.map((r) => ({
        ...r,
        atomsChanged: Number(r.atomsChanged),
        document: JSON.parse(r.document) as Record<string, unknown>,
      }));
    },
  };
}

function modelGradients({ tenantId, db, sql }: TenantContext): Pick<Runs, 'addGradients' | 'gradients'> {
  return {
    async addGradients(jobId, rows) {
      if (rows.length === 0) return 0;
      if ((await db.rows(known, [tenantId, jobId])).length === 0) {
        throw new HartoError('NOT_FOUND', 'no such training job');
      }
      const values = rows.map((r) => [
        tenantId,
        jobId,
        r.epoch,
        r.layerType,
        r.normMean,
        r.normMax,
        r.clipped,
      ]);
      const params: unknown[] = [];
      const names = Object.keys(gradientColumns);
      const keys = ['tenant_id', 'job_id', 'epoch', 'layer_type'];
      return db.run(
        sql.insertNew({
          table: 'model_gradient',
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', gradientColumns, values, params),
          match: keys.map((c) => `model_gradient.${c} = r.${c}`).join(' and '),
        }),
        params,
      );
    },

    async gradients(jobId) {
      const rows = await db.rows<Omit<GradientHealth, 'clipped'> & { clipped: string | number }>(
        `select epoch as "epoch", layer_type as "layerType", norm_mean as "normMean", norm_max as "normMax",
           clipped as "clipped"
         from model_gradient where tenant_id = $1 and job_id = $2 order by epoch, layer_type`,
        [tenantId, jobId],
      );
      return rows.map((r) => ({ ...r, clipped: Number(r.clipped) }));
    },
  };
}
