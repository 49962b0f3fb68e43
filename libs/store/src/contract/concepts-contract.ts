import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

export function conceptsContract(fixture: EngineFixture): void {
  describe('concepts', () => {
    const c = contractStore(fixture);
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
      c().store.withTenant(tenantId, work);

    it('take atoms up once, and give them back', async () => {
      const atoms = ['one', 'two', 'three'].map((text) => atomOf(`concept ${text}`));
      await inTenant((tx) => tx.ingestion.ingest('concepts', embeddingModel, [fileOf('concepts.md', atoms)]));
      const free = async () =>
        (await inTenant((tx) => tx.concepts.unassigned())).find((r) => r.embeddingModel === embeddingModel)
          ?.count;
      expect(await free()).toBe(3);
      const sample = await inTenant((tx) => tx.concepts.unassignedVectors(embeddingModel, 2, 'seed'));
      expect(sample).toMatchObject({ atomIds: { length: 2 }, dimensions: 4, data: { length: 8 } });
      expect(await inTenant((tx) => tx.concepts.unassignedVectors(embeddingModel, 2, 'seed'))).toEqual(
        sample,
      );
      const [actionId, otherAction] = [newId(), newId()];
      const members = sample.atomIds.map((atomId, i) => ({ atomId, distance: i / 8 }));
      const concept = { id: newId(), label: 'numbers', meanDistance: 0.25, members };
      await inTenant((tx) => tx.concepts.add(actionId, embeddingModel, [concept]));
      await inTenant((tx) => tx.concepts.add(actionId, embeddingModel, [concept]));
      await inTenant((tx) => tx.concepts.add(otherAction, embeddingModel, [{ ...concept, id: newId() }]));
      expect(await free()).toBe(1);
      const row = { id: concept.id, label: 'numbers', meanDistance: 0.25, members: 2, kept: false };
      expect(await inTenant((tx) => tx.concepts.of(actionId))).toEqual([row]);
      expect(await inTenant((tx) => tx.concepts.of(otherAction))).toMatchObject([{ members: 0 }]);
      expect(await inTenant((tx) => tx.concepts.membersOf(actionId))).toHaveLength(2);
      expect(await inTenant((tx) => tx.concepts.of(actionId), c().otherTenantId)).toEqual([]);
      expect(await inTenant((tx) => tx.concepts.keep(actionId), c().otherTenantId)).toBe(0);
      expect(await inTenant((tx) => tx.concepts.keep(actionId))).toBe(1);
      expect(await inTenant((tx) => tx.concepts.of(actionId))).toMatchObject([{ kept: true }]);
      expect(await inTenant((tx) => tx.concepts.remove(actionId), c().otherTenantId)).toBe(0);
      expect(await inTenant((tx) => tx.concepts.remove(actionId))).toBe(1);
      expect(await free()).toBe(3);
    });

    it('are measured again, and succeeded by others that can be taken back', async () => {
      const names = ['vier', 'fuenf', 'sechs', 'sieben'];
      const vectorOf = (i: number) => Float32Array.from([i, 1, 0, 0]);
      const atoms = names.map((text, i) => atomOf(`concept ${text}`, { vector: vectorOf(i) }));
      await inTenant((tx) => tx.ingestion.ingest('numbers', embeddingModel, [fileOf('numbers.md', atoms)]));
      const ids = await inTenant(async (tx) =>
        (await tx.corpus.bm25(['vier', 'fuenf', 'sechs', 'sieben'], {}, 9)).map((hit) => hit.atomId).sort(),
      );
      expect(ids).toHaveLength(4);
      const [first, update] = [newId(), newId()];
      const concept = {
        id: newId(),
        label: 'zahlen',
        meanDistance: 0.25,
        members: ids.map((atomId) => ({ atomId, distance: 0.5 })),
      };
      await inTenant((tx) => tx.concepts.add(first, embeddingModel, [concept]));
      const kept = () => inTenant((tx) => tx.concepts.keptVectors(9, 's'));
      expect(await kept()).toEqual({ total: 0, concepts: [] });
      await inTenant((tx) => tx.concepts.keep(first));
      const measured = await kept();
      expect(measured).toMatchObject({
        total: 1,
        concepts: [{ id: concept.id, embeddingModel, label: 'zahlen', meanDistance: 0.25, dimensions: 4 }],
      });
      expect(measured.concepts[0]!.atomIds).toEqual(ids);
      expect(measured.concepts[0]!.data).toHaveLength(16);
      const two = await inTenant((tx) => tx.concepts.vectorsOf(embeddingModel, [ids[2]!, newId(), ids[0]!]));
      expect(two).toMatchObject({ atomIds: [ids[0], ids[2]], dimensions: 4 });
      expect([...two.data.subarray(0, 4)]).toEqual([...measured.concepts[0]!.data.subarray(0, 4)]);
      expect(
        await inTenant((tx) => tx.concepts.vectorsOf(embeddingModel, ids), c().otherTenantId),
      ).toMatchObject({ atomIds: [] });

      const held = (await inTenant((tx) => tx.concepts.held(concept.id)))!;
      expect(held).toEqual({ ...concept, embeddingModel, actionId: first, kept: true });
      expect(await inTenant((tx) => tx.concepts.held(concept.id), c().otherTenantId)).toBeNull();
      const members = ids.slice(0, 2).map((atomId) => ({ atomId, distance: 0.125 }));
      const successor = { id: newId(), label: 'zahlen', meanDistance: 0.125, members };
      const succeed = () => inTenant((tx) => tx.concepts.succeed(update, concept.id, successor));
      await succeed();
      await succeed();
      const now = async (id: string) => (await inTenant((tx) => tx.concepts.held(id)))?.members;
      expect([await now(concept.id), await now(successor.id)]).toEqual([[], members]);
      await inTenant((tx) => tx.concepts.giveBack(update, held));
      await inTenant((tx) => tx.concepts.giveBack(update, held));
      expect(await inTenant((tx) => tx.concepts.held(concept.id))).toEqual(held);
      expect(await now(successor.id)).toBeUndefined();

      // Kept, and undone later.
      const again = { ...successor, id: newId() };
      await inTenant(async (tx) => {
        await tx.concepts.succeed(update, concept.id, again);
        await tx.concepts.keep(update);
        await tx.concepts.retire(concept.id);
      });
      expect([await now(concept.id), await now(again.id)]).toEqual([undefined, members]);
      await inTenant((tx) => tx.concepts.giveBack(update, held));
      expect(await inTenant((tx) => tx.concepts.held(concept.id))).toEqual(held);
      const foreign = inTenant((tx) => tx.concepts.succeed(newId(), concept.id, again), c().otherTenantId);
      await expect(foreign).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
  });
}
