import { migrateQueue } from '@hartonomous/bus';
import { openStore } from '@hartonomous/store';
import type { Store } from '@hartonomous/store';
import type { Engines } from './engines.js';
import { ensureLocalTenant } from './tenant.js';
import type { LocalTenant } from './tenant.js';

export interface PreparedStore {
  store: Store;
  /** Names of the migrations applied now. */
  applied: string[];
  tenant: LocalTenant;
}

/** Schema, queue, tenant and keys; idempotent. The caller closes the store. */
export async function prepareStore(engines: Engines, home: string): Promise<PreparedStore> {
  const store = await openStore({ ...engines.store, applicationName: 'hartonomous-harto' });
  try {
    const { applied } = await store.maintenance.migrate();
    if (engines.queueOwnerUrl) await migrateQueue(engines.queueOwnerUrl);
    return { store, applied, tenant: await ensureLocalTenant(store, home) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
