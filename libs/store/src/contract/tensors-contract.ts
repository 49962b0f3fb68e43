import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import type { TensorAtom } from '../port/tensors.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const segments = 60;

const tensorOf = (atomId: string, segmentNo: number): TensorAtom => ({
  atomId,
  tensorNo: 1,
  segmentNo,
  x: (segmentNo * 37) % 101,
  y: (segmentNo * 53) % 101,
  z: (segmentNo % 21) - 10,
  hilbert: 2n ** 62n + BigInt(segmentNo),
  importance: segmentNo / segments,
  valueMin: -0.5,
  valueMax: null,
  valueNorm: 2 ** -40,
});

/** Tensor atoms in bulk: load, update, neighbours, prune, restore, students. */
export function tensorsContract(fixture: EngineFixture): void {
  describe('tensor atoms', () => {
    let atomId = '';
    let modelId = '';
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('t.md', [atomOf('a tensor')])]);
        [atomId] = await tx.corpus.matching({});
        modelId = (await tx.models.ensureNative()).id;
        const rows = Array.from({ length: segments }, (_, i) => tensorOf(atomId, i));
        expect(await tx.tensors.load(modelId, [...rows, tensorOf(newId(), 0)])).toBe(segments);
      }),
    );
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
      c().store.withTenant(tenantId, work);
    const rowsOf = (id: string) => inTenant((tx) => tx.tensors.nearest(id, [50, 50, 0], 1_000));

    it('finds the nearest exactly, ties by address', async () => {
      const distance = (r: { x: number; y: number; z: number }) =>
        (r.x - 20) ** 2 + (r.y - 70) ** 2 + (r.z - 3) ** 2;
      const expected = Array.from({ length: segments }, (_, i) => tensorOf(atomId, i))
        .sort((a, b) => distance(a) - distance(b) || a.segmentNo - b.segmentNo)
        .slice(0, 7);
      const found = await inTenant((tx) => tx.tensors.nearest(modelId, [20, 70, 3], 7));
      expect(found.map((r) => r.segmentNo)).toEqual(expected.map((r) => r.segmentNo));
      const { x, y, z, hilbert } = expected[0];
      expect(found[0]).toEqual({ atomId, tensorNo: 1, segmentNo: expected[0].segmentNo, x, y, z, hilbert });
    });

    it('updates places and importances of what is there, clamped', async () => {
      const changes = [0, 1, 9_999].map((i) => ({ ...tensorOf(atomId, i), x: 400, z: -99, importance: 0.5 }));
      expect(await inTenant((tx) => tx.tensors.updateWeights(modelId, changes))).toBe(2);
      const moved = (await rowsOf(modelId)).filter((r) => r.segmentNo < 2);
      expect(moved.map((r) => [r.x, r.z])).toEqual([
        [100, -10],
        [100, -10],
      ]);
      const back = [0, 1].map((i) => tensorOf(atomId, i));
      await inTenant((tx) => tx.tensors.updateWeights(modelId, back));
    });

    it('prunes into the archive and restores the very rows', async () => {
      const before = await rowsOf(modelId);
      const pruneId = newId();
      expect(await inTenant((tx) => tx.tensors.prune(modelId, pruneId, 0.1))).toBe(6);
      expect(await rowsOf(modelId)).toHaveLength(segments - 6);
      expect(await inTenant((tx) => tx.tensors.restore(pruneId), c().otherTenantId)).toBe(0);
      expect(await inTenant((tx) => tx.tensors.restore(newId()))).toBe(0);
      expect(await inTenant((tx) => tx.tensors.restore(pruneId))).toBe(6);
      expect(await rowsOf(modelId)).toEqual(before);
      expect(await inTenant((tx) => tx.tensors.restore(pruneId))).toBe(0);
    });

    it('copies a student of the important rows', async () => {
      const studentId = newId();
      const copied = await inTenant((tx) => tx.tensors.copyStudent(modelId, studentId, 'student', 0.5));
      expect(copied).toBe(segments / 2);
      expect((await rowsOf(studentId)).every((r) => r.segmentNo >= segments / 2)).toBe(true);
      expect(await inTenant((tx) => tx.models.get(studentId))).toMatchObject({
        name: 'student',
        version: 1,
        status: 'candidate',
        parentId: null,
      });
    });

    it('counts what is weak, and tells what it knows of its use', async () => {
      const tenant = await c().store.withSystem('contract', (tx) => tx.tenants.ensure(`weak-${newId()}`));
      const of = <T>(work: (tx: TenantTransaction) => Promise<T>) => inTenant(work, tenant.id);
      const own = await of(async (tx) => {
        const atoms = Array.from({ length: 40 }, (_, i) => atomOf(`weight ${i}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('w.md', atoms)]);
        const ids = (await tx.corpus.matching({})).sort();
        const model = await tx.models.ensureNative();
        const rows = ids.map((id, i) => ({
          ...tensorOf(id, i),
          importance: i === 7 ? -50 : i / 1_000,
          valueNorm: i < 3 ? 0.001 : 1,
        }));
        await tx.tensors.load(model.id, rows);
        return { ids, modelId: model.id };
      });
      const [later, never] = [new Date(Date.now() + 3_600_000), new Date(0)];
      const weak = (unusedSince: Date, idsMax: number) =>
        of((tx) => tx.tensors.weak({ normShare: 0.01, deviations: 3, unusedSince, idsMax }));
      const expected = { modelId: own.modelId, count: 4, timed: 0, compared: 40 };
      expect(await weak(later, 9)).toEqual([
        { ...expected, modelSince: expect.any(Date), atomIds: [7, 0, 1, 2].map((i) => own.ids[i]) },
      ]);
      expect(await weak(later, 1)).toMatchObject([{ ...expected, atomIds: [own.ids[7]] }]);
      expect(await weak(never, 9)).toEqual([]);
      // The places of an atom go with its last reference: nothing is left that could be dead.
      await of((tx) => tx.ingestion.removeFiles('main', ['w.md']));
      expect(await of((tx) => tx.tensors.nearest(own.modelId, [1, 1, 0], 9))).toEqual([]);
    });
  });
}
