import { HartoError } from '@hartonomous/contracts';
import { findData } from '@hartonomous/embedded';
import type { HartoConfig } from '../config.js';
import { claimInstallation, prepareHome, readEngines, runningSupervisor } from '../installation.js';

export interface EmbeddedStore {
  /** Superuser on the store's database. */
  url: string;
}

const stopGraceMs = 10_000;

/** Only the embedded store is ours to copy: a server has its own means, and its own administrators. */
function refuseServer({ storeUrl }: HartoConfig): void {
  if (storeUrl === null) return;
  const own = storeUrl.startsWith('mssql') ? 'BACKUP DATABASE' : 'pg_dump or its continuous archiving';
  throw new HartoError(
    'FEATURE_UNAVAILABLE',
    `STORE_URL names a server: back it up with ${own}; this command is for the embedded store`,
  );
}

/** The store as it runs, or started for as long as the work lasts. */
export async function withStore<T>(
  config: HartoConfig,
  say: (line: string) => void,
  signal: AbortSignal,
  work: (store: EmbeddedStore) => Promise<T>,
): Promise<T> {
  refuseServer(config);
  if (runningSupervisor(config.home) === null) {
    if (findData(config.home) === null) {
      throw new HartoError(
        'NOT_FOUND',
        `nothing to back up in ${config.home}: npm start makes a store there`,
      );
    }
    return withStoppedStore(config, say, signal, work);
  }
  const url = readEngines(config.home)?.store.superuserUrl;
  if (url === undefined) {
    throw new HartoError('STATE_CONFLICT', 'the store is just starting or stopping: try again in a moment');
  }
  return work({ url });
}

/** The store of an installation that does not run, which cannot be started meanwhile. */
export async function withStoppedStore<T>(
  config: HartoConfig,
  say: (line: string) => void,
  signal: AbortSignal,
  work: (store: EmbeddedStore) => Promise<T>,
): Promise<T> {
  refuseServer(config);
  prepareHome(config.home);
  const release = claimInstallation(config.home);
  try {
    const { openEngines } = await import('../start/engines.js');
    const engines = await openEngines(config, () => {}, say, signal);
    try {
      return await work({ url: engines.store.superuserUrl! });
    } finally {
      await engines.stop(stopGraceMs);
    }
  } finally {
    release();
  }
}
