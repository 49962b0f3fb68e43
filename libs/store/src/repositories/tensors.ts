import type { Distillation, TensorPlace, TensorRepository } from '../port/tensors.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { wantingAtoms } from './wanting-atoms.js';
import { sealModel } from './provenance-writers.js';

/** Neighbours a call. The number stands in the text: as a parameter it would make the engine plan every call anew. */
const neighboursMax = 10_000;

const placeColumns: Columns = {
  atom_id: 'uuid',
  tensor_no: 'int',
  segment_no: 'bigint',
  x: 'float',
  y: 'float',
  z: 'float',
  importance: 'float',
  hilbert: 'bigint',
};
const atomColumns: Columns = {
  ...placeColumns,
  value_min: 'float',
  value_max: 'float',
  value_norm: 'float',
};

type PlaceRecord = Omit<TensorPlace, 'hilbert' | 'segmentNo'> & {
  hilbert: string | number | bigint;
  segmentNo: string | number;
};

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

const placeOf = (r: TensorPlace & { importance: number }): unknown[] => [
  r.atomId,
  r.tensorNo,
  r.segmentNo,
  clamp(r.x, 0, 100),
  clamp(r.y, 0, 100),
  clamp(r.z, -10, 10),
  r.importance,
  r.hilbert,
];

function* mapped<T>(rows: Iterable<T>, values: (row: T) => unknown[]): Generator<unknown[]> {
  for (const row of rows) yield values(row);
}

export function tensorRepository(context: TenantContext): TensorRepository {
  return {
    ...bulkWrites(context),
    ...models(context),
    nearest: nearestOf(context),
    distillations: distillationsOf(context),
    ...wantingAtoms(context),
  };
}

function distillationsOf({ tenantId, db, sql }: TenantContext): TensorRepository['distillations'] {
  return async (modelId, limit) => {
    const rows = await db.rows<Distillation & { rowsCopied: number | string }>(
      `select teacher_id as "teacherId", student_id as "studentId", from_importance as "fromImportance",
         rows_copied as "rowsCopied", created_at as "at"
       from distillation_log where tenant_id = $1 and (teacher_id = $2 or student_id = $2)
       order by created_at desc, ${sql.idText('student_id')} offset 0 rows fetch next $3 rows only`,
      [tenantId, modelId, limit],
    );
    return rows.map((row) => ({ ...row, rowsCopied: Number(row.rowsCopied) }));
  };
}

function bulkWrites({ tenantId, db, sql }: TenantContext): Pick<TensorRepository, 'load' | 'updateWeights'> {
  return {
    async load(modelId, rows) {
      const values = mapped(rows, (r) => [...placeOf(r), r.valueMin, r.valueMax, r.valueNorm]);
      await db.stage('stage_tensor', atomColumns, values);
      const columns = Object.keys(atomColumns);
      return db.run(
        `insert into tensor_atom (tenant_id, model_id, ${columns.join(', ')})
         select ${sql.cast('$1', 'uuid')}, ${sql.cast('$2', 'uuid')}, ${columns.map((c) => `s.${c}`).join(', ')}
         from ${sql.staged('stage_tensor')} s
         where s.atom_id in (select t.atom_id from tenant_atom t where t.tenant_id = $1)`,
        [tenantId, modelId],
      );
    },

    async updateWeights(modelId, rows) {
      await db.stage('stage_weight', placeColumns, mapped(rows, placeOf));
      return db.run(
        sql.update({
          table: 'tensor_atom',
          set: ['x', 'y', 'z', 'importance', 'hilbert'].map((c) => `${c} = s.${c}`),
          from: `${sql.staged('stage_weight')} s`,
          where: `tensor_atom.tenant_id = $1 and tensor_atom.model_id = $2 and tensor_atom.atom_id = s.atom_id
            and tensor_atom.tensor_no = s.tensor_no and tensor_atom.segment_no = s.segment_no`,
        }),
        [tenantId, modelId],
      );
    },
  };
}

function models(context: TenantContext): Pick<TensorRepository, 'prune' | 'restore' | 'copyStudent'> {
  const { db, sql } = context;
  /** The engine's own procedures, which a DBA may call as well; they know the tenant of the transaction. */
  const call = async (name: string, params: unknown[]): Promise<number> => {
    const [row] = await db.rows<{ n: string | number }>(sql.call(name, params.length), params);
    return Number(row.n);
  };
  return {
    prune: (modelId, pruneId, below) => call('prune', [modelId, pruneId, below]),
    restore: (pruneId) => call('restore', [pruneId]),
    async copyStudent(modelId, studentId, name, from) {
      const copied = await call('copy_student', [modelId, studentId, name, from]);
      await sealModel(context, studentId, [{ type: 'derived-from', parent: { id: modelId, revision: 1 } }]);
      return copied;
    },
  };
}

function nearestOf({ tenantId, db, sql, statements }: TenantContext): TensorRepository['nearest'] {
  return async (modelId, [x, y, z], k) => {
    const limit = Math.min(neighboursMax, Math.max(1, Math.trunc(k)));
    const point: [string, string, string] = ['$3', '$4', '$5'];
    const all = 'tensor_atom n where n.tenant_id = $1 and n.model_id = $2';
    const rows = await db.rows<PlaceRecord>(
      `select p.atom_id as "atomId", p.tensor_no as "tensorNo", p.segment_no as "segmentNo", p.x as "x", p.y as "y",
         p.z as "z", p.hilbert as "hilbert"
       from tensor_atom p
       where p.tenant_id = $1 and p.model_id = $2${statements.within('p', all, point, limit)}
       order by ${statements.distance('p', point)}, ${sql.idText('p.atom_id')}, p.tensor_no, p.segment_no
       offset 0 rows fetch next ${limit} rows only`,
      [tenantId, modelId, x, y, z],
    );
    return rows.map((row) => ({ ...row, hilbert: BigInt(row.hilbert), segmentNo: Number(row.segmentNo) }));
  };
}
