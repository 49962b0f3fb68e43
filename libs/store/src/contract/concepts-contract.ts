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
  });
}
