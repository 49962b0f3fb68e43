import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OverlayRow } from '../port/overlays.js';
import type { TenantTransaction } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { atomOf, embeddingModel, fileOf } from './samples.js';

const atomCount = 5;
const stepsEach = 3;
const seed = 20_261_122;

/** Small seeded generator (Park and Miller). */
function seeded(start: number): () => number {
  let state = start;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Prepared {
  atomIds: string[];
  modelId: string;
}

/** `histories` short random histories, and three trainings in a row: each earlier state and ranking exactly. */
export function historyContract(fixture: EngineFixture, histories: number): void {
  describe('asOf', () => {
    const prepared: Prepared = { atomIds: [], modelId: '' };
    const c = contractStore(fixture, ({ store, tenantId }) =>
      store.withTenant(tenantId, async (tx) => {
        const atoms = Array.from({ length: atomCount }, (_, i) => atomOf(`history ${'x'.repeat(i + 1)}`));
        await tx.ingestion.ingest('main', embeddingModel, [fileOf('all.md', atoms)]);
        prepared.atomIds = await tx.corpus.matching({});
        prepared.modelId = (await tx.models.ensureNative()).id;
        const base = prepared.atomIds.map((atomId, i) => ({ atomId, x: i, y: i, z: 0, hilbert: BigInt(i) }));
        await tx.map.placeAtoms(prepared.modelId, base);
      }),
    );
    randomHistories(c, prepared, histories);
    threeTrainings(c, prepared);
    aliasHistory(c, prepared);
    retention(c, prepared);
  });
}

const rowOf = (atomId: string, value: number): OverlayRow => ({
  atomId,
  tensorNo: 0,
  segmentNo: 0,
  x: value,
  y: 100 - value,
  z: value / 10,
  hilbert: BigInt(Math.trunc(value)),
  coefficient: value / 2,
});

const byAtom = (a: OverlayRow, b: OverlayRow): number => (a.atomId < b.atomId ? -1 : 1);

function randomHistories(c: Contract, m: Prepared, histories: number): void {
  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    c().store.withTenant(c().tenantId, work);

  it(`is exact over ${histories} random histories (seed ${seed})`, async () => {
    const random = seeded(seed);
    const versions: { id: string; rows: Map<string, OverlayRow> }[] = [];
    await inTenant(async (tx) => {
      for (let i = 0; i < histories; i++) {
        versions.push({ id: (await tx.overlays.createVersion(m.modelId)).id, rows: new Map() });
      }
    });
    // The histories run abreast: one step of all of them, then the clock moves on.
    const instants: { at: Date; expected: OverlayRow[][] }[] = [];
    for (let step = 0; step < stepsEach; step++) {
      await inTenant(async (tx) => {
        for (const version of versions) {
          if (random() < 0.2) {
            await tx.overlays.drop(version.id);
            version.rows.clear();
            continue;
          }
          const changed = m.atomIds
            .filter(() => random() < 0.4)
            .map((id) => rowOf(id, Math.round(random() * 1000) / 10));
          await tx.overlays.write(version.id, changed);
          for (const row of changed) version.rows.set(row.atomId, row);
        }
      });
      await sleep(3);
      const at = await inTenant((tx) => tx.now());
      instants.push({ at, expected: versions.map((v) => [...v.rows.values()].sort(byAtom)) });
      await sleep(3);
    }
    let wrong = 0;
    for (const { at, expected } of instants) {
      await inTenant(async (tx) => {
        for (const [i, version] of versions.entries()) {
          const read = await tx.overlays.read(version.id, at);
          if (!equal(read, expected[i])) wrong++;
        }
      });
    }
    expect(wrong).toBe(0);
  }, 300_000);
}

const text = (rows: OverlayRow[]): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

const keys = ['atomId', 'tensorNo', 'segmentNo', 'x', 'y', 'z', 'hilbert', 'coefficient'] as const;
const inOrder = (row: OverlayRow): OverlayRow =>
  Object.fromEntries(keys.map((key) => [key, row[key]])) as unknown as OverlayRow;

const equal = (a: OverlayRow[], b: OverlayRow[]): boolean => text(a.map(inOrder)) === text(b.map(inOrder));

function threeTrainings(c: Contract, m: Prepared): void {
  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>) =>
    c().store.withTenant(c().tenantId, work);

  it('gives each earlier ranking after three trainings, of one version and of stacked ones', async () => {
    const ranking = (places: { atomId: string; x: number; y: number; z: number }[]) =>
      places
        .map((p) => ({ atomId: p.atomId, distance: Math.hypot(p.x - 50, p.y - 50, p.z) }))
        .sort((a, b) => a.distance - b.distance || (a.atomId < b.atomId ? -1 : 1));
    const random = seeded(seed + 1);
    let parentId = m.modelId;
    const stacked: { id: string; ranking: unknown }[] = [];
    const own = await inTenant((tx) => tx.overlays.createVersion(m.modelId));
    const seen: { at: Date; ranking: unknown }[] = [];
    for (let training = 0; training < 3; training++) {
      const moved = m.atomIds.filter((_, i) => i !== training).map((id) => rowOf(id, random() * 100));
      const next = await inTenant((tx) => tx.overlays.createVersion(parentId));
      await inTenant((tx) => tx.overlays.write(next.id, moved));
      await inTenant((tx) => tx.overlays.write(own.id, moved));
      await sleep(3);
      await inTenant(async (tx) => {
        const at = await tx.now();
        seen.push({ at, ranking: ranking(await tx.map.positions(own.id, m.atomIds)) });
        stacked.push({ id: next.id, ranking: ranking(await tx.map.positions(next.id, m.atomIds)) });
      });
      await sleep(3);
      parentId = next.id;
    }
    expect(new Set(seen.map((s) => JSON.stringify(s.ranking))).size).toBe(3);
    for (const { at, ranking: earlier } of seen) {
      const places = await inTenant((tx) => tx.overlays.positionsAsOf(own.id, m.atomIds, at));
      expect(ranking(places)).toEqual(earlier);
    }
    for (const { id, ranking: earlier } of stacked) {
      expect(ranking(await inTenant((tx) => tx.map.positions(id, m.atomIds)))).toEqual(earlier);
    }
  });
}

