import { newId } from '@hartonomous/contracts';
import type { LandmarkSet, MapRepository, PlacedAtom } from '../port/models.js';
import type { Columns, Dialect } from '../sql/dialect.js';
import type { TenantContext } from './context.js';

type LandmarkRecord = Omit<LandmarkSet, 'report' | 'seed'> & { report: string; seed: string | number };
type PlaceRecord = Omit<PlacedAtom, 'hilbert'> & { hilbert: string | number | bigint };

const placeColumns: Columns = { atom_id: 'uuid', x: 'float', y: 'float', z: 'float', hilbert: 'bigint' };
const placeFields = 'p.atom_id as "atomId", p.x as "x", p.y as "y", p.z as "z", p.hilbert as "hilbert"';
/** Versions stacked on one another; deeper chains are to be flattened. */
const overlayDepthMax = 32;

const readPlace = (row: PlaceRecord): PlacedAtom => ({ ...row, hilbert: BigInt(row.hilbert) });

export function mapRepository(context: TenantContext): MapRepository {
  return { ...landmarks(context), ...placement(context), ...places(context) };
}

function landmarks({
  tenantId,
  db,
}: TenantContext): Pick<MapRepository, 'latestLandmarkSet' | 'saveLandmarkSet'> {
  const latest = async (embeddingModel: string): Promise<LandmarkSet | null> => {
    const [row] = await db.rows<LandmarkRecord>(
      `select id as "id", embedding_model as "embeddingModel", version as "version", seed as "seed", data as "data",
         report as "report"
       from landmark_set where tenant_id = $1 and embedding_model = $2
       order by version desc offset 0 rows fetch next 1 rows only`,
      [tenantId, embeddingModel],
    );
    return row
      ? { ...row, seed: Number(row.seed), report: JSON.parse(row.report) as Record<string, number> }
      : null;
  };
  return {
    latestLandmarkSet: latest,
    async saveLandmarkSet(set) {
      const id = newId();
      // Two writers at once: the unique version makes the second one fail rather than overwrite.
      const version = ((await latest(set.embeddingModel))?.version ?? 0) + 1;
      await db.run(
        `insert into landmark_set (tenant_id, id, embedding_model, version, seed, data, report)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [tenantId, id, set.embeddingModel, version, set.seed, set.data, JSON.stringify(set.report)],
      );
      return { ...set, id, version };
    },
  };
}

type Placement = Pick<MapRepository, 'placeAtoms' | 'unplaced' | 'countPlaced'>;

function placement({ tenantId, db, sql }: TenantContext): Placement {
  return {
    async placeAtoms(modelId, rows) {
      if (rows.length === 0) return 0;
      const last = new Map(rows.map((r) => [r.atomId, r]));
      function* staged(): Generator<unknown[]> {
        for (const r of last.values()) yield [r.atomId, r.x, r.y, r.z, r.hilbert];
      }
      await db.stage('stage_place', placeColumns, staged());
      const from = `(select ${sql.cast('$1', 'uuid')} as tenant_id, ${sql.cast('$2', 'uuid')} as model_id, s.atom_id,
        0 as tensor_no, 0 as segment_no, s.x, s.y, s.z, s.z as importance, s.hilbert
        from ${sql.staged('stage_place')} s
        join tenant_atom t on t.tenant_id = ${sql.cast('$1', 'uuid')} and t.atom_id = s.atom_id) r`;
      const keys = ['tenant_id', 'model_id', 'atom_id', 'tensor_no', 'segment_no'];
      const values = ['x', 'y', 'z', 'importance', 'hilbert'];
      return db.run(
        sql.upsert({
          table: 'tensor_atom',
          keys,
          columns: [...keys, ...values],
          from,
          update: Object.fromEntries(values.map((v) => [v, `excluded.${v}`])),
        }),
        [tenantId, modelId],
      );
    },

    async unplaced(modelId, limit) {
      const rows = await db.rows<{ id: string }>(
        `select t.atom_id as "id" from tenant_atom t where t.tenant_id = $1 and not exists (
           select 1 from tensor_atom p where p.tenant_id = $1 and p.model_id = $2 and p.atom_id = t.atom_id)
         order by ${sql.idText('t.atom_id')} offset 0 rows fetch next $3 rows only`,
        [tenantId, modelId, limit],
      );
      return rows.map((row) => row.id);
    },

    async countPlaced(modelId) {
      const [row] = await db.rows<{ n: string | number }>(
        'select count(*) as "n" from tensor_atom where tenant_id = $1 and model_id = $2',
        [tenantId, modelId],
      );
      return Number(row.n);
    },
  };
}

/** CTE `chain(id, parent_id, depth)` of the version $2 of tenant $1, its parent, and so on. */
export const overlayChain = (sql: Dialect): string => `${sql.withRecursive} chain (id, parent_id, depth) as (
  select m.id, m.parent_id, 0 from model m where m.tenant_id = $1 and m.id = $2
  union all
  select m.id, m.parent_id, c.depth + 1 from chain c join model m on m.tenant_id = $1 and m.id = c.parent_id
  where c.depth < ${overlayDepthMax})`;

function places(context: TenantContext): Pick<MapRepository, 'positions' | 'nearest'> {
  const { tenantId, db, sql, statements } = context;
  const chain = overlayChain(sql);
  const key = 'tensor_no = 0 and p.segment_no = 0';
  const overlaid = (extra: string) => `select p.atom_id, p.x, p.y, p.z, p.hilbert, 0 as is_base, c.depth
    from chain c join tensor_atom_coefficient p on p.tenant_id = $1 and p.model_id = c.id and p.${key} ${extra}`;
  const base = (extra: string) => `select p.atom_id, p.x, p.y, p.z, p.hilbert, 1 as is_base, c.depth
    from chain c join tensor_atom p on p.tenant_id = $1 and p.model_id = c.id and p.${key} ${extra}`;
  const effective = (rows: string) => `select e.*, row_number() over (partition by e.atom_id
    order by e.is_base, e.depth) as nth from (${rows}) e`;

  return {
    async positions(versionId, atomIds) {
      if (atomIds.length === 0) return [];
      const params: unknown[] = [tenantId, versionId];
      const wanted = `and ${sql.anyOf('p.atom_id', 'uuid', atomIds, params)}`;
      const rows = await db.rows<PlaceRecord>(
        `${chain} select ${placeFields} from (${effective(`${overlaid(wanted)} union all ${base(wanted)}`)}) p
         where p.nth = 1 order by ${sql.idText('p.atom_id')}`,
        params,
      );
      return rows.map(readPlace);
    },

    async nearest(versionId, [x, y, z], k) {
      const params: unknown[] = [tenantId, versionId, x, y, z, k];
      const distance = statements.distance('p', ['$3', '$4', '$5']);
      const first = `order by ${distance}, ${sql.idText('p.atom_id')} offset 0 rows fetch next $6 rows only`;
      const moved = `select p.* from (${effective(overlaid(''))}) p where p.nth = 1`;
      const still = `select p.* from (${base('')}) p where not exists (select 1 from chain c
        join tensor_atom_coefficient o on o.tenant_id = $1 and o.model_id = c.id and o.atom_id = p.atom_id
          and o.tensor_no = 0 and o.segment_no = 0)`;
      const fields = 'p.atom_id, p.x, p.y, p.z, p.hilbert';
      const rows = await db.rows<PlaceRecord>(
        `${chain} select ${placeFields} from (
           select * from (select ${fields} from (${moved}) p ${first}) near_moved
           union all
           select * from (select ${fields} from (${still}) p ${first}) near_still) p ${first}`,
        params,
      );
      return rows.map(readPlace);
    },
  };
}
