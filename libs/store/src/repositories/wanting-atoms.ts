import type { TensorRepository, WantingAtoms } from '../port/tensors.js';
import type { TenantContext } from './context.js';

type Wanting = Pick<TensorRepository, 'weak'>;

interface WantingRecord {
  modelId: string;
  modelSince: Date;
  atomId: string;
  count: string | number;
  timed: string | number;
  compared: string | number;
}

/** What could be taken out of a model, and what is known of its use. */
export function wantingAtoms({ tenantId, db, sql }: TenantContext): Wanting {
  /** Rows `t` of the models `m`, counted in all, the least important named. */
  const named = async (from: string, params: unknown[]): Promise<WantingAtoms[]> => {
    const rows = await db.rows<WantingRecord>(
      `select model_id as "modelId", created_at as "modelSince", atom_id as "atomId", total as "count",
         timed as "timed", compared as "compared"
       from (
         select w.model_id, w.created_at, w.atom_id, w.compared,
           count(*) over (partition by w.model_id) as total,
           sum(case when w.last_used_at is null then 0 else 1 end) over (partition by w.model_id) as timed,
           row_number() over (partition by w.model_id
             order by w.importance, ${sql.idText('w.atom_id')}, w.tensor_no, w.segment_no) as nth
         from (${from}) w) n
       where nth <= $2 order by ${sql.idText('model_id')}, nth`,
      params,
    );
    const found = new Map<string, WantingAtoms>();
    for (const { modelId, modelSince, atomId, count, timed, compared } of rows) {
      const own = found.get(modelId);
      if (own) own.atomIds.push(atomId);
      else
        found.set(modelId, {
          modelId,
          modelSince,
          count: Number(count),
          timed: Number(timed),
          compared: Number(compared),
          atomIds: [atomId],
        });
    }
    return [...found.values()];
  };
  const fields = `t.model_id, m.created_at, t.atom_id, t.tensor_no, t.segment_no, t.importance, t.last_used_at`;
  const unused = 'coalesce(t.last_used_at, m.created_at) < $3';
  return {
    weak({ normShare, deviations, unusedSince, idsMax }) {
      return named(
        `select ${fields}, l.compared
         from tensor_atom t
         join model m on m.tenant_id = t.tenant_id and m.id = t.model_id
         join (
           select model_id, tensor_no, avg(value_norm * value_norm) as square, avg(importance) as centre,
             avg(importance * importance) as second, sum(count(*)) over (partition by model_id) as compared
           from tensor_atom where tenant_id = $1 and value_norm is not null group by model_id, tensor_no) l
           on l.model_id = t.model_id and l.tensor_no = t.tensor_no
         where t.tenant_id = $1 and t.value_norm is not null and ${unused}
           and (t.value_norm * t.value_norm < $4 * l.square
             or (t.importance < l.centre and (l.centre - t.importance) * (l.centre - t.importance)
               > $5 * (l.second - l.centre * l.centre)))`,
        [tenantId, idsMax, unusedSince, normShare ** 2, deviations ** 2],
      );
    },
  };
}
