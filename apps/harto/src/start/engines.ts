import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HartoError, codeOf } from '@hartonomous/contracts';
import { startCluster } from '@hartonomous/embedded';
import type { Cluster } from '@hartonomous/embedded';
import { bootstrapMssql, bootstrapPostgres } from '@hartonomous/store';
import type { Passwords, StoreUrls } from '@hartonomous/store';
import type { HartoConfig } from '../config.js';
import { defaultBackoff, nextDelay } from './backoff.js';

export interface Engines {
  store: StoreUrls;
  queueUrl: string;
  /** Login that may create the queue's schema; null where the queue needs none. */
  queueOwnerUrl: string | null;
  kind: 'embedded' | 'external';
  dataDir: string | null;
  /** For people: what and where, never a login. */
  description: string;
  stop(graceMs: number): Promise<void>;
}

const database = 'hartonomous';

/** Starts the embedded cluster, or takes the engines that the environment names; a named one is never replaced. */
export async function openEngines(
  config: HartoConfig,
  log: (line: string) => void,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<Engines> {
  if (config.storeUrl === null) return openEmbedded(config, new ClusterKeeper(config.home, log, say, signal));
  const isPostgres = /^postgres(?:ql)?:/.test(config.storeUrl);
  if (!isPostgres && config.queueUrl === null) {
    throw new HartoError(
      'CONFIG_INVALID',
      'QUEUE_URL is needed when the store is SQL Server: redis://host:port',
    );
  }
  return isPostgres ? openPostgres(config, config.storeUrl) : openMssql(config, config.storeUrl);
}

/** Random, kept 0600: the logins of an installation stay the same over restarts. */
export function loginPasswords(home: string): Passwords {
  const file = join(home, 'store.passwords');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Passwords;
  // The prefix has what a password policy asks for (SQL Server's: three of four kinds of characters).
  const random = () => `Aa0-${randomBytes(24).toString('base64url')}`;
  const passwords: Passwords = { app: random(), system: random(), owner: random(), queue: random() };
  writeFileSync(file, `${JSON.stringify(passwords)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return passwords;
}

async function openEmbedded(config: HartoConfig, keeper: ClusterKeeper): Promise<Engines> {
  const cluster = await keeper.start();
  try {
    const { queueUrl, ...store } = await bootstrapPostgres(
      cluster.url,
      database,
      loginPasswords(config.home),
    );
    return {
      store,
      queueUrl: config.queueUrl ?? queueUrl,
      queueOwnerUrl: config.queueUrl === null ? queueUrl : ownerOf(config.queueUrl),
      kind: 'embedded',
      dataDir: cluster.dataDir,
      description: `embedded PostgreSQL on 127.0.0.1:${cluster.port}`,
      stop: (graceMs) => keeper.stop(graceMs),
    };
  } catch (error) {
    await keeper.stop(2_000);
    throw error;
  }
}

async function openPostgres(config: HartoConfig, storeUrl: string): Promise<Engines> {
  const given = config.storeSystemUrl !== null && config.storeMaintenanceUrl !== null;
  const { hostname, port, pathname } = new URL(storeUrl);
  const description = `PostgreSQL at ${hostname}:${port || '5432'}`;
  if (given) {
    const queueUrl = config.queueUrl ?? storeUrl;
    return { ...external(config, storeUrl, queueUrl), description };
  }
  const administrator = config.storeSuperuserUrl ?? storeUrl;
  const { queueUrl, ...store } = await bootstrapPostgres(
    administrator,
    pathname.slice(1) || database,
    loginPasswords(config.home),
  ).catch((error: unknown) => refuseLogin(error, description));
  return {
    ...external(config, store.url, config.queueUrl ?? queueUrl),
    store,
    queueOwnerUrl: config.queueUrl === null ? queueUrl : ownerOf(config.queueUrl),
    description,
  };
}

async function openMssql(config: HartoConfig, storeUrl: string): Promise<Engines> {
  const { hostname, port, pathname } = new URL(storeUrl);
  const description = `SQL Server at ${hostname}:${port || '1433'}`;
  const engines = { ...external(config, storeUrl, config.queueUrl ?? ''), description };
  if (config.storeSystemUrl !== null && config.storeMaintenanceUrl !== null) return engines;
  const { app, system, owner } = loginPasswords(config.home);
  const store = await bootstrapMssql(config.storeSuperuserUrl ?? storeUrl, pathname.slice(1) || database, {
    app,
    system,
    owner,
  }).catch((error: unknown) => refuseLogin(error, description));
  return { ...engines, store };
}

function refuseLogin(error: unknown, description: string): never {
  if (codeOf(error) === 'STORE_UNREACHABLE') throw error;
  throw new HartoError(
    'CONFIG_INVALID',
    `the login of STORE_URL cannot set up ${description}: give an administrator's, or STORE_SYSTEM_URL and STORE_MAINTENANCE_URL`,
    { cause: error },
  );
}

function external(config: HartoConfig, storeUrl: string, queueUrl: string): Engines {
  return {
    store: {
      url: storeUrl,
      ...(config.storeSystemUrl ? { systemUrl: config.storeSystemUrl } : {}),
      ...(config.storeMaintenanceUrl ? { maintenanceUrl: config.storeMaintenanceUrl } : {}),
      ...(config.storeSuperuserUrl ? { superuserUrl: config.storeSuperuserUrl } : {}),
    },
    queueUrl,
    queueOwnerUrl: ownerOf(queueUrl),
    kind: 'external',
    dataDir: null,
    description: '',
    stop: async () => {},
  };
}

const ownerOf = (queueUrl: string) => (queueUrl.startsWith('postgres') ? queueUrl : null);

/** Keeps the embedded server up: one that ends without being asked is started again on its port. */
class ClusterKeeper {
  private cluster: Cluster | null = null;
  private readonly stopping = new AbortController();
  private restarting: Promise<void> = Promise.resolve();

  constructor(
    private readonly home: string,
    private readonly log: (line: string) => void,
    private readonly say: (line: string) => void,
    /** Ends a first start that is still going on; what runs is ended by `stop`. */
    private readonly firstStart?: AbortSignal,
  ) {}

  async start(port?: number): Promise<Cluster> {
    try {
      this.cluster = await startCluster({
        home: this.home,
        log: this.log,
        signal: this.cluster || !this.firstStart ? this.stopping.signal : this.firstStart,
        ...(port ? { port } : {}),
      });
    } catch (error) {
      // The embedded package has no dependency on the catalogue of codes.
      throw codeOf(error) === 'ENGINE_START_FAILED' && error instanceof Error
        ? new HartoError('ENGINE_START_FAILED', error.message, { cause: error })
        : error;
    }
    const { cluster } = this;
    void cluster.exited.then(({ code, signal }) => {
      if (this.stopping.signal.aborted) return;
      this.say(`PostgreSQL ended (${signal ?? `exit ${code}`}), starting it again`);
      this.restarting = this.restart(cluster.port);
    });
    return cluster;
  }

  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    await this.restarting.catch(() => {});
    await this.cluster?.stop(graceMs);
  }

  private async restart(port: number): Promise<void> {
    for (let attempt = 1; !this.stopping.signal.aborted; attempt++) {
      try {
        await this.start(port);
        return;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        this.say(`PostgreSQL does not start: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(nextDelay(defaultBackoff, attempt), undefined, { signal: this.stopping.signal }).catch(
          () => {},
        );
      }
    }
  }
}
