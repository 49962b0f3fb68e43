import { createHash, type Hash } from 'node:crypto';
import { HartoError, newId } from '@hartonomous/contracts';
import type { SnapshotRepository, WeightSnapshot } from '../port/snapshots.js';
import type { TenantContext } from './context.js';
import { coefficientTable } from './versioned.js';
import { seal } from './provenance-seal.js';

/** Rows hashed at once: what is held in memory. */
const pageRows = 10_000;

const rowFields = 'atom_id, tensor_no, segment_no, x, y, z, hilbert';
const limits = 'value_min, value_max, value_norm';

/** Where rows of one kind stand, all of them with the columns of weight_snapshot_row. */
interface RowsAt {
  /** FROM item aliased p, with `weight` beside the others; `$2` is the owner's id. */
  from: string;
  where: string;
}

const baseOf = (): RowsAt => ({
  from: `(select tenant_id, model_id, ${rowFields}, importance as weight, ${limits} from tensor_atom) p`,
  where: 'p.model_id = $2',
});
const overlayOf = (): RowsAt => ({
  from: `(select tenant_id, model_id, ${rowFields}, coefficient as weight, null as value_min, null as value_max,
    null as value_norm from tensor_atom_coefficient) p`,
  where: 'p.model_id = $2',
});
const keptOf = (overlay: boolean, context: TenantContext): RowsAt => ({
  from: 'weight_snapshot_row p',
  where: `p.snapshot_id = $2 and p.overlay_row = ${context.sql.cast(overlay ? '1' : '0', 'boolean')}`,
});

const snapshotFields = `id as "id", model_id as "modelId", label as "label", base_rows as "baseRows",
  overlay_rows as "overlayRows", hash as "hash", taken_by as "takenBy", taken_at as "takenAt"`;

type SnapshotRecord = Omit<WeightSnapshot, 'baseRows' | 'overlayRows'> & {
  baseRows: string | number;
  overlayRows: string | number;
};

const readSnapshot = (r: SnapshotRecord): WeightSnapshot => ({
  ...r,
  baseRows: Number(r.baseRows),
  overlayRows: Number(r.overlayRows),
});

export function snapshotRepository(context: TenantContext): SnapshotRepository {
  const { tenantId, db } = context;
  const get = (id: string) => findSnapshot(context, id);
  return {
    take: (modelId, input) => takeSnapshot(context, modelId, input),
    get,

    async list(modelId, limit) {
      const params: unknown[] = [tenantId, limit];
      const ofModel = modelId === null ? '' : `and model_id = $${params.push(modelId)}`;
      const rows = await db.rows<SnapshotRecord>(
        `select ${snapshotFields} from weight_snapshot where tenant_id = $1 ${ofModel}
         order by taken_at desc, ${context.sql.idText('id')} desc offset 0 rows fetch next $2 rows only`,
        params,
      );
      return rows.map(readSnapshot);
    },

    async verify(id) {
      const snapshot = await get(id);
      if (!snapshot) return null;
      const whole = (await keptHash(context, id)) === snapshot.hash;
      const now = await rowsHash(context, snapshot.modelId, [baseOf(), overlayOf()]);
      return { snapshot, whole, current: now === snapshot.hash };
    },

    restore: (id) => restoreSnapshot(context, id),

    async remove(id) {
      await db.run('delete from weight_snapshot_row where tenant_id = $1 and snapshot_id = $2', [
        tenantId,
        id,
      ]);
      return (
        (await db.run('delete from weight_snapshot where tenant_id = $1 and id = $2', [tenantId, id])) === 1
      );
    },
  };
}

