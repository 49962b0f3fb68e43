import { HartoError } from '@hartonomous/contracts';
import type { StoreOptions } from '../../port/options.js';
import type { Store } from '../../port/store.js';

export function openMssqlStore(_options: StoreOptions): Promise<Store> {
  return Promise.reject(new HartoError('FEATURE_UNAVAILABLE', 'SQL Server is not built in yet'));
}
