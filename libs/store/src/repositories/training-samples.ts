import { createHash } from 'node:crypto';
import { HartoError } from '@hartonomous/contracts';
import type { TrainingRepository, TrainingSample } from '../port/training.js';
import type { Columns } from '../sql/dialect.js';
import { idsMax, type TenantContext } from './context.js';

const sampleColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  content_hash: 'text',
  prompt: 'text',
  output: 'text',
  source: 'text',
};

const fields = `id as "id", prompt as "prompt", output as "output", source as "source", status as "status",
  score as "score", reviewer as "reviewer", reviewed_at as "reviewedAt", version as "version"`;

/** The length stands before the prompt, so that no two pairs read the same. */
const sampleHash = (prompt: string, output: string): string =>
  createHash('sha256').update(`${prompt.length}\n${prompt}${output}`).digest('hex');

type Samples = Pick<TrainingRepository, 'addSamples' | 'pendingSamples' | 'review' | 'approvedSamples'>;

export function trainingSamples({ tenantId, db, sql }: TenantContext): Samples {
  return {
    async addSamples(rows) {
      if (rows.length === 0) return 0;
      if (rows.length > idsMax) throw new HartoError('INPUT_TOO_LARGE', `at most ${idsMax} samples a call`);
      const unique = new Map(rows.map((r) => [sampleHash(r.prompt, r.output), r]));
      const values = [...unique].map(([hash, r]) => [tenantId, r.id, hash, r.prompt, r.output, r.source]);
      const params: unknown[] = [];
      const names = Object.keys(sampleColumns);
      return db.run(
        sql.insertNew({
          table: 'training_sample',
          columns: names,
          select: names.map((n) => `r.${n}`),
          from: sql.rowset('r', sampleColumns, values, params),
          match: 'training_sample.tenant_id = r.tenant_id and training_sample.content_hash = r.content_hash',
        }),
        params,
      );
    },

    pendingSamples: (limit) =>
      db.rows<TrainingSample>(
        `select ${fields} from training_sample where tenant_id = $1 and status = 'pending'
         order by created_at, ${sql.idText('id')} offset 0 rows fetch next $2 rows only`,
        [tenantId, limit],
      ),

    async review({ id, version }, { approved, score, reviewer }) {
      const changed = await db.run(
        `update training_sample set status = $4, score = ${sql.cast('$5', 'float')}, reviewer = $6,
           reviewed_at = ${sql.now}, version = version + 1
         where tenant_id = $1 and id = $2 and version = $3`,
        [tenantId, id, version, approved ? 'approved' : 'rejected', score, reviewer],
      );
      return changed === 1;
    },

    approvedSamples: (minScore, reviewedSince, limit) =>
      db.rows<TrainingSample>(
        `select ${fields} from training_sample
         where tenant_id = $1 and status = 'approved' and score >= $2 and reviewed_at >= $3
         order by score desc, ${sql.idText('id')} offset 0 rows fetch next $4 rows only`,
        [tenantId, minScore, reviewedSince, limit],
      ),
  };
}
