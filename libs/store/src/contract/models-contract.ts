import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { PlacedAtom } from '../port/models.js';
import type { TenantTransaction } from '../port/store.js';
import { hookTimeoutMs, type ContractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const atomCount = 60;

export function modelsContract(fixture: EngineFixture): void {
  describe('models and map', () => {
    let c: ContractStore;
    let atomIds: string[];
    let modelId: string;
    beforeAll(async () => {
      c = await fixture.open();
      const atoms = Array.from({ length: atomCount }, (_, i) => atomOf(`atom number ${'x'.repeat(i + 1)}`));
      await inTenant((tx) => tx.ingestion.ingest('main', embeddingModel, [fileOf('all.md', atoms)]));
      atomIds = await inTenant((tx) => tx.corpus.matching({}));
      modelId = (await inTenant((tx) => tx.models.ensureNative())).id;
    }, hookTimeoutMs);
    afterAll(() => c.close());
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c.tenantId) =>
      c.store.withTenant(tenantId, work);

    const placed = (i: number): PlacedAtom => ({
      atomId: atomIds[i],
      x: (i * 37) % 100,
      y: (i * 61) % 100,
      z: ((i * 7) % 20) - 10,
      hilbert: (1n << 62n) + BigInt(i),
    });

    it('makes the native model once, with its alias', async () => {
      const models = await Promise.all([1, 2, 3].map(() => inTenant((tx) => tx.models.ensureNative())));
      expect(new Set(models.map((m) => m.id))).toEqual(new Set([modelId]));
      expect(await inTenant((tx) => tx.models.list())).toHaveLength(1);
      expect((await inTenant((tx) => tx.models.get(modelId)))?.ranking).toEqual({ a: 0, b: 0, sigma: 10 });
      expect((await inTenant((tx) => tx.models.resolve('default')))?.id).toBe(modelId);
      await inTenant((tx) => tx.models.setAlias('mine', modelId, 'ada', 'test'));
      await inTenant((tx) => tx.models.setAlias('mine', modelId, 'bob', 'again'));
      expect((await inTenant((tx) => tx.models.resolve('mine')))?.id).toBe(modelId);
      expect(await inTenant((tx) => tx.models.resolve('absent'))).toBeNull();
      expect(await inTenant((tx) => tx.models.get(modelId), c.otherTenantId)).toBeNull();
      await expect(
        inTenant((tx) => tx.models.setAlias('x', modelId, 'eve', 'foreign'), c.otherTenantId),
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

    it('places atoms in bulk, once each', async () => {
      expect(await inTenant((tx) => tx.map.unplaced(modelId, 1_000))).toHaveLength(atomCount);
      const places = atomIds.map((_, i) => placed(i));
      expect(await inTenant((tx) => tx.map.placeAtoms(modelId, places.slice(0, 40)))).toBe(40);
      expect(await inTenant((tx) => tx.map.unplaced(modelId, 1_000))).toEqual(atomIds.slice(40));
      expect(await inTenant((tx) => tx.map.placeAtoms(modelId, places))).toBe(atomCount);
      expect(await inTenant((tx) => tx.map.countPlaced(modelId))).toBe(atomCount);
      expect(await inTenant((tx) => tx.map.positions(modelId, atomIds))).toEqual(places);
      const foreign = { ...placed(0), atomId: newId() };
      expect(await inTenant((tx) => tx.map.placeAtoms(modelId, [foreign]))).toBe(0);
      const outside = { ...placed(0), x: 100.5 };
      await expect(inTenant((tx) => tx.map.placeAtoms(modelId, [outside]))).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
      });
    });

    const exactNearest = (places: PlacedAtom[], point: [number, number, number], k: number) => {
      const distance = (p: PlacedAtom) => Math.hypot(p.x - point[0], p.y - point[1], p.z - point[2]);
      return [...places]
        .sort((a, b) => distance(a) - distance(b) || (a.atomId < b.atomId ? -1 : 1))
        .slice(0, k)
        .map((p) => p.atomId);
    };

    it('finds exact nearest neighbours', async () => {
      const places = atomIds.map((_, i) => placed(i));
      for (const point of [
        [50, 50, 0],
        [0, 0, -10],
        [99.5, 3.25, 9],
      ] as [number, number, number][]) {
        const near = await inTenant((tx) => tx.map.nearest(modelId, point, 9));
        expect(near.map((p) => p.atomId)).toEqual(exactNearest(places, point, 9));
      }
    });

    it('serves a version through its overlay, its parent and the base', async () => {
      const version = async (no: number, parent: string) => {
        const id = newId();
        await c.asOwner(
          `insert into model (tenant_id, id, name, architecture, parent_id, version, status, ranking)
           values ('${c.tenantId}', '${id}', 'native', 'atoms', '${parent}', ${no}, 'candidate', '{"a":0,"b":0,"sigma":1}')`,
        );
        return id;
      };
      const move = (id: string, n: number, x: number) =>
        c.asOwner(
          `insert into tensor_atom_coefficient (tenant_id, model_id, atom_id, x, y, z, hilbert)
           values ('${c.tenantId}', '${id}', '${atomIds[n]}', ${x}, 50, 0, 5)`,
        );
      const child = await version(2, modelId);
      const grandchild = await version(3, child);
      await move(child, 0, 11);
      await move(child, 1, 12);
      await move(grandchild, 1, 13);
      const xOf = async (id: string) =>
        (await inTenant((tx) => tx.map.positions(id, atomIds.slice(0, 3)))).map((p) => p.x);
      expect(await xOf(modelId)).toEqual([placed(0).x, placed(1).x, placed(2).x]);
      expect(await xOf(child)).toEqual([11, 12, placed(2).x]);
      expect(await xOf(grandchild)).toEqual([11, 13, placed(2).x]);
      const near = await inTenant((tx) => tx.map.nearest(grandchild, [13, 50, 0], 1));
      expect(near.map((p) => [p.atomId, p.hilbert])).toEqual([[atomIds[1], 5n]]);
      const all = await inTenant((tx) => tx.map.positions(grandchild, atomIds));
      const wide = await inTenant((tx) => tx.map.nearest(grandchild, [20, 40, 1], 25));
      expect(wide.map((p) => p.atomId)).toEqual(exactNearest(all, [20, 40, 1], 25));
    });
  });
}
