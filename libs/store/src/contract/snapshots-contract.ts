import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const rows = 40;

/** Snapshots of a model's rows: taken, found damaged, put back. */
export function snapshotsContract(fixture: EngineFixture): void {
  describe('snapshots of weights', () => {
    let modelId = '';
    let versionId = '';
    let atomIds: string[] = [];
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = ['one', 'two', 'three'].map((text) => atomOf(`weight ${text}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('w.md', atoms)]);
        atomIds = await tx.corpus.matching({});
        modelId = (await tx.models.ensureNative()).id;
        const base = Array.from({ length: rows }, (_, i) => ({ ...placeOf(i), importance: i / rows }));
        const limits = { valueMin: -1, valueMax: null, valueNorm: 0.1 + 0.2 };
        await tx.tensors.load(
          modelId,
          base.map((row) => ({ ...row, ...limits })),
        );
        versionId = (await tx.overlays.createVersion(modelId)).id;
        await tx.overlays.write(versionId, [{ ...placeOf(1), coefficient: 0.5 }]);
      }),
    );
    const placeOf = (i: number) => ({
      atomId: atomIds[i % atomIds.length],
      tensorNo: i % 2,
      segmentNo: i,
      x: i,
      y: 100 - i,
      z: (i % 21) - 10,
      hilbert: BigInt(i),
    });
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
      c().store.withTenant(tenantId, work);
    const take = (id: string) => inTenant((tx) => tx.snapshots.take(id, { label: 'before', by: 'contract' }));
    const verify = (id: string) => inTenant((tx) => tx.snapshots.verify(id));

    it('takes the rows with a hash, the same for the same rows', async () => {
      const [first, second] = [await take(modelId), await take(modelId)];
      expect(first).toMatchObject({ modelId, label: 'before', baseRows: rows, overlayRows: 0 });
      expect(second.hash).toBe(first.hash);
      expect((await take(versionId)).hash).not.toBe(first.hash);
      expect(await verify(first.id)).toMatchObject({ whole: true, current: true });
      expect(await inTenant((tx) => tx.provenance.verify(first.id))).toMatchObject({
        kind: 'snapshot',
        nodes: 2,
        broken: null,
      });
      expect((await inTenant((tx) => tx.snapshots.list(modelId, 9))).map((s) => s.id).sort()).toEqual(
        [first.id, second.id].sort(),
      );
      await expect(take(newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
      const foreign = (work: (tx: TenantTransaction) => Promise<unknown>) =>
        inTenant(work, c().otherTenantId);
      expect(await foreign((tx) => tx.snapshots.verify(first.id))).toBeNull();
      await expect(foreign((tx) => tx.snapshots.restore(first.id))).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    it('puts tensor atoms back after they were moved and pruned', async () => {
      const snapshot = await take(modelId);
      const before = await inTenant((tx) => tx.tensors.nearest(modelId, [50, 50, 0], 1_000));
      await inTenant((tx) => tx.tensors.prune(modelId, newId(), 0.5));
      await inTenant((tx) => tx.tensors.updateWeights(modelId, [{ ...placeOf(39), x: 1, importance: 9 }]));
      expect(await verify(snapshot.id)).toMatchObject({ whole: true, current: false });
      await inTenant((tx) => tx.snapshots.restore(snapshot.id));
      expect(await verify(snapshot.id)).toMatchObject({ whole: true, current: true });
      expect(await inTenant((tx) => tx.tensors.nearest(modelId, [50, 50, 0], 1_000))).toEqual(before);
    });

    it('puts an overlay back, and keeps what it replaced in the history', async () => {
      const snapshot = await take(versionId);
      const own = await inTenant((tx) => tx.overlays.read(versionId));
      await inTenant((tx) => tx.overlays.write(versionId, [{ ...placeOf(2), coefficient: 1.5 }]));
      await inTenant((tx) => tx.snapshots.restore(snapshot.id));
      expect(await inTenant((tx) => tx.overlays.read(versionId))).toEqual(own);
      expect(await verify(snapshot.id)).toMatchObject({ current: true });
    });

    it('refuses a damaged one, and changes nothing', async () => {
      const snapshot = await take(modelId);
      await c().asOwner(
        `update weight_snapshot_row set x = x + 1 where snapshot_id = '${snapshot.id}' and segment_no = 7`,
      );
      expect(await verify(snapshot.id)).toMatchObject({ whole: false, current: true });
      await expect(inTenant((tx) => tx.snapshots.restore(snapshot.id))).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
      });
      expect((await inTenant((tx) => tx.provenance.verify(snapshot.id)))?.broken).toMatchObject({
        id: snapshot.id,
        reason: 'content',
      });
      expect(await inTenant((tx) => tx.snapshots.remove(snapshot.id))).toBe(true);
      expect(await inTenant((tx) => tx.snapshots.remove(snapshot.id))).toBe(false);
      expect(await inTenant((tx) => tx.snapshots.get(snapshot.id))).toBeNull();
    });
  });
}
