import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { methodsOf } from '../../contract/tenant-sweep.js';
import { sweepCases } from '../../contract/sweep-cases.js';
import type { ModelRepository, ModelRow } from '../../port/models.js';
import type { Store, TenantTransaction } from '../../port/store.js';
import { openTestStore, type TestStore } from '../../testing.js';
import { sweep } from './tenant-states.js';

describe('tenant sweep', () => {
  let t: TestStore;
  beforeAll(async () => {
    t = await openTestStore();
  });
  afterAll(() => t.close());

  it('has a case for every method of the port, and for nothing else', async () => {
    const methods = await t.store.withTenant(t.tenantId, (tx) => Promise.resolve(methodsOf(tx)));
    expect(Object.keys(sweepCases).sort()).toEqual(methods.sort());
  });

  it('finds no leak between two tenants; the long run takes twenty', async () => {
    const { calls, leaks } = await sweep(t, 2);
    expect(leaks).toEqual([]);
    expect(calls).toBe(2 * Object.keys(sweepCases).length);
  }, 300_000);

  it('finds a leak where there is one', async () => {
    const known = new Map<string, ModelRow>();
    // A repository that forgets whose the models are.
    const forgetful = (tx: TenantTransaction): TenantTransaction => {
      const models: ModelRepository = {
        ...tx.models,
        ensureNative: async () => {
          const model = await tx.models.ensureNative();
          known.set(model.id, model);
          return model;
        },
        get: (id) => Promise.resolve(known.get(id) ?? null),
      };
      return Object.create(tx, { models: { value: models } }) as TenantTransaction;
    };
    const withTenant: Store['withTenant'] = (id, work, options) =>
      t.store.withTenant(id, (tx) => work(forgetful(tx)), options);
    const store = Object.create(t.store, { withTenant: { value: withTenant } }) as Store;
    const { leaks } = await sweep({ ...t, store }, 2);
    expect(leaks).toEqual(['models.get as tenant 0', 'models.get as tenant 1']);
  }, 300_000);
});
