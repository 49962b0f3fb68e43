import { HartoError } from '@hartonomous/contracts';
import type { StoreOptions } from './port/options.js';
import type { Store } from './port/store.js';

/** @throws HartoError CONFIG_INVALID | STORE_UNREACHABLE (names host and port, never the password) */
export async function openStore(options: StoreOptions): Promise<Store> {
  const scheme = /^([a-z]+):\/\//.exec(options.url)?.[1] ?? '';
  // Each engine's driver is loaded only where it is used.
  if (scheme === 'postgres' || scheme === 'postgresql') {
    return (await import('./engines/postgres/postgres-store.js')).openPostgresStore(options);
  }
  if (scheme === 'mssql' || scheme === 'sqlserver') {
    return (await import('./engines/mssql/mssql-store.js')).openMssqlStore(options);
  }
  throw new HartoError('CONFIG_INVALID', 'a store URL begins with postgres:// or mssql://');
}
