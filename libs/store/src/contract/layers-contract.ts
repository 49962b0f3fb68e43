import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { LinePiece, NewLayer, WeightRange } from '../port/layers.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { layerOf } from './sweep-models.js';

const elements = 600;
const pieceLength = 100;

/** Weights as a sine, importance falling, none on every seventh, in pieces of a hundred. */
function linePieces(): LinePiece[] {
  const pieces: LinePiece[] = [];
  for (let start = 0; start < elements; start += pieceLength) {
    const piece = new Float64Array(pieceLength * 4);
    for (let i = 0; i < pieceLength; i++) {
      const x = start + i;
      piece.set([x, Math.sin(x / 60), x % 7 === 0 ? NaN : 10 - x / 30, 1_700_000_000_000 + x], i * 4);
    }
    pieces.push(piece);
  }
  return pieces;
}

const vertexRows = (coords: Float64Array): number[][] =>
  Array.from({ length: coords.length / 4 }, (_, i) => [...coords.subarray(i * 4, i * 4 + 4)]);

const allRows = (): number[][] => linePieces().flatMap(vertexRows);

const within = ([x, y, z]: number[], r: WeightRange): boolean =>
  x >= (r.indexMin ?? 0) &&
  x <= (r.indexMax ?? elements) &&
  y >= (r.weightMin ?? -1) &&
  y <= (r.weightMax ?? 1) &&
  (r.importanceMin === undefined || z >= r.importanceMin) &&
  (r.importanceMax === undefined || z <= r.importanceMax);

/** Layers of a model, and their weights as lines in pieces. */
export function layersContract(fixture: EngineFixture): void {
  describe('weights as lines', () => {
    let layer: NewLayer;
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const modelId = (await tx.models.ensureNative()).id;
        layer = layerOf(modelId, { name: 'blk.0.weight', shape: [20, 30], elements, quantisation: 'Q8_0' });
        expect(await tx.layers.add(layer)).toBe(true);
        expect(await tx.layers.writeLine({ id: layer.id, version: 1 }, linePieces())).toBe(6);
      }),
    );
    layerLaws(c, () => layer);
    rangeLaws(c, () => layer);
    pieceLaws(c, () => layer);
    copyLaws(c, () => layer);
  });
}

const tenantOf =
  (c: Contract) =>
  <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
    c().store.withTenant(tenantId, work);

