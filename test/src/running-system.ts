import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnNode, type NodeProcess } from '@hartonomous/testing';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const harto = join(repository, 'apps/harto/bin/harto.mjs');
/** From the start to the services, and from there to the first requests: on a machine ten times slower. */
const readyMs = 600_000;

export interface RunningSystem {
  readonly process: NodeProcess;
  readonly url: string;
  /** Where it lives; another start in the same folder goes on with the same rows. */
  readonly home: string;
  /** API keys of the installation, by principal. */
  readonly keys: Readonly<Record<'admin' | 'approver', string>>;
  /** Logins of its embedded engine: to plant causes, and to look at the rows from outside. */
  readonly logins: Readonly<Record<'url' | 'superuserUrl', string>>;
  get<T>(path: string): Promise<T>;
  send<T>(method: 'POST' | 'PUT', path: string, body: unknown, as?: 'admin' | 'approver'): Promise<T>;
  /** Polls until `ready` gives a value; fails with the last lines of the log when the time is over. */
  until<T>(what: string, ready: () => Promise<T | null>, timeoutMs: number): Promise<T>;
  /** The lines that a service logged, over all its lives. */
  logOf(service: string): string[];
  /** Process of a service, as it is now. */
  pidOf(service: string): number;
  /** A command of `harto`, as a user types it beside the running system. */
  harto(args: string[]): Promise<Pick<NodeProcess, 'lines'> & { code: number | null }>;
  /** Interrupts it like Ctrl-C; the seconds until everything had ended. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

/** The whole product as a user starts it: supervisor, engine, five services, a corpus and a workload. */
export async function startSystem(options: {
  corpus: string[];
  env?: Record<string, string>;
  flags?: string[];
  /** An earlier system's, which was stopped; default: a new one. */
  home?: string;
}): Promise<RunningSystem> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'harto-'));
  // A folder of root's alone would have its data outside of it, and leave them there.
  chmodSync(home, 0o755);
  const args = [
    'start',
    '--corpus',
    ...options.corpus.map((path) => resolve(repository, path)),
    ...(options.flags ?? []),
  ];
  // A fault fires once although the process that met it is started again.
  const faultsDir = join(home, 'faults');
  mkdirSync(faultsDir, { recursive: true });
  const env = {
    HARTO_HOME: home,
    HOME: tmpdir(),
    QUEUE_LOCK_MS: '4000',
    QUEUE_STALLED_MS: '1000',
    HARTO_FAULTS_DIR: faultsDir,
    ...options.env,
  };
  const child = spawnNode(harto, { args, env, cwd: repository });
  const remove = async (): Promise<void> => {
    await child.stop(20_000);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await child.line(/^services: .*ready/, readyMs);
    await child.line(/^workload: /, readyMs);
  } catch (error) {
    await remove();
    throw error;
  }
  return systemAt(home, child, remove);
}

/** What is running in this folder, by what it wrote there. */
function systemAt(home: string, child: NodeProcess, remove: () => Promise<void>): RunningSystem {
  const read = <T>(file: string): T => JSON.parse(readFileSync(join(home, file), 'utf8')) as T;
  const { console: url } = read<{ console: string }>('run.json');
  const { keys } = read<Pick<RunningSystem, 'keys'>>('keys');
  const { store: logins } = read<{ store: RunningSystem['logins'] }>('engines.json');
  const logOf = (service: string): string[] =>
    readFileSync(join(home, 'logs', `${service}.log`), 'utf8').split('\n');
  return {
    process: child,
    url,
    home,
    keys,
    logins,
    logOf,
    pidOf: (service) => pidIn(logOf(service)),
    async harto(args) {
      const asked = spawnNode(harto, { args, env: { HARTO_HOME: home, HOME: tmpdir() }, cwd: repository });
      const { code } = await asked.exited;
      return { lines: asked.lines, code };
    },
    get: (path) => call(url, 'GET', path, keys.admin),
    send: (method, path, body, as = 'admin') => call(url, method, path, keys[as], body),
    until: (what, ready, timeoutMs) => poll(child, what, ready, timeoutMs),
    async stop() {
      const from = performance.now();
      child.kill('SIGINT');
      await child.exited;
      return (performance.now() - from) / 1_000;
    },
    remove,
  };
}

async function call<T>(url: string, method: string, path: string, key: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const document = (await response.json()) as T;
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(document)}`);
  return document;
}

/** Every life of a service begins with a line that names its process. */
function pidIn(log: string[]): number {
  const ready = log.findLast((line) => line.startsWith('{"event":"ready"'));
  return ready ? (JSON.parse(ready) as { pid: number }).pid : 0;
}

async function poll<T>(
  child: NodeProcess,
  what: string,
  ready: () => Promise<T | null>,
  timeoutMs: number,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let last: unknown = null;
  while (performance.now() < until) {
    try {
      const value = await ready();
      if (value !== null) return value;
    } catch (error) {
      // The gateway may be the process that was killed.
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const log = child.lines.slice(-25).join('\n');
  throw new Error(`no ${what} within ${timeoutMs / 1_000} s${last ? ` (${String(last)})` : ''}:\n${log}`);
}
