import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnNode, type NodeProcess } from '@hartonomous/testing';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
const harto = join(repository, 'apps/harto/bin/harto.mjs');

export interface RunningSystem {
  readonly process: NodeProcess;
  get<T>(path: string): Promise<T>;
  send<T>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<T>;
  /** Polls until `ready` gives a value; fails with the last lines of the log when the time is over. */
  until<T>(what: string, ready: () => Promise<T | null>, timeoutMs: number): Promise<T>;
  /** Interrupts it like Ctrl-C; the seconds until everything had ended. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

/** The whole product as a user starts it: supervisor, engine, five services, a corpus and a workload. */
export async function startSystem(options: {
  corpus: string[];
  env?: Record<string, string>;
  flags?: string[];
}): Promise<RunningSystem> {
  const home = mkdtempSync(join(tmpdir(), 'harto-'));
  const args = [
    'start',
    '--corpus',
    ...options.corpus.map((path) => join(repository, path)),
    ...(options.flags ?? []),
  ];
  // A fault fires once although the process that met it is started again.
  const faultsDir = join(home, 'faults');
  mkdirSync(faultsDir);
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
    await child.line(/^services: .*ready/, 90_000);
    await child.line(/^workload: /, 120_000);
  } catch (error) {
    await remove();
    throw error;
  }
  const record = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as { console: string };
  const { keys } = JSON.parse(readFileSync(join(home, 'keys'), 'utf8')) as { keys: { admin: string } };
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(new URL(path, record.console), {
      method,
      headers: { authorization: `Bearer ${keys.admin}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const document = (await response.json()) as T;
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(document)}`);
    return document;
  };
  return {
    process: child,
    get: (path) => call('GET', path),
    send: call,
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
