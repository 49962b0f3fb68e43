import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@hartonomous/contracts';
import type { OverlayRow } from '../port/overlays.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const atomCount = 8;

interface Prepared {
  atomIds: string[];
  modelId: string;
}

export function overlayContract(fixture: EngineFixture): void {
  describe('versions as overlays', () => {
    const prepared: Prepared = { atomIds: [], modelId: '' };
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = Array.from({ length: atomCount }, (_, i) => atomOf(`overlaid ${'x'.repeat(i + 1)}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('all.md', atoms)]);
        prepared.atomIds = await tx.corpus.matching({});
        prepared.modelId = (await tx.models.ensureNative()).id;
        const base = prepared.atomIds.map((atomId, i) => ({ atomId, x: i, y: i, z: 0, hilbert: BigInt(i) }));
        await tx.map.placeAtoms(prepared.modelId, base);
      }),
    );
    writeLaws(c, prepared);
    historyLaws(c, prepared);
  });
}

const rowOf = (atomId: string, x: number): OverlayRow => ({
  atomId,
  tensorNo: 0,
  segmentNo: 0,
  x,
  y: 50,
  z: 1,
  hilbert: BigInt(Math.trunc(x)),
  coefficient: x / 2,
});

function writeLaws(c: Contract, m: Prepared): void {
  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    c().store.withTenant(c().tenantId, work);

  it('makes numbered candidates, writes clamped rows of known atoms, and drops them', async () => {
    const version = await inTenant((tx) => tx.overlays.createVersion(m.modelId, { a: 1, b: 2, sigma: 3 }));
    expect(version).toMatchObject({ parentId: m.modelId, version: 2, status: 'candidate', name: 'native' });
    expect(version.ranking).toEqual({ a: 1, b: 2, sigma: 3 });
    await expect(inTenant((tx) => tx.overlays.createVersion(newId()))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const foreign = rowOf(version.id, 1);
    const written = await inTenant((tx) =>
      tx.overlays.write(version.id, [
        { ...rowOf(m.atomIds[0], 130), z: -70 },
        rowOf(m.atomIds[1], 12),
        foreign,
      ]),
    );
    expect(written).toBe(2);
    expect(await inTenant((tx) => tx.overlays.read(version.id))).toEqual([
      { ...rowOf(m.atomIds[0], 130), x: 100, z: -10 },
      rowOf(m.atomIds[1], 12),
    ]);
    expect(await inTenant((tx) => tx.overlays.drop(version.id))).toBe(2);
    expect(await inTenant((tx) => tx.overlays.read(version.id))).toEqual([]);
    const there = await c().store.withTenant(c().otherTenantId, (tx) => tx.overlays.read(version.id));
    expect(there).toEqual([]);
  });
}

/** Small seeded generator (Park and Miller), enough to shuffle a test. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function historyLaws(c: Contract, m: Prepared): void {
  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    c().store.withTenant(c().tenantId, work);
  const seed = 20_261_121;

  it(`gives each earlier state exactly (seed ${seed})`, async () => {
    const random = seeded(seed);
    const version = await inTenant((tx) => tx.overlays.createVersion(m.modelId));
    const states: { at: Date; rows: OverlayRow[]; places: unknown }[] = [];
    for (let step = 0; step < 25; step++) {
      const chosen = m.atomIds.filter(() => random() < 0.5);
      await inTenant((tx) =>
        random() < 0.15
          ? tx.overlays.drop(version.id)
          : tx.overlays.write(
              version.id,
              chosen.map((id) => rowOf(id, Math.round(random() * 1000) / 10)),
            ),
      );
      await sleep(3);
      states.push(
        await inTenant(async (tx) => ({
          at: await tx.now(),
          rows: await tx.overlays.read(version.id),
          places: await tx.map.positions(version.id, m.atomIds),
        })),
      );
      await sleep(3);
    }
    for (const { at, rows, places } of states) {
      expect(await inTenant((tx) => tx.overlays.read(version.id, at))).toEqual(rows);
      expect(await inTenant((tx) => tx.overlays.positionsAsOf(version.id, m.atomIds, at))).toEqual(places);
    }
    const dropped = await inTenant((tx) => tx.overlays.pruneHistory(states[12].at));
    expect(dropped).toBeGreaterThan(0);
    expect(await inTenant((tx) => tx.overlays.read(version.id, states[20].at))).toEqual(states[20].rows);
  }, 240_000);
}