function layerLaws(c: Contract, layer: () => NewLayer): void {
  const inTenant = tenantOf(c);
  it('adds a layer of a known model once by name, and gives it back', async () => {
    const { id, modelId } = layer();
    expect(await inTenant((tx) => tx.layers.add({ ...layer(), id: newId() }))).toBe(false);
    await expect(inTenant((tx) => tx.layers.add(layerOf(newId())))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const kept = { ...layer(), simplifiedFrom: null, version: 2 };
    expect(await inTenant((tx) => tx.layers.get(id))).toEqual(kept);
    const second = layerOf(modelId, { layerNo: 1, name: 'a.second' });
    await inTenant((tx) => tx.layers.add(second));
    expect((await inTenant((tx) => tx.layers.of(modelId))).map((l) => l.id)).toEqual([id, second.id]);
    expect(await inTenant((tx) => tx.layers.remove(second.id))).toBe(true);
    expect(await inTenant((tx) => tx.layers.remove(second.id))).toBe(false);
    expect(await inTenant((tx) => tx.layers.of(modelId), c().otherTenantId)).toEqual([]);
  });
}

function rangeLaws(c: Contract, layer: () => NewLayer): void {
  const inTenant = tenantOf(c);
  const ranges: WeightRange[] = [
    {},
    { indexMin: 150, indexMax: 220 },
    { weightMin: 0.9 },
    { weightMin: -0.2, weightMax: 0.1, indexMin: 100 },
    { importanceMin: 8 },
    { importanceMin: -9, importanceMax: -8.5, weightMax: 0 },
    { indexMin: 10_000 },
  ];
  it.each(ranges)('answers %j exactly, from the pieces that may hold it', async (range) => {
    const expected = allRows().filter((row) => within(row, range));
    const all = await inTenant((tx) => tx.layers.vertices(layer().id, range, 0, 1_000_000));
    expect(all.next).toBeNull();
    expect(vertexRows(all.vertices)).toEqual(expected);
    const pieces = await inTenant((tx) => tx.layers.pieces(layer().id, range));
    const holding = new Set(expected.map(([x]) => Math.trunc(x / pieceLength)));
    for (const no of holding) expect(pieces.map((p) => p.pieceNo)).toContain(no);
  });

  it('leaves pieces out by their statistics, and pages by pieces', async () => {
    const pieces = await inTenant((tx) => tx.layers.pieces(layer().id, { indexMin: 250, indexMax: 399 }));
    expect(pieces.map((p) => p.pieceNo)).toEqual([2, 3]);
    const rows = vertexRows(linePieces()[2]);
    expect(pieces[0]).toEqual({
      pieceNo: 2,
      vertices: pieceLength,
      indexMin: 200,
      indexMax: 299,
      weightMin: Math.min(...rows.map((r) => r[1])),
      weightMax: Math.max(...rows.map((r) => r[1])),
      importanceMin: 10 - 299 / 30,
      importanceMax: 10 - 200 / 30,
    });
    const seen: number[][] = [];
    for (let next: number | null = 0; next !== null;) {
      const from: number = next;
      const page = await inTenant((tx) => tx.layers.vertices(layer().id, {}, from, 150));
      expect(page.vertices.length / 4).toBeLessThanOrEqual(200);
      seen.push(...vertexRows(page.vertices));
      next = page.next;
    }
    expect(seen).toEqual(allRows());
  });
}

function pieceLaws(c: Contract, layer: () => NewLayer): void {
  const inTenant = tenantOf(c);
  const first = () => Float64Array.of(0, 1, 1, 1, 1, 2, 2, 2);
  const bad: [string, () => LinePiece[]][] = [
    ['a single vertex', () => [Float64Array.of(0, 1, 1, 1)]],
    ['a torn vertex', () => [Float64Array.of(0, 1, 1, 1, 1, 2)]],
    ['an index that is no integer', () => [Float64Array.of(0, 1, 1, 1, 1.5, 2, 2, 2)]],
    ['an index that does not ascend', () => [Float64Array.of(1, 1, 1, 1, 1, 2, 2, 2)]],
    ['a piece that overlaps the one before', () => [first(), first()]],
    ['an index beyond the elements', () => [Float64Array.of(0, 1, 1, 1, elements, 2, 2, 2)]],
    ['a negative index', () => [Float64Array.of(-1, 1, 1, 1, 1, 2, 2, 2)]],
    ['a weight that is no number', () => [Float64Array.of(0, NaN, 1, 1, 1, 2, 2, 2)]],
    ['an infinite importance', () => [Float64Array.of(0, 1, Infinity, 1, 1, 2, 2, 2)]],
  ];
  it.each(bad)('refuses %s and leaves the line as it was', async (_name, pieces) => {
    await expect(
      inTenant((tx) => tx.layers.writeLine({ id: layer().id, version: 2 }, pieces())),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await inTenant((tx) => tx.layers.get(layer().id))).toMatchObject({ version: 2 });
    expect(await inTenant((tx) => tx.layers.pieces(layer().id, {}))).toHaveLength(6);
  });

  it('keeps a lone weight, missing importances and the line of the latest version only', async () => {
    const small = layerOf(layer().modelId, { name: 'lone', elements: 3, shape: [3] });
    await inTenant((tx) => tx.layers.add(small));
    const pieces = [
      Float64Array.of(0, 0.1, NaN, NaN, 1, 2 ** -149, NaN, NaN),
      Float64Array.of(2, -0.5, NaN, 7, 2, -0.5, NaN, 7),
    ];
    expect(await inTenant((tx) => tx.layers.writeLine({ id: small.id, version: 1 }, pieces))).toBe(2);
    const read = await inTenant((tx) => tx.layers.vertices(small.id, {}, 0, 9));
    expect(vertexRows(read.vertices)).toEqual([
      [0, 0.1, NaN, NaN],
      [1, 2 ** -149, NaN, NaN],
      [2, -0.5, NaN, 7],
    ]);
    const [stats] = await inTenant((tx) => tx.layers.pieces(small.id, {}));
    expect([stats.importanceMin, stats.importanceMax]).toEqual([null, null]);
    const ranged = await inTenant((tx) => tx.layers.vertices(small.id, { importanceMin: -1e9 }, 0, 9));
    expect(ranged).toEqual({ vertices: new Float64Array(0), next: null });
    // Somebody else was first; another tenant never is.
    expect(await inTenant((tx) => tx.layers.writeLine({ id: small.id, version: 1 }, pieces))).toBeNull();
    const there = inTenant(
      (tx) => tx.layers.writeLine({ id: small.id, version: 2 }, pieces),
      c().otherTenantId,
    );
    expect(await there).toBeNull();
    expect(await inTenant((tx) => tx.layers.writeLine({ id: small.id, version: 2 }, []))).toBe(0);
    expect(await inTenant((tx) => tx.layers.pieces(small.id, {}))).toEqual([]);
    await inTenant((tx) => tx.layers.remove(small.id));
  });
}

function copyLaws(c: Contract, layer: () => NewLayer): void {
  const inTenant = tenantOf(c);
  it('makes a lossy copy beside the layer, by a given simplification', async () => {
    const copy = { id: newId(), name: 'blk.0.weight.tenth' };
    const tenth = (piece: LinePiece) =>
      Array.from({ length: piece.length / 4 }, (_, i) => i).filter(
        (i) => i % 10 === 0 || i === pieceLength - 1,
      );
    expect(await inTenant((tx) => tx.layers.simplify(layer().id, copy, tenth))).toBe(66);
    const kept = await inTenant((tx) => tx.layers.vertices(copy.id, {}, 0, 1_000));
    expect(vertexRows(kept.vertices)).toEqual(allRows().filter(([x]) => x % 10 === 0 || x % 100 === 99));
    expect(await inTenant((tx) => tx.layers.get(copy.id))).toEqual({
      ...layer(),
      ...copy,
      simplifiedFrom: layer().id,
      version: 1,
    });
    expect(
      vertexRows((await inTenant((tx) => tx.layers.vertices(layer().id, {}, 0, 1_000))).vertices),
    ).toEqual(allRows());
    await expect(
      inTenant((tx) => tx.layers.simplify(layer().id, { ...copy, id: newId() }, tenth)),
    ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    for (const keep of [[0, 5], [1, pieceLength - 1], [0, 9, 3, pieceLength - 1], []]) {
      await expect(
        inTenant((tx) => tx.layers.simplify(layer().id, { id: newId(), name: 'bad' }, () => keep)),
      ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }
    expect(
      await inTenant((tx) => tx.layers.simplify(newId(), { id: newId(), name: 'of nothing' }, tenth)),
    ).toBeNull();
    await expect(inTenant((tx) => tx.layers.remove(layer().id))).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
    expect(await inTenant((tx) => tx.layers.remove(copy.id))).toBe(true);
  });
}
