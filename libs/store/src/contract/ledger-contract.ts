import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';
import { layerOf, shapeOf, smallSvd } from './sweep-models.js';

/** Usage by day, shapes of code, decompositions, and where students and concepts came from. */
export function ledgerContract(fixture: EngineFixture): void {
  describe('ledgers', () => {
    let atomIds: string[] = [];
    let modelId = '';
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = [1, 2, 3].map((i) => atomOf(`code ${i}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('a.ts', atoms)]);
        atomIds = await tx.corpus.matching({});
        modelId = (await tx.models.ensureNative()).id;
      }),
    );
    const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
      c().store.withTenant(tenantId, work);

    it('add usage up by day, whoever writes', async () => {
      const at = (text: string) => new Date(`2026-11-${text}`);
      const used = (when: string, amount: number, kind = 'tokens') => ({
        at: at(when),
        principal: 'ann',
        kind,
        amount,
      });
      const rows = [
        used('20T23:59:59.999Z', 1),
        used('21T00:00:00.000Z', 2),
        used('21T12:00:00Z', 4),
        used('22T00:00:00Z', 8),
      ];
      await Promise.all(
        [1, 2, 3].map(() =>
          inTenant((tx) => tx.usage.record([...rows, used('21T01:00:00Z', 1, 'requests')])),
        ),
      );
      const totals = (from: string, to: string) => inTenant((tx) => tx.usage.totals(at(from), at(to)));
      expect(await totals('21T08:00:00Z', '21T09:00:00Z')).toEqual([
        { principal: 'ann', kind: 'requests', amount: 3 },
        { principal: 'ann', kind: 'tokens', amount: 18 },
      ]);
      expect((await totals('20T00:00:00Z', '22T00:00:00Z'))[1].amount).toBe(45);
      for (const amount of [-1, NaN, Infinity]) {
        await expect(inTenant((tx) => tx.usage.record([used('21T00:00:00Z', amount)]))).rejects.toMatchObject(
          {
            code: 'INPUT_INVALID',
          },
        );
      }
      await inTenant((tx) => tx.usage.record([]));
      expect(
        await inTenant((tx) => tx.usage.totals(at('01T00:00:00Z'), at('30T00:00:00Z')), c().otherTenantId),
      ).toEqual([]);
    });

    it('find code of equal shape, and forget what is released', async () => {
      const shapes = atomIds.map((id, i) =>
        shapeOf(id, { symbol: `f${i}`, astSignature: (i < 2 ? 'a' : 'b').repeat(64) }),
      );
      expect(await inTenant((tx) => tx.code.put([...shapes, shapeOf(newId())]))).toBe(3);
      expect(await inTenant((tx) => tx.code.of(atomIds))).toEqual(shapes);
      const clones = [{ language: 'typescript', astSignature: 'a'.repeat(64), atoms: 2 }];
      expect(await inTenant((tx) => tx.code.clones(2, 9))).toEqual(clones);
      expect(await inTenant((tx) => tx.code.withSignature('a'.repeat(64), 9))).toEqual(shapes.slice(0, 2));
      expect(await inTenant((tx) => tx.code.put([{ ...shapes[2], astSignature: 'a'.repeat(64) }]))).toBe(1);
      expect(await inTenant((tx) => tx.code.clones(3, 9))).toEqual([{ ...clones[0], atoms: 3 }]);
      await expect(
        inTenant((tx) => tx.code.put([shapeOf(atomIds[0], { astSignature: 'short' })])),
      ).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
      await inTenant((tx) =>
        tx.ingestion.ingest('main', embeddingModel, [fileOf('gone.ts', [atomOf('gone')])]),
      );
      const gone = (await inTenant((tx) => tx.corpus.matching({}))).find((id) => !atomIds.includes(id))!;
      await inTenant((tx) => tx.code.put([shapeOf(gone)]));
      await inTenant((tx) => tx.ingestion.removeFiles('main', ['gone.ts']));
      expect(await inTenant((tx) => tx.code.of([gone]))).toEqual([]);
    });

    it('tell which code atoms have no shape yet, and page through all shapes', async () => {
      const tenant = await c().store.withSystem('contract', (tx) => tx.tenants.ensure(`code-${newId()}`));
      const of = <T>(work: (tx: TenantTransaction) => Promise<T>) => inTenant(work, tenant.id);
      const texts = ['f(x)', 'g(x, y)', 'h(x, y, z)'];
      await of((tx) => tx.atoms.merge(texts.map((text) => ({ modality: 'code' as const, text }))));
      await of((tx) => tx.atoms.merge([{ modality: 'text', text: 'no code at all' }]));
      const ids = await of((tx) => tx.code.unshaped(1, 99));
      expect(ids).toHaveLength(3);
      expect(await of((tx) => tx.code.unshaped(7, 99))).toHaveLength(2);
      expect(await of((tx) => tx.code.unshaped(1, 2))).toEqual(ids.slice(0, 2));
      await of((tx) => tx.code.put(ids.slice(0, 2).map((id) => shapeOf(id))));
      expect(await of((tx) => tx.code.unshaped(1, 99))).toEqual(ids.slice(2));
      expect(await of((tx) => tx.code.sizes(1))).toEqual({ atoms: 3, shaped: 2 });
      const shape = { language: 'typescript', astSignature: 'a'.repeat(64), minhash: Buffer.from([1, 2, 3]) };
      const all = ids.slice(0, 2).map((atomId) => ({ atomId, ...shape }));
      expect(await of((tx) => tx.code.minhashes(null, 99))).toEqual(all);
      expect(await of((tx) => tx.code.minhashes(ids[0]!, 99))).toEqual(all.slice(1));
      expect(await inTenant((tx) => tx.code.minhashes(null, 9), c().otherTenantId)).toEqual([]);
    });

    it('keep decompositions of layers by rank', async () => {
      const layer = layerOf(modelId, { name: 'decomposed' });
      await inTenant((tx) => tx.layers.add(layer));
      const two = {
        rank: 2,
        rows: 2,
        columns: 3,
        u: Float32Array.of(1, 0, 0, 1),
        s: Float32Array.of(2, 2 ** -149),
        vt: Float32Array.of(0, 1, 0, -1, 0, 0),
        explained: 1,
      };
      for (const svd of [two, smallSvd])
        expect(await inTenant((tx) => tx.layers.saveSvd(layer.id, svd))).toBe(true);
      expect(await inTenant((tx) => tx.layers.svd(layer.id, 0.5))).toEqual(smallSvd);
      expect(await inTenant((tx) => tx.layers.svd(layer.id, 0.9))).toEqual(two);
      await inTenant((tx) => tx.layers.saveSvd(layer.id, { ...smallSvd, explained: 0.95 }));
      expect((await inTenant((tx) => tx.layers.svd(layer.id, 0.9)))?.rank).toBe(1);
      expect(await inTenant((tx) => tx.layers.saveSvd(newId(), two))).toBe(false);
      for (const bad of [
        { rank: 3 },
        { s: Float32Array.of(1) },
        { columns: 4 },
        { explained: 1.01 },
        { explained: NaN },
      ]) {
        await expect(inTenant((tx) => tx.layers.saveSvd(layer.id, { ...two, ...bad }))).rejects.toMatchObject(
          {
            code: 'INPUT_INVALID',
          },
        );
      }
    });

    it('tell which teacher a student came of', async () => {
      const place = { x: 1, y: 1, z: 1, hilbert: 1n, tensorNo: 1, valueMin: 0, valueMax: 0, valueNorm: 0 };
      const rows = [0.25, 0.75].map((importance, segmentNo) => ({
        ...place,
        atomId: atomIds[0],
        segmentNo,
        importance,
      }));
      await inTenant((tx) => tx.tensors.load(modelId, rows));
      const studentId = newId();
      expect(await inTenant((tx) => tx.tensors.copyStudent(modelId, studentId, 'told', 0.5))).toBe(1);
      const entry = {
        teacherId: modelId,
        studentId,
        fromImportance: 0.5,
        rowsCopied: 1,
        at: expect.any(Date),
      };
      expect(await inTenant((tx) => tx.tensors.distillations(modelId, 9))).toEqual([entry]);
      expect(await inTenant((tx) => tx.tensors.distillations(studentId, 9))).toEqual([entry]);
      expect(await inTenant((tx) => tx.tensors.distillations(modelId, 9), c().otherTenantId)).toEqual([]);
    });

    it('tell what became of a concept', async () => {
      const actionId = newId();
      const concept = {
        id: newId(),
        label: 'told',
        meanDistance: 0.5,
        members: [{ atomId: atomIds[1], distance: 0.1 }],
      };
      const events = async () =>
        (await inTenant((tx) => tx.concepts.evolution(9))).map((e) => e.event).sort();
      await inTenant((tx) => tx.concepts.add(actionId, embeddingModel, [concept]));
      await inTenant((tx) => tx.concepts.add(actionId, embeddingModel, [concept]));
      expect(await inTenant((tx) => tx.concepts.evolution(9))).toEqual([
        {
          conceptId: concept.id,
          event: 'created',
          actionId,
          label: 'told',
          members: 1,
          meanDistance: 0.5,
          at: expect.any(Date),
        },
      ]);
      await inTenant((tx) => tx.concepts.keep(actionId));
      expect(await events()).toEqual(['created', 'kept']);
      await inTenant((tx) => tx.concepts.remove(actionId));
      expect(await events()).toEqual(['created', 'kept', 'removed']);
      expect(await inTenant((tx) => tx.concepts.evolution(9), c().otherTenantId)).toEqual([]);
    });
  });
}
