import type { PoolClient } from 'pg';
import type { DataSource } from 'typeorm';
import type { Maintenance } from '../../port/maintenance.js';
import type { TenantTransaction } from '../../port/store.js';
import { coreMigrations, featureFiles } from '../../sql/migration-files.js';
import { runMigrations } from '../../sql/migration-runner.js';
import { createPostgresMaintenance } from './advisor/postgres-maintenance.js';
import type { PostgresConnections } from './connections.js';
import { applyFeatures } from './features.js';
import { postgresMigrations } from './migrations.js';
import { noPlans } from './advisor/no-plans.js';

type BindTenant = (client: PoolClient, source: DataSource, tenantId: string) => TenantTransaction;

/** Maintenance whose logins are connected when first used. */
export function lazyMaintenance(connections: PostgresConnections, bindTenant: BindTenant): Maintenance {
  let made: Promise<Maintenance> | undefined;
  const migrateHere = () => migrate(connections);

  const make = async (): Promise<Maintenance> => {
    const owner = await connections.owner();
    const superuser = await connections.superuser();
    const { source } = superuser ?? owner;
    return createPostgresMaintenance({
      owner: owner.pool,
      superuser: superuser?.pool ?? null,
      appRole: connections.appRole,
      openTenantTransaction: async (client, tenantId) => {
        await client.query(`select set_config('app.tenant', $1, true)`, [tenantId]);
        return bindTenant(client, source, tenantId);
      },
      migrate: migrateHere,
    });
  };
  const engine = (): Promise<Maintenance> => {
    made ??= make();
    // A failed attempt is not kept: the server may be there the next time.
    made.catch(() => (made = undefined));
    return made;
  };

  return {
    migrate: migrateHere,
    missingIndexes: async (options) => (await engine()).missingIndexes(options),
    indexes: async () => (await engine()).indexes(),
    createIndex: async (definition, options) => (await engine()).createIndex(definition, options),
    dropIndex: async (name, options) => (await engine()).dropIndex(name, options),
    schemaFingerprint: async () => (await engine()).schemaFingerprint(),
    refreshStatistics: async (tables) => (await engine()).refreshStatistics(tables),
    replay: async (tenantId, options, work) => (await engine()).replay(tenantId, options, work),
    statistics: {
      statements: async (options) => (await engine()).statistics.statements(options),
      read: async (table) => (await engine()).statistics.read(table),
      gather: async (table) => (await engine()).statistics.gather(table),
      restore: async (statistics) => (await engine()).statistics.restore(statistics),
      setAutomatic: async (table, automatic) => (await engine()).statistics.setAutomatic(table, automatic),
    },
    plans: noPlans,
    resetStatementStatistics: async () => (await engine()).resetStatementStatistics(),
  };
}

async function migrate(connections: PostgresConnections): Promise<{ applied: string[]; known: number }> {
  const { source } = await connections.owner();
  const runner = source.createQueryRunner();
  try {
    await runner.connect();
    const features = await featureFiles('postgres');
    return await runMigrations(runner, await coreMigrations('postgres'), postgresMigrations, () =>
      applyFeatures(runner, features),
    );
  } finally {
    await runner.release();
  }
}
