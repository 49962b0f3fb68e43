import { describe, expect, it } from '@jest/globals';
import type { Store } from '../port/store.js';
import { contractStore, type Contract, type EngineFixture } from './fixture.js';
import { beliefOf } from './samples.js';

const writers = 8;
const incrementsEach = 25;

export function concurrencyContract(fixture: EngineFixture, sizes: { transactions: number }): void {
  describe('concurrency', () => {
    const c = contractStore(fixture);
    contextLaws(c, sizes.transactions);
    updateLaws(c);
    repetitionLaws(c);
  });
}

/** Gives each tenant a setting that names it. */
export async function nameTenants(store: Store, tenantIds: string[]): Promise<void> {
  for (const id of tenantIds) await store.withTenant(id, (tx) => tx.settings.set('me', id, 'contract'));
}

/** Transactions of named tenants by turns on one pool; `wrong` counts reads that were not the tenant's own. */
export async function interleave(
  store: Store,
  tenantIds: string[],
  transactions: number,
): Promise<{ wrong: number; done: number }> {
  let wrong = 0;
  let next = 0;
  const worker = async () => {
    while (next < transactions) {
      const id = tenantIds[next++ % tenantIds.length];
      // Some end in a rollback, which must clear the tenant as a commit does.
      const fails = next % 7 === 0;
      await store
        .withTenant(id, async (tx) => {
          if ((await tx.settings.get('me')) !== id) wrong++;
          if (fails) throw new Error('rolled back');
        })
        .catch((error: Error) => {
          if (error.message !== 'rolled back') throw error;
        });
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return { wrong, done: next };
}

function contextLaws(c: Contract, transactions: number): void {
  it(`keeps the right tenant over ${transactions} interleaved transactions on a pool of two`, async () => {
    const small = await c().openAgain({ poolSize: 2 });
    const tenantIds = [c().tenantId, c().otherTenantId];
    await nameTenants(small, tenantIds);
    const seen = await interleave(small, tenantIds, transactions);
    await small.close();
    expect(seen).toEqual({ wrong: 0, done: transactions });
  }, 600_000);
}

function updateLaws(c: Contract): void {
  it(`loses no update of ${writers} writers`, async () => {
    await c().store.withTenant(c().tenantId, (tx) => tx.beliefs.save(beliefOf('counter')));
    const increment = () =>
      c().store.withTenant(c().tenantId, async (tx) => {
        const row = (await tx.beliefs.all()).find((b) => b.key === 'counter')!;
        return tx.beliefs.save({ ...row, trials: row.trials + 1 });
      });
    const writer = async () => {
      for (let done = 0; done < incrementsEach;) if (await increment()) done++;
    };
    await Promise.all(Array.from({ length: writers }, writer));
    const [row] = await c().store.withTenant(c().tenantId, (tx) => tx.beliefs.all());
    expect(row.trials).toBe(writers * incrementsEach);
    expect(row.version).toBe(writers * incrementsEach + 1);
  }, 600_000);
}

function repetitionLaws(c: Contract): void {
  it('repeats a transaction that the engine broke off, and tells a snapshot from a moving view', async () => {
    let attempts = 0;
    let bothHaveRead = () => {};
    const abreast = new Promise<void>((resolve) => (bothHaveRead = resolve));
    const add = (name: string) =>
      c().store.withTenant(
        c().tenantId,
        async (tx) => {
          const n = Number((await tx.settings.get('n')) ?? '0');
          if (++attempts === 2) bothHaveRead();
          await abreast;
          await tx.settings.set('n', String(n + 1), name);
        },
        { isolation: 'snapshot' },
      );
    await c().store.withTenant(c().tenantId, (tx) => tx.settings.set('n', '0', 'contract'));
    await Promise.all([add('a'), add('b')]);
    expect(await c().store.withTenant(c().tenantId, (tx) => tx.settings.get('n'))).toBe('2');
    expect(attempts).toBeGreaterThan(2);
  });

  it('passes a fault of the callback through and commits nothing', async () => {
    const failing = c().store.withTenant(c().tenantId, async (tx) => {
      await tx.settings.set('ghost', '1', 'contract');
      throw new TypeError('mine');
    });
    await expect(failing).rejects.toThrow(TypeError);
    expect(await c().store.withTenant(c().tenantId, (tx) => tx.settings.get('ghost'))).toBeNull();
  });
}
