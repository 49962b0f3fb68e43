import { afterAll, beforeAll } from '@jest/globals';
import type { EngineName } from '../port/feature.js';
import type { Store } from '../port/store.js';

/** A store on a fresh database of one engine, with two tenants. */
export interface ContractStore {
  store: Store;
  tenantId: string;
  otherTenantId: string;
  /** A second store on the same database with its own pool. */
  openAgain(options: { poolSize: number }): Promise<Store>;
  /** A statement as the tables' owner: what an intruder with the database would do. */
  asOwner(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export interface EngineFixture {
  engine: EngineName;
  open(): Promise<ContractStore>;
}

/** A fresh database over a network takes longer than a copied template. */
export const hookTimeoutMs = 300_000;

/** Opens a store for the tests of the surrounding `describe`, and closes it after them. */
export function contractStore(
  fixture: EngineFixture,
  prepare: (c: ContractStore) => Promise<void> = () => Promise.resolve(),
): () => ContractStore {
  let opened: ContractStore | undefined;
  beforeAll(async () => {
    opened = await fixture.open();
    await prepare(opened);
  }, hookTimeoutMs);
  afterAll(() => opened?.close(), hookTimeoutMs);
  return () => opened!;
}

export type Contract = () => ContractStore;

/** Polls until the condition holds: the database's clock has to move on, which nothing else tells. */
export async function until(holds: () => Promise<boolean>, withinMs = 150_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not come to that within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
