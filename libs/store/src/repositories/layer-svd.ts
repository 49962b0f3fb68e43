import { HartoError } from '@hartonomous/contracts';
import type { LayerRepository, LayerSvd } from '../port/layers.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { vectorBytes, vectorOf } from './vector-scan.js';

const svdColumns: Columns = {
  tenant_id: 'uuid',
  layer_id: 'uuid',
  svd_rank: 'int',
  row_count: 'int',
  column_count: 'int',
  u: 'bytes',
  s: 'bytes',
  vt: 'bytes',
  explained: 'float',
};

interface SvdRecord extends Omit<LayerSvd, 'u' | 's' | 'vt'> {
  u: Buffer;
  s: Buffer;
  vt: Buffer;
}

function checkShapes({ rank, rows, columns, u, s, vt, explained }: LayerSvd): void {
  const fits =
    Number.isInteger(rank) &&
    rank > 0 &&
    rank <= Math.min(rows, columns) &&
    u.length === rows * rank &&
    s.length === rank &&
    vt.length === rank * columns;
  if (!fits)
    throw new HartoError('INPUT_INVALID', `no decomposition of ${rows} x ${columns} by rank ${rank}`);
  if (!(explained >= 0 && explained <= 1)) {
    throw new HartoError('INPUT_INVALID', `an explained share of ${explained}`);
  }
}

export function layerSvd({ tenantId, db, sql }: TenantContext): Pick<LayerRepository, 'saveSvd' | 'svd'> {
  return {
    async saveSvd(layerId, svd) {
      checkShapes(svd);
      const layers = await db.rows('select 1 as n from model_layer where tenant_id = $1 and id = $2', [
        tenantId,
        layerId,
      ]);
      if (layers.length === 0) return false;
      const { rank, rows, columns, u, s, vt, explained } = svd;
      const row = [tenantId, layerId, rank, rows, columns, ...[u, s, vt].map(vectorBytes), explained];
      const params: unknown[] = [];
      const names = Object.keys(svdColumns);
      await db.run(
        sql.upsert({
          table: 'svd_layer',
          keys: names.slice(0, 3),
          columns: names,
          from: sql.rowset('r', svdColumns, [row], params),
          update: Object.fromEntries(names.slice(3).map((n) => [n, `excluded.${n}`])),
        }),
        params,
      );
      return true;
    },

    async svd(layerId, explainedMin) {
      const [row] = await db.rows<SvdRecord>(
        `select svd_rank as "rank", row_count as "rows", column_count as "columns", u as "u", s as "s", vt as "vt",
           explained as "explained"
         from svd_layer where tenant_id = $1 and layer_id = $2 and explained >= ${sql.cast('$3', 'float')}
         order by svd_rank offset 0 rows fetch next 1 rows only`,
        [tenantId, layerId, explainedMin],
      );
      if (!row) return null;
      return { ...row, u: vectorOf(row.u), s: vectorOf(row.s), vt: vectorOf(row.vt) };
    },
  };
}
