import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';
import { createTestFolder, removeTestFolder } from './test-folder.js';

export interface TestRedis {
  url: string;
  port: number;
  pid: number;
  /** Ends the server; its data stays until `remove`. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts again on the same port and data. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

const readyWithinMs = 60_000;

async function launch(port: number, folder: string) {
  const settings = '--bind 127.0.0.1 --appendonly yes --appendfsync everysec --maxmemory-policy noeviction';
  const args = ['--port', String(port), '--dir', folder, '--save', '', ...settings.split(' ')];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
  const ended = once(child, 'exit').catch(() => undefined);
  let late: NodeJS.Timeout | undefined;
  const ready = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/Ready to accept connections/i.test(line)) resolve(true);
    });
    void ended.then(() => resolve(false));
    late = setTimeout(() => resolve(false), readyWithinMs);
  });
  const isReady = await ready;
  clearTimeout(late);
  if (!isReady) {
    child.kill('SIGKILL');
    throw new Error(`redis-server on port ${port} did not become ready`);
  }
  return { child, ended };
}

/**
 * The system's redis-server as a child, append-only and without eviction; null, with a line that says what is
 * skipped, where it is not installed.
 */
export async function startRedis(): Promise<TestRedis | null> {
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status !== 0) {
    process.stderr.write('SKIPPED: redis-server is not installed, nothing runs on Redis here\n');
    return null;
  }
  const folder = createTestFolder();
  const port = await freePort();
  let running = await launch(port, folder);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    running.child.kill(signal);
    await running.ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return running.child.pid ?? 0;
    },
    stop,
    restart: async () => {
      await stop();
      running = await launch(port, folder);
    },
    remove: async () => {
      await stop('SIGKILL');
      removeTestFolder(folder);
    },
  };
}
