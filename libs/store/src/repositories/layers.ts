import { HartoError } from '@hartonomous/contracts';
import type {
  LayerRepository,
  LayerRow,
  LinePiece,
  NewLayer,
  PieceStatistics,
  WeightRange,
} from '../port/layers.js';
import type { Columns } from '../sql/dialect.js';
import type { TenantContext } from './context.js';
import { measurePiece, pickVertices, selectVertices } from './line-pieces.js';
import { fromWkb, stride, toWkb } from './line-wkb.js';
import { layerSvd } from './layer-svd.js';

const layerColumns: Columns = {
  tenant_id: 'uuid',
  id: 'uuid',
  model_id: 'uuid',
  layer_no: 'int',
  name: 'text',
  tensor_shape: 'text',
  tensor_dtype: 'text',
  quantisation: 'text',
  elements: 'bigint',
  simplified_from: 'uuid',
};
const layerFields = `id as "id", model_id as "modelId", layer_no as "layerNo", name as "name", tensor_shape as "shape",
  tensor_dtype as "dtype", quantisation as "quantisation", elements as "elements",
  simplified_from as "simplifiedFrom", version as "version"`;

const pieceColumns: Columns = {
  piece_no: 'int',
  weights_line: 'bytes',
  vertices: 'int',
  index_min: 'bigint',
  index_max: 'bigint',
  weight_min: 'float',
  weight_max: 'float',
  importance_min: 'float',
  importance_max: 'float',
};
const pieceFields = `piece_no as "pieceNo", vertices as "vertices", index_min as "indexMin", index_max as "indexMax",
  weight_min as "weightMin", weight_max as "weightMax", importance_min as "importanceMin",
  importance_max as "importanceMax"`;
/** Pieces read at once: at most 32 MiB of coordinates. */
const pagePieces = 16;

type LayerRecord = Omit<LayerRow, 'shape' | 'elements'> & { shape: string; elements: string | number };
type PieceRecord = Omit<PieceStatistics, 'indexMin' | 'indexMax'> & {
  indexMin: string | number;
  indexMax: string | number;
};

const readLayer = (r: LayerRecord): LayerRow => ({
  ...r,
  shape: JSON.parse(r.shape) as number[],
  elements: Number(r.elements),
});
const readPiece = (r: PieceRecord): PieceStatistics => ({
  ...r,
  indexMin: Number(r.indexMin),
  indexMax: Number(r.indexMax),
});

/** Columns that a bound is held against: a piece may hold a match when its span reaches the bound. */
const bounds: [keyof WeightRange, column: string, comparison: '>=' | '<='][] = [
  ['indexMin', 'index_max', '>='],
  ['indexMax', 'index_min', '<='],
  ['weightMin', 'weight_max', '>='],
  ['weightMax', 'weight_min', '<='],
  ['importanceMin', 'importance_max', '>='],
  ['importanceMax', 'importance_min', '<='],
];

function mayMatch(range: WeightRange, params: unknown[]): string {
  return bounds
    .filter(([bound]) => range[bound] !== undefined)
    .map(([bound, column, comparison]) => ` and ${column} ${comparison} $${params.push(range[bound])}`)
    .join('');
}

export function layerRepository(context: TenantContext): LayerRepository {
  return { ...layers(context), ...lineReads(context), ...lineWrites(context), ...layerSvd(context) };
}

type Layers = Pick<LayerRepository, 'add' | 'get' | 'of' | 'remove'>;

async function insertLayer(
  { tenantId, db, sql }: TenantContext,
  layer: NewLayer,
  simplifiedFrom: string | null,
): Promise<boolean> {
  const params: unknown[] = [];
  const names = Object.keys(layerColumns);
  const { id, modelId, layerNo, name, shape, dtype, quantisation, elements } = layer;
  const row = [tenantId, id, modelId, layerNo, name, JSON.stringify(shape), dtype, quantisation, elements];
  const added = await db.run(
    sql.insertNew({
      table: 'model_layer',
      columns: names,
      select: names.map((n) => `r.${n}`),
      from: sql.rowset('r', layerColumns, [[...row, simplifiedFrom]], params),
      match:
        'model_layer.tenant_id = r.tenant_id and model_layer.model_id = r.model_id and model_layer.name = r.name',
    }),
    params,
  );
  return added === 1;
}

function layers(context: TenantContext): Layers {
  const { tenantId, db } = context;
  return {
    async add(layer) {
      const models = await db.rows('select 1 as n from model where tenant_id = $1 and id = $2', [
        tenantId,
        layer.modelId,
      ]);
      if (models.length === 0) throw new HartoError('NOT_FOUND', 'no such model version');
      return insertLayer(context, layer, null);
    },

    async get(id) {
      const [row] = await db.rows<LayerRecord>(
        `select ${layerFields} from model_layer where tenant_id = $1 and id = $2`,
        [tenantId, id],
      );
      return row ? readLayer(row) : null;
    },

    async of(modelId) {
      const rows = await db.rows<LayerRecord>(
        `select ${layerFields} from model_layer where tenant_id = $1 and model_id = $2 order by layer_no, name`,
        [tenantId, modelId],
      );
      return rows.map(readLayer);
    },

    async remove(id) {
      return (await db.run('delete from model_layer where tenant_id = $1 and id = $2', [tenantId, id])) > 0;
    },
  };
}