const pause = () => sleep(3);

function aliasHistory(c: Contract, m: Prepared): void {
  const inTenant = <T>(work: (tx: TenantTransaction) => Promise<T>, tenantId = c().tenantId) =>
    c().store.withTenant(tenantId, work);

  it('tells which version an alias named at each instant, and who changed it why', async () => {
    const versions = [m.modelId];
    for (let i = 0; i < 2; i++) {
      versions.push((await inTenant((tx) => tx.overlays.createVersion(m.modelId))).id);
    }
    const before = await inTenant((tx) => tx.now());
    const instants: Date[] = [];
    for (const [i, id] of versions.entries()) {
      await pause();
      await inTenant((tx) => tx.models.setAlias('told', id, `user ${i}`, `reason ${i}`));
      await pause();
      instants.push(await inTenant((tx) => tx.now()));
    }
    expect(await inTenant((tx) => tx.models.resolve('told', before))).toBeNull();
    for (const [i, at] of instants.entries()) {
      expect((await inTenant((tx) => tx.models.resolve('told', at)))?.id).toBe(versions[i]);
    }
    const spans = await inTenant((tx) => tx.models.aliasHistory('told', 10));
    expect(spans.map((s) => [s.modelId, s.previousModelId, s.by, s.why])).toEqual([
      [versions[2], versions[1], 'user 2', 'reason 2'],
      [versions[1], versions[0], 'user 1', 'reason 1'],
      [versions[0], null, 'user 0', 'reason 0'],
    ]);
    // One ends where the next begins.
    expect(spans.map((s) => s.until)).toEqual([null, spans[0].from, spans[1].from]);
    const elsewhere = await inTenant(
      async (tx) => [await tx.models.resolve('told', instants[0]), await tx.models.aliasHistory('told', 10)],
      c().otherTenantId,
    );
    expect(elsewhere).toEqual([null, []]);
  });

  it('names the version before, whoever changes the alias at the same time', async () => {
    const ids = [m.modelId];
    for (let i = 0; i < 3; i++) ids.push((await inTenant((tx) => tx.overlays.createVersion(m.modelId))).id);
    await inTenant((tx) => tx.models.setAlias('raced', ids[0], 'a', 'first'));
    await pause();
    await Promise.all(
      ids.slice(1).map((id) => inTenant((tx) => tx.models.setAlias('raced', id, 'a', 'race'))),
    );
    const [{ modelId, previousModelId }] = await inTenant((tx) => tx.models.aliasHistory('raced', 1));
    expect(ids).toContain(previousModelId);
    expect(previousModelId).not.toBe(modelId);
    // No change took itself for the one before.
    const rows = await c().asOwner(
      `select changed_by from model_alias_history where alias = 'raced' and previous_model_id = model_id`,
    );
    expect(rows).toEqual([]);
  });
}

const day = 86_400_000;

function retention(c: Contract, m: Prepared): void {
  it('drops the history of all tenants when 90 days have passed since it ended, by a given clock', async () => {
    const now = await c().store.withTenant(c().tenantId, async (tx) => {
      const version = await tx.overlays.createVersion(m.modelId);
      await tx.overlays.write(version.id, [rowOf(m.atomIds[0], 1)]);
      await tx.models.setAlias('kept', m.modelId, 'ada', 'first');
      return tx.now();
    });
    await pause();
    await c().store.withTenant(c().tenantId, (tx) => tx.models.setAlias('kept', m.modelId, 'ada', 'second'));
    const prune = (days: number) =>
      c().store.withSystem('contract', (tx) =>
        tx.plumbing.pruneHistory(new Date(now.getTime() + days * day)),
      );
    expect(await prune(0)).toEqual({ tensor_atom_coefficient: 0, model_alias: 0 });
    expect(await prune(-1_000)).toEqual({ tensor_atom_coefficient: 0, model_alias: 0 });
    const held = await c().asOwner('select count(*) as n from tensor_atom_coefficient_history');
    const dropped = await prune(91);
    expect(dropped['tensor_atom_coefficient']).toBe(Number(held[0]['n']));
    expect(dropped['model_alias']).toBeGreaterThan(0);
    expect(await c().store.withTenant(c().tenantId, (tx) => tx.models.aliasHistory('kept', 9))).toHaveLength(
      1,
    );
  });
}
