import pg from 'pg';
import { newId } from '@hartonomous/contracts';
import type { EngineFixture } from '../../contract/fixture.js';
import { openStore } from '../../open-store.js';
import { openTestStore } from '../../testing.js';

export const postgresFixture: EngineFixture = {
  engine: 'postgres',
  async open() {
    const { store, urls, tenantId, close } = await openTestStore({ poolSize: 8 });
    const other = await store.withSystem('contract', (tx) => tx.tenants.ensure(`other-${newId()}`));
    return {
      store,
      tenantId,
      otherTenantId: other.id,
      openAgain: ({ poolSize }) => openStore({ ...urls, poolSize }),
      asOwner: async (text) => {
        const client = new pg.Client({ connectionString: urls.maintenanceUrl });
        await client.connect();
        try {
          return (await client.query<Record<string, unknown>>(text)).rows;
        } finally {
          await client.end();
        }
      },
      close,
    };
  },
};
