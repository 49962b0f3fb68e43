import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { provideBinaries } from './binaries.js';
import type { Binaries } from './binaries.js';
import { complaint, runEngineProgram, startEngineProcess } from './engine-process.js';
import type { EngineProcess, Exit } from './engine-process.js';
import { EngineStartError } from './engine-start-error.js';
import { endLeftovers } from './leftovers.js';
import { takeOwnership } from './owner-lock.js';
import { createPassword, readPassword, withPasswordFile } from './password.js';
import { preparePlace } from './place.js';
import type { Place } from './place.js';
import { serverSettings } from './settings.js';
import type { Durability } from './settings.js';

export interface ClusterOptions {
  /** Folder of the cluster: its data (see `dataDir`), password, lock and last port. Created when absent. */
  home: string;
  /** An explicit port that is taken is an error; without one the port of the last start is kept if it is free. */
  port?: number;
  log: (line: string) => void;
  durability?: Durability;
  /** Further server settings, over the defaults. */
  settings?: Record<string, string>;
  /** Ends a start that is still going on; it then rejects with the signal's reason. */
  signal?: AbortSignal;
}

export interface Cluster {
  /** Superuser, database `postgres`. */
  url: string;
  port: number;
  /** The postmaster. */
  pid: number;
  dataDir: string;
  /** Settles when the server ends, whoever ended it. */
  exited: Promise<Exit>;
  /** Fast shutdown; after `graceMs` (10,000) an immediate one, which the next start recovers from. Idempotent. */
  stop(graceMs?: number): Promise<void>;
}

const readyWithinMs = 120_000;
const portAttempts = 5;

/** Starts the embedded PostgreSQL of a folder, initialising it at first use. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const place = preparePlace(options.home);
  const release = takeOwnership(place.home, 'cluster.lock');
  try {
    const binaries = provideBinaries(place.account, place.sharedFolder);
    await endLeftovers(place.dataDir, options.log);
    const password = await ensureInitialised(place, binaries, options);
    const server = await startServer(place, binaries, options);
    return handle(server, password, place, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** initdb works in a temporary name, so that a crash in the middle leaves nothing that looks like a data folder. */
async function ensureInitialised(place: Place, binaries: Binaries, options: ClusterOptions): Promise<string> {
  const known = readPassword(place.home);
  if (existsSync(join(place.dataDir, 'PG_VERSION'))) {
    if (known) return known;
    options.log(`keeping the data of an earlier start in ${place.dataDir}; giving it a new password`);
    return resetPassword(place, binaries);
  }
  for (const name of readdirSync(place.base)) {
    if (name.startsWith('data.new')) rmSync(join(place.base, name), { recursive: true, force: true });
  }
  const password = known ?? createPassword(place.home);
  const fresh = join(place.base, `data.new-${process.pid}`);
  await withPasswordFile(place, password, (file) =>
    runEngineProgram(
      binaries.initdb,
      initdbArguments(fresh, file, options.durability ?? 'full'),
      place.account,
      `cannot initialise PostgreSQL in ${place.dataDir}`,
      options.signal,
    ),
  );
  renameSync(fresh, place.dataDir);
  return password;
}

function initdbArguments(dataDir: string, passwordFile: string, durability: Durability): string[] {
  const fixed = '-U postgres -E UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --no-instructions';
  const args = ['-D', dataDir, `--pwfile=${passwordFile}`, ...fixed.split(' ')];
  return durability === 'none' ? [...args, '--no-sync'] : args;
}

/** The folder with the password was deleted, the data outside it was not: single-user mode needs no password. */
async function resetPassword(place: Place, binaries: Binaries): Promise<string> {
  const password = createPassword(place.home);
  const script = join(place.base, 'reset-password');
  await withPasswordFile(place, `alter role postgres password '${password}'`, (file) =>
    runEngineProgram(
      '/bin/sh',
      ['-c', '"$1" --single -D "$2" postgres < "$3"', script, binaries.postgres, place.dataDir, file],
      place.account,
      'cannot reset the password of PostgreSQL',
    ),
  );
  return password;
}

interface Server {
  running: EngineProcess;
  port: number;
}

async function startServer(place: Place, binaries: Binaries, options: ClusterOptions): Promise<Server> {
  const record = join(place.home, 'postgres.port');
  const last = existsSync(record) ? Number.parseInt(readFileSync(record, 'utf8'), 10) : Number.NaN;
  for (let attempt = 0; ; attempt++) {
    const port = options.port ?? (attempt === 0 && last > 0 ? last : await freePort());
    const server = await tryPort(port, place, binaries, options);
    if (server) {
      writeFileSync(record, `${port}\n`);
      return server;
    }
    if (options.port !== undefined) {
      throw new EngineStartError(
        `port ${port} of 127.0.0.1 is taken: name another one, or none to have a free one chosen`,
      );
    }
    if (attempt >= portAttempts) throw new EngineStartError('found no free port on 127.0.0.1');
    options.log(`port ${port} is taken, trying another one`);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => reject(new EngineStartError('cannot listen on 127.0.0.1', error)));
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Null when the port is taken. */
async function tryPort(
  port: number,
  place: Place,
  binaries: Binaries,
  options: ClusterOptions,
): Promise<Server | null> {
  const settings = { ...serverSettings(port, options.durability ?? 'full'), ...options.settings };
  const args = [
    '-D',
    place.dataDir,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  let announceReady = () => {};
  const ready = new Promise<'ready'>((resolve) => (announceReady = () => resolve('ready')));
  const running = startEngineProcess(binaries.postgres, args, place.account, (line) => {
    if (line.includes('database system is ready to accept connections')) announceReady();
    options.log(line);
  });
  const outcome = await readiness(ready, running, options.signal);
  if (outcome === 'ready') return { running, port };
  if (outcome === 'late') {
    running.child.kill('SIGQUIT');
    throw new EngineStartError(
      `PostgreSQL was not ready after ${readyWithinMs / 1000} s: ${running.tail.at(-1)}`,
    );
  }
  options.signal?.throwIfAborted();
  if (running.tail.some((line) => line.includes('Address already in use'))) return null;
  throw new EngineStartError(explain(complaint(running.tail), place));
}

/** An abort ends the server, so that it comes out as ended. */
async function readiness(
  ready: Promise<'ready'>,
  running: EngineProcess,
  signal: AbortSignal | undefined,
): Promise<'ready' | 'late' | Exit> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), readyWithinMs)));
  const end = () => void running.child.kill('SIGINT');
  signal?.addEventListener('abort', end);
  if (signal?.aborted) end();
  try {
    return await Promise.race([ready, running.exited, late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

function explain(reason: string, place: Place): string {
  if (reason.includes('incompatible with server')) {
    return `${place.dataDir} was made by another version of PostgreSQL: export with that version, or move it away`;
  }
  return `PostgreSQL does not start on ${place.dataDir}: ${reason}`;
}

function handle(server: Server, password: string, place: Place, release: () => void): Cluster {
  const { child, exited } = server.running;
  void exited.then(release);
  let stopping: Promise<void> | undefined;
  const stop = async (graceMs: number) => {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGQUIT'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres`,
    port: server.port,
    pid: child.pid ?? 0,
    dataDir: place.dataDir,
    exited,
    stop: (graceMs = 10_000) => (stopping ??= stop(graceMs)),
  };
}
