import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import pg from 'pg';

/** Folders of one spec file, removed at its end. */
export class Scratch {
  private readonly folders: string[] = [];

  /** 0755, so that root's lent account gets in; a spec that wants it closed says so. */
  folder(mode = 0o755): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'harto-embedded-')));
    chmodSync(folder, mode);
    this.folders.push(folder);
    return folder;
  }

  also(folder: string): void {
    this.folders.push(folder);
  }

  clean(): void {
    for (const folder of this.folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

/** Ports below those that the system gives to whoever asks for any: nobody takes one while a cluster restarts. */
const firstPort = 16_000;
const portsPerWorker = 300;
let nextPort = process.pid % portsPerWorker;

/** A port that is free, from a slice of this worker's own; for a cluster that is to be found there again. */
export async function quietPort(): Promise<number> {
  const slice = firstPort + (Number(process.env['JEST_WORKER_ID'] ?? 0) % 12) * portsPerWorker;
  for (let tries = 0; tries < portsPerWorker; tries++) {
    const port = slice + (nextPort++ % portsPerWorker);
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`no free port from ${slice} on`);
}

export interface Owner {
  child: ChildProcess;
  /** What startCluster gave, or its message. */
  outcome: Promise<{ url: string; pid: number; dataDir: string } | { error: string }>;
  ended: Promise<void>;
}

const program = `
  const { startCluster } = await import(process.argv[1]);
  try {
    const cluster = await startCluster({ home: process.argv[2], durability: 'none', log: () => {} });
    console.log(JSON.stringify({ url: cluster.url, pid: cluster.pid, dataDir: cluster.dataDir }));
    process.on('SIGTERM', () => cluster.stop().then(() => process.exit(0)));
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
`;

/** Another process that owns a cluster until it is killed. */
export function startOwner(home: string, options: SpawnOptions = {}): Owner {
  const entry = new URL('../index.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, entry, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
    env: { PATH: process.env.PATH, ...options.env },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const outcome = new Promise<{ url: string; pid: number; dataDir: string } | { error: string }>(
    (resolve) => {
      createInterface({ input: child.stdout! }).once('line', (line) => resolve(JSON.parse(line)));
      child.once('error', (error) => resolve({ error: error.message }));
      child.once('exit', (code) => resolve({ error: `the owner ended with ${code}` }));
    },
  );
  return { child, outcome, ended };
}
