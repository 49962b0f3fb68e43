import { describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { Neighbour } from '../port/embeddings.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const atomCount = 30;
const query = Float32Array.of(1, 0, 0, 0);

/** Directions that turn away from the query; `turn` moves all of them. */
const vectorOf = (i: number, turn = 0): Float32Array => {
  const angle = ((i * 7) % atomCount) * 0.05 + turn;
  return Float32Array.of(Math.cos(angle), Math.sin(angle), 0, 0);
};

const cosine = (v: Float32Array): number => {
  const norm = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
  return v[0] / norm;
};

/** New vectors are staged, promoted in bulk above a number, and searched in both tables without doubles. */
export function embeddingsContract(fixture: EngineFixture): void {
  describe('embeddings', () => {
    let ids: string[] = [];
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = Array.from({ length: atomCount }, (_, i) =>
          atomOf(`embedded ${i}`, { vector: vectorOf(i) }),
        );
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('all.md', atoms)]);
        ids = await tx.corpus.matching({});
      }),
    );
    promotionLaws(c, () => ids);
    routingLaws(c, () => ids);
  });
}

const tenantOf =
  (c: Contract) =>
  <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
    c().store.withTenant(tenantId, work);

function promotionLaws(c: Contract, ids: () => string[]): void {
  const inTenant = tenantOf(c);
  const sizes = () => inTenant((tx) => tx.embeddings.sizes(embeddingModel));
  const all = () => inTenant((tx) => tx.atoms.vectors(embeddingModel, null, 1_000));

  it('are staged by ingestion, and promoted whole once they are more than the threshold', async () => {
    expect(await sizes()).toEqual({ promoted: 0, staged: atomCount });
    const before = await all();
    expect(before.atomIds).toEqual(ids());
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel, atomCount))).toBe(0);
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel))).toBe(0);
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel, atomCount - 1))).toBe(atomCount);
    expect(await sizes()).toEqual({ promoted: atomCount, staged: 0 });
    expect(await all()).toEqual(before);
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel, 0))).toBe(0);
  });

  it('a swap that does not commit leaves both tables as they were', async () => {
    await inTenant((tx) => tx.embeddings.stage(embeddingModel, [{ atomId: ids()[0], vector: vectorOf(0) }]));
    const failing = inTenant(async (tx) => {
      await tx.embeddings.promote(embeddingModel, 0);
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(await sizes()).toEqual({ promoted: atomCount, staged: 1 });
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel, 0))).toBe(1);
    expect(await sizes()).toEqual({ promoted: atomCount, staged: 0 });
  });

  it('a restaged vector replaces the promoted one everywhere, at once', async () => {
    const [first] = ids();
    const staged = [
      { atomId: first, vector: vectorOf(0, 3) },
      { atomId: newId(), vector: vectorOf(1) },
    ];
    expect(await inTenant((tx) => tx.embeddings.stage(embeddingModel, staged))).toBe(1);
    const read = await all();
    expect(read.atomIds).toEqual(ids());
    expect([...read.data.subarray(0, 4)]).toEqual([...vectorOf(0, 3)]);
    expect(await inTenant((tx) => tx.concepts.unassigned())).toEqual([{ embeddingModel, count: atomCount }]);
    expect(await inTenant((tx) => tx.embeddings.promote(embeddingModel, 0))).toBe(1);
    expect([...(await all()).data.subarray(0, 4)]).toEqual([...vectorOf(0, 3)]);
    const uneven = [
      { atomId: first, vector: vectorOf(0) },
      { atomId: ids()[1], vector: Float32Array.of(1) },
    ];
    await expect(inTenant((tx) => tx.embeddings.stage(embeddingModel, uneven))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(
      inTenant((tx) => tx.embeddings.nearest(embeddingModel, Float32Array.of(1), 1)),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const elsewhere = await inTenant((tx) => tx.embeddings.stage(embeddingModel, staged), c().otherTenantId);
    expect(elsewhere).toBe(0);
  });
}

function routingLaws(c: Contract, ids: () => string[]): void {
  const inTenant = tenantOf(c);
  /** All vectors as the store has them now. */
  const current = async (): Promise<Map<string, Float32Array>> => {
    const { atomIds, data } = await inTenant((tx) => tx.atoms.vectors(embeddingModel, null, 1_000));
    return new Map(atomIds.map((id, i) => [id, data.slice(i * 4, i * 4 + 4)]));
  };
  const best = async (k: number): Promise<string[]> =>
    [...(await current())]
      .sort(([a, v], [b, w]) => cosine(w) - cosine(v) || (a < b ? -1 : 1))
      .slice(0, k)
      .map(([id]) => id);
  const idsOf = (found: { neighbours: Neighbour[] }) => found.neighbours.map((n) => n.atomId);

  it('a search is exact up to the threshold, merged of both tables above it, without doubles', async () => {
    // A third of the atoms is staged anew: the index knows them by vectors that hold no more.
    const restaged = ids().filter((_, i) => i % 3 === 0);
    const rows = restaged.map((atomId, i) => ({ atomId, vector: vectorOf(i * 11, 0.02) }));
    await inTenant(async (tx) => {
      await tx.embeddings.promote(embeddingModel, 0);
      await tx.embeddings.stage(embeddingModel, rows);
    });
    const rowsInAll = atomCount + restaged.length;
    const asked: number[] = [];
    const index = async (_v: Float32Array, count: number) => {
      asked.push(count);
      return [...ids(), ...ids(), newId()];
    };
    for (const k of [1, 7, atomCount, 1_000]) {
      const expected = await best(k);
      const search = (exactUpTo: number) =>
        inTenant((tx) => tx.embeddings.nearest(embeddingModel, query, k, { exactUpTo, index }));
      const exact = await search(rowsInAll);
      expect(exact.route).toBe('exact');
      expect(idsOf(exact)).toEqual(expected);
      const merged = await search(rowsInAll - 1);
      expect(merged).toEqual({ route: 'merged', neighbours: exact.neighbours });
    }
    expect(asked).toEqual([4, 28, 4 * atomCount, 4_000]);
    const vectors = await current();
    const { neighbours } = await inTenant((tx) => tx.embeddings.nearest(embeddingModel, query, 3));
    for (const n of neighbours) expect(n.similarity).toBeCloseTo(cosine(vectors.get(n.atomId)!), 6);
  });

  it('without an index it stays exact and says so; what an index errs in is missed, what is staged never is', async () => {
    const search = { exactUpTo: 0 };
    const without = await inTenant((tx) => tx.embeddings.nearest(embeddingModel, query, 5, search));
    expect([without.route, idsOf(without)]).toEqual(['exact', await best(5)]);
    const index = () => Promise.resolve([]);
    const blind = await inTenant((tx) =>
      tx.embeddings.nearest(embeddingModel, query, 50, { ...search, index }),
    );
    expect(blind.route).toBe('merged');
    expect(new Set(idsOf(blind))).toEqual(new Set(ids().filter((_, i) => i % 3 === 0)));
    const elsewhere = await inTenant(
      (tx) =>
        tx.embeddings.nearest(embeddingModel, query, 5, { ...search, index: () => Promise.resolve(ids()) }),
      c().otherTenantId,
    );
    expect(elsewhere.neighbours).toEqual([]);
  });

  it('a released atom leaves both tables', async () => {
    await inTenant((tx) => tx.ingestion.removeFiles('main', ['all.md']));
    expect(await inTenant((tx) => tx.embeddings.sizes(embeddingModel))).toEqual({ promoted: 0, staged: 0 });
  });
}
