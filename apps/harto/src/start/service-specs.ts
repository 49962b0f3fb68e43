import { join } from 'node:path';
import { services } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import { repositoryRoot } from '../config.js';
import type { HartoConfig } from '../config.js';
import type { Engines } from './engines.js';
import type { ServiceSpec } from './service-process.js';

/** Milliseconds a service may take to finish its work when the installation stops: all of it ends within 5 s. */
export const serviceGraceMs = 2_500;

/** Services that hide indexes inside a replay, which only a superuser may. */
const needSuperuser: ServiceName[] = ['analyze', 'act'];

/** The five services of an installation: their programs, and the environment each one is given, nothing else. */
export function serviceSpecs(
  config: HartoConfig,
  engines: Engines,
  settings: { scale: number; port: number | null },
): ServiceSpec[] {
  const { store } = engines;
  const shared: Record<string, string> = {
    ...config.inherited,
    STORE_URL: store.url,
    ...(store.systemUrl ? { STORE_SYSTEM_URL: store.systemUrl } : {}),
    ...(store.maintenanceUrl ? { STORE_MAINTENANCE_URL: store.maintenanceUrl } : {}),
    QUEUE_URL: engines.queueUrl,
    LOOP_SCALE: String(settings.scale),
    HARTO_HOME: config.home,
    HARTO_PARENT_WATCH: '1',
    SHUTDOWN_MS: String(serviceGraceMs - 300),
  };
  return services.map((name) => ({
    name,
    script: join(repositoryRoot, 'apps', name, 'dist', 'main.js'),
    env: {
      ...shared,
      ...(needSuperuser.includes(name) && store.superuserUrl
        ? { STORE_SUPERUSER_URL: store.superuserUrl }
        : {}),
      ...(name === 'gateway' && settings.port !== null ? { PORT: String(settings.port) } : {}),
    },
  }));
}