async function findSnapshot({ tenantId, db }: TenantContext, id: string): Promise<WeightSnapshot | null> {
  const [row] = await db.rows<SnapshotRecord>(
    `select ${snapshotFields} from weight_snapshot where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  return row ? readSnapshot(row) : null;
}

async function takeSnapshot(
  context: TenantContext,
  modelId: string,
  { label, by }: { label: string; by: string },
): Promise<WeightSnapshot> {
  const { tenantId, db, sql } = context;
  const [model] = await db.rows('select id as "id" from model where tenant_id = $1 and id = $2', [
    tenantId,
    modelId,
  ]);
  if (!model) throw new HartoError('NOT_FOUND', 'no such model version');
  const id = newId();
  const keep = (rows: RowsAt, overlay: boolean): Promise<number> =>
    db.run(
      `insert into weight_snapshot_row (tenant_id, snapshot_id, overlay_row, ${rowFields}, weight, ${limits})
       select p.tenant_id, ${sql.cast('$3', 'uuid')}, ${sql.cast(overlay ? '1' : '0', 'boolean')},
         ${[...rowFields.split(', '), 'weight'].map((c) => `p.${c}`).join(', ')},
         ${limits
           .split(', ')
           .map((c) => sql.cast(`p.${c}`, 'float'))
           .join(', ')}
       from ${rows.from} where p.tenant_id = $1 and ${rows.where}`,
      [tenantId, modelId, id],
    );
  const counts = [await keep(baseOf(), false), await keep(overlayOf(), true)];
  const hash = await keptHash(context, id);
  await db.run(
    `insert into weight_snapshot (tenant_id, id, model_id, label, base_rows, overlay_rows, hash, taken_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [tenantId, id, modelId, label, ...counts, hash, by],
  );
  const snapshot = (await findSnapshot(context, id))!;
  const edges = [{ type: 'derived-from' as const, parent: { id: modelId, revision: 1 } }];
  await seal(context, [{ id, revision: 1, kind: 'snapshot', content: contentOf(snapshot), edges }]);
  return snapshot;
}

async function restoreSnapshot(context: TenantContext, id: string): Promise<WeightSnapshot> {
  const { tenantId, db, sql } = context;
  const snapshot = await findSnapshot(context, id);
  if (!snapshot) throw new HartoError('NOT_FOUND', `no snapshot ${id}`);
  if ((await keptHash(context, id)) !== snapshot.hash) {
    throw new HartoError('STORE_CORRUPT', `snapshot ${id} is damaged: its rows are not what was taken`);
  }
  const [{ n }] = await db.rows<{ n: string | number }>(
    `select count(*) as "n" from weight_snapshot_row p where p.tenant_id = $1 and p.snapshot_id = $2
       and not exists (select 1 from tenant_atom t where t.tenant_id = p.tenant_id and t.atom_id = p.atom_id)`,
    [tenantId, id],
  );
  if (Number(n) > 0) {
    throw new HartoError('STATE_CONFLICT', `${Number(n)} rows of snapshot ${id} are of atoms that are gone`);
  }
  const ofModel = 'tenant_id = $1 and model_id = $2';
  await db.run(`delete from tensor_atom where ${ofModel}`, [tenantId, snapshot.modelId]);
  await db.run(
    `insert into tensor_atom (tenant_id, model_id, ${rowFields}, importance, ${limits})
     select p.tenant_id, ${sql.cast('$3', 'uuid')}, ${rowFields}, weight, ${limits}
     from weight_snapshot_row p where p.tenant_id = $1 and ${keptOf(false, context).where}`,
    [tenantId, id, snapshot.modelId],
  );
  await db.rows(sql.versionedDelete(coefficientTable, ofModel), [tenantId, snapshot.modelId]);
  const kept = `(select p.tenant_id, ${sql.cast('$3', 'uuid')} as model_id, ${rowFields}, weight as coefficient
    from weight_snapshot_row p where p.tenant_id = $1 and ${keptOf(true, context).where}) r`;
  await db.rows(sql.versionedUpsert(coefficientTable, kept), [tenantId, id, snapshot.modelId]);
  return snapshot;
}

const keptHash = (context: TenantContext, id: string): Promise<string> =>
  rowsHash(context, id, [keptOf(false, context), keptOf(true, context)]);

const contentOf = ({
  id,
  modelId,
  label,
  baseRows,
  overlayRows,
  hash,
  takenBy,
  takenAt,
}: WeightSnapshot) => ({
  id,
  modelId,
  label,
  baseRows,
  overlayRows,
  hash,
  takenBy,
  takenAt: takenAt.toISOString(),
});

/** The snapshot as a node of the provenance: with the hash of the rows as they are now. Null when it is gone. */
export async function snapshotContent(context: TenantContext, id: string): Promise<unknown> {
  const snapshot = await findSnapshot(context, id);
  return snapshot && contentOf({ ...snapshot, hash: await keptHash(context, id) });
}

interface WeightRecord {
  atomId: string;
  atomHash: Buffer;
  tensorNo: number;
  segmentNo: string | number;
  fields: (string | number | null)[];
}

/** Row by row in the order of their keys; base rows first. */
async function rowsHash(context: TenantContext, ownerId: string, sets: RowsAt[]): Promise<string> {
  const hash = createHash('sha256');
  for (const rows of sets) await hashSet(context, ownerId, rows, hash);
  return hash.digest('hex');
}

async function hashSet(
  { tenantId, db }: TenantContext,
  ownerId: string,
  rows: RowsAt,
  hash: Hash,
): Promise<void> {
  hash.update('rows\n');
  let last: [atomId: string, tensorNo: number, segmentNo: string | number] | null = null;
  for (;;) {
    const params: unknown[] = [tenantId, ownerId, ...(last ?? [])];
    const later = last
      ? 'and p.atom_id >= $3 and (p.atom_id > $3 or p.tensor_no > $4 or (p.tensor_no = $4 and p.segment_no > $5))'
      : '';
    const page: (Record<string, string | number | null> & Pick<WeightRecord, 'atomHash'>)[] = await db.rows(
      `select p.atom_id as "atomId", a.content_hash as "atomHash", p.tensor_no as "tensorNo",
         p.segment_no as "segmentNo", p.x as "x", p.y as "y", p.z as "z", p.hilbert as "hilbert",
         p.weight as "weight", p.value_min as "min", p.value_max as "max", p.value_norm as "norm"
       from ${rows.from} left join atom a on a.id = p.atom_id
       where p.tenant_id = $1 and ${rows.where} ${later}
       order by p.atom_id, p.tensor_no, p.segment_no offset 0 rows fetch next ${pageRows} rows only`,
      params,
    );
    for (const row of page) {
      const { atomId, atomHash, ...fields } = row;
      const values = Object.values(fields).map((value) => value ?? '-');
      hash.update(`${atomHash?.toString('hex') ?? atomId} ${values.join(' ')}\n`);
    }
    if (page.length < pageRows) return;
    const end = page[page.length - 1];
    last = [end.atomId as unknown as string, end.tensorNo as number, end.segmentNo as string | number];
  }
}
