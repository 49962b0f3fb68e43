import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { newId } from '@hartonomous/contracts';
import { until, type EngineFixture } from '../../contract/fixture.js';
import { MssqlConnections } from './connections.js';
import { openMssqlStore } from './mssql-store.js';
import { Execution } from './recording/registry.js';
import { listeningDriver } from './recording/sent.js';

/** Everything that the tests of this process had a server carry out. */
export const execution = new Execution();
const driver = listeningDriver(execution.note);

export async function onServer(url: string, text: string): Promise<Record<string, unknown>[]> {
  const connections = new MssqlConnections({ url });
  const source: DataSource = (await connections.owner()).source;
  try {
    return ((await source.query(text)) ?? []) as Record<string, unknown>[];
  } finally {
    await connections.close();
  }
}

export async function createDatabase(serverUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const database = `test_${randomUUID().replaceAll('-', '').slice(0, 20)}`;
  await onServer(serverUrl, `create database ${database}`);
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return { url: url.toString(), drop: () => dropDatabase(serverUrl, database) };
}

/** A session that has just ended may still hold the database for the server. */
export function dropDatabase(serverUrl: string, database: string): Promise<void> {
  return until(() =>
    onServer(serverUrl, `drop database ${database}`).then(
      () => true,
      (error: Error) => {
        if (/in use/.test(error.message)) return false;
        throw error;
      },
    ),
  );
}

/** Fresh databases on the server that a URL names; its login may create and drop them. */
export function mssqlFixture(serverUrl: string): EngineFixture {
  return {
    engine: 'mssql',
    async open() {
      const { url, drop } = await createDatabase(serverUrl);
      const store = await openMssqlStore({ url, poolSize: 8, applicationName: 'contract' }, driver);
      await store.maintenance.migrate();
      const tenant = (name: string) =>
        store.withSystem('contract', (tx) => tx.tenants.ensure(`${name}-${newId()}`));
      return {
        store,
        tenantId: (await tenant('test')).id,
        otherTenantId: (await tenant('other')).id,
        openAgain: ({ poolSize }) => openMssqlStore({ url, poolSize }, driver),
        asOwner: (text) => onServer(url, text),
        close: async () => {
          await store.close();
          await drop();
        },
      };
    },
  };
}
