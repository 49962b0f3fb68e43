import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { newId } from '@hartonomous/contracts';
import type { EngineFixture } from '../../contract/fixture.js';
import { openStore } from '../../open-store.js';
import { MssqlConnections } from './connections.js';

/** Fresh databases on the server that a URL names; its login may create and drop them. */
export function mssqlFixture(serverUrl: string): EngineFixture {
  const onServer = async (url: string, text: string): Promise<Record<string, unknown>[]> => {
    const connections = new MssqlConnections({ url });
    const source: DataSource = (await connections.owner()).source;
    try {
      return ((await source.query(text)) ?? []) as Record<string, unknown>[];
    } finally {
      await connections.close();
    }
  };
  return {
    engine: 'mssql',
    async open() {
      const database = `test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
      await onServer(serverUrl, `create database ${database}`);
      const url = new URL(serverUrl);
      url.pathname = `/${database}`;
      const store = await openStore({ url: url.toString(), poolSize: 8, applicationName: 'contract' });
      await store.maintenance.migrate();
      const tenant = (name: string) =>
        store.withSystem('contract', (tx) => tx.tenants.ensure(`${name}-${newId()}`));
      return {
        store,
        tenantId: (await tenant('test')).id,
        otherTenantId: (await tenant('other')).id,
        openAgain: ({ poolSize }) => openStore({ url: url.toString(), poolSize }),
        asOwner: (text) => onServer(url.toString(), text),
        close: async () => {
          await store.close();
          await onServer(serverUrl, `drop database ${database}`);
        },
      };
    },
  };
}
