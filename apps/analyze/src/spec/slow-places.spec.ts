import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { IndexUse, StatementUse } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { placeQueryOf, slowPlaceFindings } from '../findings/slow-places.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

const useOf = (statement: string, meanMs: number, rows = 10_000): StatementUse => ({
  id: `q-${statement.length}`,
  statement,
  calls: 50,
  totalMs: 50 * meanMs,
  tables: [{ table: 'tensor_atom', rows, rowsModified: 0, analyzedAt: null }],
});
const range = 'select atom_id from tensor_atom where tenant_id = $1 and hilbert between $2 and $3';
const box = 'select p.atom_id from tensor_atom p where p.x >= $1 and p.x < $2 and p.y >= $3 and p.y < $4';

describe('slow requests on places of the map', () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test?.close());

  it('are known by what our own statements ask, as the engine counts them', async () => {
    const { store, tenantId } = test;
    await store.withTenant(tenantId, async (tx) => {
      await tx.atoms.merge(Array.from({ length: 900 }, (_, i) => ({ modality: 'text', text: `place ${i}` })));
      const model = await tx.models.ensureNative();
      const ids = await tx.map.unplaced(model.id, 900);
      const places = ids.map((atomId, i) => ({ atomId, x: i % 100, y: i / 9, z: 0, hilbert: BigInt(i) }));
      await tx.map.placeAtoms(model.id, places);
      for (let i = 0; i < 30; i++) {
        await tx.tensors.nearest(model.id, [i, i, 0], 10);
        await tx.map.nearest(model.id, [i, i, 0], 10);
      }
    });
    const uses = await store.maintenance.statistics.statements({ limit: 40, minCalls: 20 });
    if ('unavailable' in uses) throw new Error(uses.unavailable);
    const places = uses.filter((use) => placeQueryOf(use.statement));
    expect(places).toHaveLength(2);
    // However quick this machine was: the same statements, slow.
    const slow = uses.map((use) => ({
      ...use,
      totalMs: use.calls * 8,
      tables: use.tables.map((t) => ({ ...t, rows: Math.max(t.rows, 900) })),
    }));
    const indexes = await store.maintenance.indexes();
    const [finding, ...others] = slowPlaceFindings(slow, indexes);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'slow-places',
      rowCount: 60,
      facts: { strategy: 'tree', meanMs: 8, tableRows: 900, servedBy: null, indexable: true },
    });
    expect(finding!.rowIds.toSorted()).toEqual(places.map((p) => p.id).toSorted());
    expect(finding!.summary).toBe('60 calls for nearest neighbours among 900 places take 8 ms on average');

    const built = {
      table: 'tensor_atom',
      name: 'earned_tensor_atom_tree',
      columns: ['x', 'y', 'z'],
      method: 'spatial',
    };
    await store.maintenance.createIndex({ ...built, method: 'spatial' }, { lockTimeoutMs: 30_000 });
    const [still] = slowPlaceFindings(slow, await store.maintenance.indexes());
    expect(still!.facts['servedBy']).toBe('earned_tensor_atom_tree');
  });

  it('are told apart by how they could be served', () => {
    expect(placeQueryOf(range)).toEqual({ strategy: 'hilbert', query: 'ranges of the curve' });
    expect(placeQueryOf(box)).toEqual({ strategy: 'tree', query: 'boxes of the map' });
    expect(placeQueryOf(range.replace('tensor_atom', 'tensor_atom_archive'))).toBeNull();
    expect(placeQueryOf('select count(*) from tensor_atom where tenant_id = $1')).toBeNull();
    const index: IndexUse = {
      name: 'earned_tensor_atom_hilbert',
      table: 'tensor_atom',
      columns: ['tenant_id', 'model_id', 'hilbert'],
      sizeBytes: 1,
      scans: 0,
      valid: true,
      unique: false,
    };
    const found = slowPlaceFindings([useOf(range, 3), useOf(box, 5)], [index]);
    expect(found.map((f) => [f.facts['strategy'], f.facts['servedBy']])).toEqual([
      ['tree', null],
      ['hilbert', 'earned_tensor_atom_hilbert'],
    ]);
    // A box on plain columns is no expression that a tree of cubes serves.
    expect(found[0]!.facts['indexable']).toBe(false);
  });

  it('are none where they are quick, or the table is small', () => {
    expect(slowPlaceFindings([useOf(range, 0.2), useOf(box, 9, 400)], [])).toEqual([]);
  });
});
