import { HartoError, newId } from '@hartonomous/contracts';
import type { ModelRow, PlacedAtom } from '../port/models.js';
import type { OverlayRepository, OverlayRow } from '../port/overlays.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { overlayChain } from './map.js';
import { modelRepository } from './models.js';
import { coefficientTable, rowsAt } from './versioned.js';
import { newestRevision, sealModel } from './provenance-writers.js';

const stageColumns: Columns = {
  atom_id: 'uuid',
  tensor_no: 'int',
  segment_no: 'bigint',
  x: 'float',
  y: 'float',
  z: 'float',
  hilbert: 'bigint',
  coefficient: 'float',
};

type OverlayRecord = Omit<OverlayRow, 'hilbert' | 'segmentNo'> & {
  hilbert: string | number | bigint;
  segmentNo: string | number;
};

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export function overlayRepository(context: TenantContext): OverlayRepository {
  return { ...overlayWrites(context), ...overlayReads(context) };
}

type Writes = Pick<OverlayRepository, 'createVersion' | 'write' | 'drop' | 'pruneHistory'>;

function overlayWrites(context: TenantContext): Writes {
  const { tenantId, db, sql } = context;
  return {
    createVersion: (parentId, ranking, producedBy) => createVersion(context, parentId, ranking, producedBy),

    async write(versionId, rows) {
      if (rows.length === 0) return 0;
      const last = new Map(rows.map((r) => [`${r.atomId}/${r.tensorNo}/${r.segmentNo}`, r]));
      function* staged(): Generator<unknown[]> {
        for (const r of last.values()) {
          const place = [clamp(r.x, 0, 100), clamp(r.y, 0, 100), clamp(r.z, -10, 10)];
          yield [r.atomId, r.tensorNo, r.segmentNo, ...place, r.hilbert, r.coefficient];
        }
      }
      await db.stage('stage_overlay', stageColumns, staged());
      const from = `(select ${sql.cast('$1', 'uuid')} as tenant_id, ${sql.cast('$2', 'uuid')} as model_id, s.*
        from ${sql.staged('stage_overlay')} s
        join tenant_atom t on t.tenant_id = ${sql.cast('$1', 'uuid')} and t.atom_id = s.atom_id) r`;
      const [row] = await db.rows<{ n: string | number }>(sql.versionedUpsert(coefficientTable, from), [
        tenantId,
        versionId,
      ]);
      return Number(row.n);
    },

    async drop(versionId) {
      const text = sql.versionedDelete(coefficientTable, 'tenant_id = $1 and model_id = $2');
      const [row] = await db.rows<{ n: string | number }>(text, [tenantId, versionId]);
      return Number(row.n);
    },

    pruneHistory: (before) =>
      db.run(`delete from ${coefficientTable.table}_history where tenant_id = $1 and valid_to < $2`, [
        tenantId,
        before,
      ]),
  };
}

function overlayReads({
  tenantId,
  db,
  sql,
}: TenantContext): Pick<OverlayRepository, 'read' | 'positionsAsOf'> {
  return {
    async read(versionId, asOf) {
      const params: unknown[] = [tenantId, versionId];
      const at = asOf ? sql.cast(`$${params.push(asOf)}`, 'instant') : null;
      const rows = await db.rows<OverlayRecord>(
        `select p.atom_id as "atomId", p.tensor_no as "tensorNo", p.segment_no as "segmentNo", p.x as "x", p.y as "y",
           p.z as "z", p.hilbert as "hilbert", p.coefficient as "coefficient"
         from ${rowsAt(coefficientTable, at)} p where p.tenant_id = $1 and p.model_id = $2
         order by ${sql.idText('p.atom_id')}, p.tensor_no, p.segment_no`,
        params,
      );
      return rows.map((row) => ({ ...row, hilbert: BigInt(row.hilbert), segmentNo: Number(row.segmentNo) }));
    },

    async positionsAsOf(versionId, atomIds, at) {
      if (atomIds.length === 0) return [];
      const params: unknown[] = [tenantId, versionId, at];
      const wanted = `and p.tensor_no = 0 and p.segment_no = 0 and ${sql.anyOf('p.atom_id', 'uuid', atomIds, params)}`;
      const fields = 'p.atom_id, p.x, p.y, p.z, p.hilbert';
      const rows = await db.rows<Omit<PlacedAtom, 'hilbert'> & { hilbert: string | number | bigint }>(
        `${overlayChain(sql)}
         select e.atom_id as "atomId", e.x as "x", e.y as "y", e.z as "z", e.hilbert as "hilbert" from (
           select u.*, row_number() over (partition by u.atom_id order by u.is_base, u.depth) as nth from (
             select ${fields}, 0 as is_base, c.depth from chain c
               join ${rowsAt(coefficientTable, sql.cast('$3', 'instant'))} p on p.tenant_id = $1 and p.model_id = c.id ${wanted}
             union all
             select ${fields}, 1 as is_base, c.depth from chain c
               join tensor_atom p on p.tenant_id = $1 and p.model_id = c.id ${wanted}) u) e
         where e.nth = 1 order by ${sql.idText('e.atom_id')}`,
        params,
      );
      return rows.map((row) => ({ ...row, hilbert: BigInt(row.hilbert) }));
    },
  };
}

async function createVersion(
  context: TenantContext,
  parentId: string,
  ranking?: ModelRow['ranking'],
  producedBy?: string,
): Promise<ModelRow> {
  const { tenantId, db } = context;
  const models = modelRepository(context);
  const parent = await models.get(parentId);
  if (!parent) throw new HartoError('NOT_FOUND', 'no such model version');
  const id = newId();
  // Two versions made at once: the unique number makes the second one fail rather than share it.
  await db.run(
    `insert into model (tenant_id, id, name, architecture, parent_id, version, status, ranking)
     select $1, $2, m.name, m.architecture, m.id,
       (select max(n.version) + 1 from model n where n.tenant_id = $1 and n.name = m.name), 'candidate', $4
     from model m where m.tenant_id = $1 and m.id = $3`,
    [tenantId, id, parentId, JSON.stringify(ranking ?? parent.ranking)],
  );
  const maker = producedBy && { id: producedBy, revision: await newestRevision(context, producedBy) };
  await sealModel(context, id, maker ? [{ type: 'produced-by', parent: maker }] : []);
  return (await models.get(id))!;
}
