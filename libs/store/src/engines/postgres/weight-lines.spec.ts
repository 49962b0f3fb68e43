import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import {
  fillSimplified,
  lineFromSegment,
  lineFromWkb,
  lineToWkb,
  pieceBounds,
  simplifyDouglasPeucker,
} from '@hartonomous/geometry';
import { layerOf } from '../../contract/sweep-models.js';
import { fromWkb } from '../../repositories/line-wkb.js';
import { openTestStore, type TestStore } from '../../testing.js';

const elements = 5_000;
const weights = Float32Array.from(
  { length: elements },
  (_, i) => Math.sin(i / 200) + (i % 97 === 0 ? 0.4 : 0),
);

describe('weight lines beside the geometry library', () => {
  let t: TestStore;
  let owner: pg.Client;
  let modelId: string;
  beforeAll(async () => {
    t = await openTestStore();
    owner = new pg.Client({ connectionString: t.urls.maintenanceUrl });
    await owner.connect();
    modelId = await t.store.withTenant(t.tenantId, async (tx) => (await tx.models.ensureNative()).id);
  });
  afterAll(async () => {
    await owner.end();
    await t.close();
  });

  /** Pieces of the tensor as the geometry library cuts them. */
  const pieces = () => {
    const bounds = pieceBounds(elements, 1_024);
    return Array.from({ length: bounds.length / 2 }, (_, i) => {
      const [start, end] = [bounds[2 * i], bounds[2 * i + 1]];
      return lineFromSegment({
        start,
        weights: weights.subarray(start, end),
        importance: 1,
        time: 1_700_000_000_000,
      });
    });
  };
  const stored = async (layerId: string) =>
    (
      await owner.query<{ line: Buffer }>(
        'select weights_line as line from weight_line where layer_id = $1 order by piece_no',
        [layerId],
      )
    ).rows.map((row) => row.line);

  it('stand in the table as its well-known binary, byte for byte', async () => {
    const layer = layerOf(modelId, { name: 'bytes', shape: [elements], elements });
    await t.store.withTenant(t.tenantId, async (tx) => {
      await tx.layers.add(layer);
      await tx.layers.writeLine(
        { id: layer.id, version: 1 },
        pieces().map((line) => line.coords),
      );
    });
    const lines = await stored(layer.id);
    expect(lines.map((bytes) => bytes.toString('hex'))).toEqual(
      pieces().map((line) => Buffer.from(lineToWkb(line)).toString('hex')),
    );
    const back = lines.flatMap((bytes) => [...lineFromWkb(bytes).coords].filter((_, i) => i % 4 === 1));
    expect(Float32Array.from(back)).toEqual(weights);
  });

  it('are simplified within the tolerance by Douglas and Peucker, to far fewer vertices', async () => {
    const tolerance = 0.01;
    const layer = layerOf(modelId, { name: 'smooth', shape: [elements], elements });
    const copy = { id: newId(), name: 'smooth, simplified' };
    // In the plane of index and weight.
    const keep = (piece: Float64Array) =>
      simplifyDouglasPeucker(
        piece.filter((_, i) => i % 4 < 2),
        2,
        tolerance,
      );
    const kept = await t.store.withTenant(t.tenantId, async (tx) => {
      await tx.layers.add(layer);
      await tx.layers.writeLine(
        { id: layer.id, version: 1 },
        pieces().map((line) => line.coords),
      );
      return tx.layers.simplify(layer.id, copy, keep);
    });
    expect(kept).toBeLessThan(elements / 10);
    const filled = (await stored(copy.id)).map((bytes) => fillSimplified(lineFromWkb(bytes)));
    const worst = filled.flatMap((run) =>
      [...run.weights].map((w, i) => Math.abs(w - weights[run.start + i])),
    );
    expect(worst).toHaveLength(elements);
    // A vertex lies within the tolerance of its segment, whose slope is at most 0.4 here.
    expect(Math.max(...worst)).toBeLessThan(tolerance * Math.hypot(1, 0.4) + 1e-7);
  });

  it.each([
    ['other types', 'set weights_line = set_byte(weights_line, 1, 2)'],
    ['torn bytes', `set weights_line = weights_line || '\\x00'`],
    ['another vertex count', 'set vertices = vertices + 1'],
  ])('refuses %s, whoever writes them', async (_name, change) => {
    await expect(owner.query(`update weight_line ${change}`)).rejects.toMatchObject({ code: '23514' });
  });

  it('reads nothing but its own form', () => {
    const good = Buffer.from(lineToWkb(pieces()[0]));
    expect(fromWkb(good)).toEqual(pieces()[0].coords);
    const big = Buffer.from(good);
    big[0] = 0;
    const extended = Buffer.from(lineToWkb(pieces()[0], 'extended'));
    const longer = Buffer.from(good);
    longer.writeUInt32LE(good.readUInt32LE(5) + 1, 5);
    for (const bytes of [Buffer.alloc(0), good.subarray(0, 8), good.subarray(0, -1), big, extended, longer]) {
      expect(() => fromWkb(bytes)).toThrow(expect.objectContaining({ code: 'STORE_CORRUPT' }));
    }
  });
});