type Reads = Pick<LayerRepository, 'pieces' | 'vertices'>;

/** A page of pieces that may match, with their lines. */
function linePage(
  { tenantId, db }: TenantContext,
  layerId: string,
  range: WeightRange,
  from: number,
): Promise<{ no: number; line: Buffer }[]> {
  const params: unknown[] = [tenantId, layerId, from];
  return db.rows<{ no: number; line: Buffer }>(
    `select piece_no as "no", weights_line as "line" from weight_line
     where tenant_id = $1 and layer_id = $2 and piece_no >= $3${mayMatch(range, params)}
     order by piece_no offset 0 rows fetch next ${pagePieces} rows only`,
    params,
  );
}

function lineReads(context: TenantContext): Reads {
  const { tenantId, db } = context;
  return {
    async pieces(layerId, range) {
      const params: unknown[] = [tenantId, layerId];
      const rows = await db.rows<PieceRecord>(
        `select ${pieceFields} from weight_line where tenant_id = $1 and layer_id = $2${mayMatch(range, params)}
         order by piece_no`,
        params,
      );
      return rows.map(readPiece);
    },

    async vertices(layerId, range, from, limit) {
      const found: number[] = [];
      for (let next = from; ;) {
        const rows = await linePage(context, layerId, range, next);
        for (const { no, line } of rows) {
          selectVertices(fromWkb(line), range, found);
          next = no + 1;
          // Pieces are answered whole, so that the next call begins with the one after.
          if (found.length >= limit * stride) return { vertices: Float64Array.from(found), next };
        }
        if (rows.length < pagePieces) return { vertices: Float64Array.from(found), next: null };
      }
    },
  };
}

function lineWrites(context: TenantContext): Pick<LayerRepository, 'writeLine' | 'simplify'> {
  const { tenantId, db } = context;
  const { get } = layers(context);
  return {
    async writeLine({ id, version }, pieces) {
      const claimed = await db.run(
        'update model_layer set version = version + 1 where tenant_id = $1 and id = $2 and version = $3',
        [tenantId, id, version],
      );
      if (claimed !== 1) return null;
      const { elements } = (await get(id))!;
      await db.run('delete from weight_line where tenant_id = $1 and layer_id = $2', [tenantId, id]);
      return writePieces(context, id, elements, pieces);
    },

    async simplify(layerId, as, keep) {
      const layer = await get(layerId);
      if (!layer) return null;
      if (!(await insertLayer(context, { ...layer, ...as }, layerId))) {
        throw new HartoError('STATE_CONFLICT', `the model has a layer ${as.name} already`);
      }
      let kept = 0;
      for (let from = 0; ;) {
        const rows = await linePage(context, layerId, {}, from);
        const copies = rows.map(({ line }) => {
          const piece = fromWkb(line);
          return pickVertices(piece, keep(piece));
        });
        await writePieces(context, as.id, layer.elements, copies, from);
        kept += copies.reduce((sum, copy) => sum + copy.length / stride, 0);
        if (rows.length < pagePieces) return kept;
        from = rows[rows.length - 1].no + 1;
      }
    },
  };
}

/** Appends pieces to a layer in one staged bulk, numbered from `from`; how many. */
async function writePieces(
  { tenantId, db, sql }: TenantContext,
  layerId: string,
  elements: number,
  pieces: Iterable<LinePiece>,
  from = 0,
): Promise<number> {
  function* rows(): Generator<unknown[]> {
    let after = -1;
    let pieceNo = from;
    for (const piece of pieces) {
      const s = measurePiece(piece, pieceNo++, after, elements);
      after = s.indexMax;
      yield [
        s.pieceNo,
        toWkb(piece),
        s.vertices,
        s.indexMin,
        s.indexMax,
        s.weightMin,
        s.weightMax,
        s.importanceMin,
        s.importanceMax,
      ];
    }
  }
  const name = 'stage_line';
  await db.stage(name, pieceColumns, rows());
  const columns = Object.keys(pieceColumns);
  return db.run(
    `insert into weight_line (tenant_id, layer_id, ${columns.join(', ')})
     select ${sql.cast('$1', 'uuid')}, ${sql.cast('$2', 'uuid')}, ${columns.map((c) => `s.${c}`).join(', ')}
     from ${sql.staged(name)} s`,
    [tenantId, layerId],
  );
}
