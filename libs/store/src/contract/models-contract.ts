import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { PlacedAtom } from '../port/models.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const atomCount = 60;

type InTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId?: string) => Promise<T>;

/** Filled before the tests run: the corpus and its native model. */
interface Prepared {
  atomIds: string[];
  modelId: string;
}

export function modelsContract(fixture: EngineFixture): void {
  describe('models and map', () => {
    const prepared: Prepared = { atomIds: [], modelId: '' };
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = Array.from({ length: atomCount }, (_, i) => atomOf(`atom number ${'x'.repeat(i + 1)}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('all.md', atoms)]);
        prepared.atomIds = await tx.corpus.matching({});
        prepared.modelId = (await tx.models.ensureNative()).id;
      }),
    );
    const inTenant: InTenant = (work, tenantId = c().tenantId) => c().store.withTenant(tenantId, work);
    modelLaws(c, inTenant, prepared);
    placeLaws(inTenant, prepared);
    overlayLaws(c, inTenant, prepared);
  });
}

const placedAt = (atomId: string, i: number): PlacedAtom => ({
  atomId,
  x: (i * 37) % 100,
  y: (i * 61) % 100,
  z: ((i * 7) % 20) - 10,
  hilbert: (1n << 62n) + BigInt(i),
});

const exactNearest = (places: PlacedAtom[], point: [number, number, number], k: number) => {
  const distance = (p: PlacedAtom) => Math.hypot(p.x - point[0], p.y - point[1], p.z - point[2]);
  return [...places]
    .sort((a, b) => distance(a) - distance(b) || (a.atomId < b.atomId ? -1 : 1))
    .slice(0, k)
    .map((p) => p.atomId);
};

function modelLaws(c: Contract, inTenant: InTenant, m: Prepared): void {
  it('makes the native model once, with its alias', async () => {
    const models = await Promise.all([1, 2, 3].map(() => inTenant((tx) => tx.models.ensureNative())));
    expect(new Set(models.map((m) => m.id))).toEqual(new Set([m.modelId]));
    expect(await inTenant((tx) => tx.models.list())).toHaveLength(1);
    expect((await inTenant((tx) => tx.models.get(m.modelId)))?.ranking).toEqual({ a: 0, b: 0, sigma: 10 });
    expect((await inTenant((tx) => tx.models.resolve('default')))?.id).toBe(m.modelId);
    await inTenant((tx) => tx.models.setAlias('mine', m.modelId, 'ada', 'test'));
    await inTenant((tx) => tx.models.setAlias('mine', m.modelId, 'bob', 'again'));
    expect((await inTenant((tx) => tx.models.resolve('mine')))?.id).toBe(m.modelId);
    expect(await inTenant((tx) => tx.models.resolve('absent'))).toBeNull();
    expect(await inTenant((tx) => tx.models.get(m.modelId), c().otherTenantId)).toBeNull();
    await expect(
      inTenant((tx) => tx.models.setAlias('x', m.modelId, 'eve', 'foreign'), c().otherTenantId),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('keeps landmark sets by version', async () => {
    const set = { embeddingModel, seed: 7, data: Buffer.from([0, 255, 1]), report: { stress: 0.25 } };
    const one = await inTenant((tx) => tx.map.saveLandmarkSet(set));
    const two = await inTenant((tx) => tx.map.saveLandmarkSet({ ...set, seed: 8 }));
    expect([one.version, two.version]).toEqual([1, 2]);
    expect(await inTenant((tx) => tx.map.latestLandmarkSet(embeddingModel))).toEqual(two);
    expect(await inTenant((tx) => tx.map.latestLandmarkSet('absent'))).toBeNull();
  });
}

function placeLaws(inTenant: InTenant, m: Prepared): void {
  const placed = (i: number) => placedAt(m.atomIds[i], i);
  it('places atoms in bulk, once each', async () => {
    expect(await inTenant((tx) => tx.map.unplaced(m.modelId, 1_000))).toHaveLength(atomCount);
    const places = m.atomIds.map((_, i) => placed(i));
    expect(await inTenant((tx) => tx.map.placeAtoms(m.modelId, places.slice(0, 40)))).toBe(40);
    expect(await inTenant((tx) => tx.map.unplaced(m.modelId, 1_000))).toEqual(m.atomIds.slice(40));
    expect(await inTenant((tx) => tx.map.placeAtoms(m.modelId, places))).toBe(atomCount);
    expect(await inTenant((tx) => tx.map.countPlaced(m.modelId))).toBe(atomCount);
    expect(await inTenant((tx) => tx.map.positions(m.modelId, m.atomIds))).toEqual(places);
    const foreign = { ...placed(0), atomId: newId() };
    expect(await inTenant((tx) => tx.map.placeAtoms(m.modelId, [foreign]))).toBe(0);
    const outside = { ...placed(0), x: 100.5 };
    await expect(inTenant((tx) => tx.map.placeAtoms(m.modelId, [outside]))).rejects.toMatchObject({
      code: 'STATE_CONFLICT',
    });
  });

  it('finds exact nearest neighbours', async () => {
    const places = m.atomIds.map((_, i) => placed(i));
    for (const point of [
      [50, 50, 0],
      [0, 0, -10],
      [99.5, 3.25, 9],
    ] as [number, number, number][]) {
      const near = await inTenant((tx) => tx.map.nearest(m.modelId, point, 9));
      expect(near.map((p) => p.atomId)).toEqual(exactNearest(places, point, 9));
    }
  });
}

function overlayLaws(c: Contract, inTenant: InTenant, m: Prepared): void {
  const placed = (i: number) => placedAt(m.atomIds[i], i);
  it('serves a version through its overlay, its parent and the base', async () => {
    const version = async (no: number, parent: string) => {
      const id = newId();
      await c().asOwner(
        `insert into model (tenant_id, id, name, architecture, parent_id, version, status, ranking)
         values ('${c().tenantId}', '${id}', 'native', 'atoms', '${parent}', ${no}, 'candidate', '{"a":0,"b":0,"sigma":1}')`,
      );
      return id;
    };
    const move = (id: string, n: number, x: number) =>
      c().asOwner(
        `insert into tensor_atom_coefficient (tenant_id, model_id, atom_id, x, y, z, hilbert)
         values ('${c().tenantId}', '${id}', '${m.atomIds[n]}', ${x}, 50, 0, 5)`,
      );
    const child = await version(2, m.modelId);
    const grandchild = await version(3, child);
    await move(child, 0, 11);
    await move(child, 1, 12);
    await move(grandchild, 1, 13);
    const xOf = async (id: string) =>
      (await inTenant((tx) => tx.map.positions(id, m.atomIds.slice(0, 3)))).map((p) => p.x);
    expect(await xOf(m.modelId)).toEqual([placed(0).x, placed(1).x, placed(2).x]);
    expect(await xOf(child)).toEqual([11, 12, placed(2).x]);
    expect(await xOf(grandchild)).toEqual([11, 13, placed(2).x]);
    const near = await inTenant((tx) => tx.map.nearest(grandchild, [13, 50, 0], 1));
    expect(near.map((p) => [p.atomId, p.hilbert])).toEqual([[m.atomIds[1], 5n]]);
    const all = await inTenant((tx) => tx.map.positions(grandchild, m.atomIds));
    const wide = await inTenant((tx) => tx.map.nearest(grandchild, [20, 40, 1], 25));
    expect(wide.map((p) => p.atomId)).toEqual(exactNearest(all, [20, 40, 1], 25));
  });
}
