import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { EngineStartError, reasonOf } from './engine-start-error.js';
import type { Account } from './run-as.js';

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface EngineProcess {
  child: ChildProcess;
  exited: Promise<Exit>;
  /** The last lines it wrote, newest last: what an error message is made of. */
  tail: string[];
}

const tailLines = 40;
/** How long a dead process's last lines are waited for. */
const lastLinesMs = 250;
let deathSignal: boolean | undefined;

/** Linux ends the server with us, also after kill -9; util-linux's setpriv has the option, busybox's has not. */
function hasDeathSignal(): boolean {
  deathSignal ??= spawnSync('setpriv', ['--pdeathsig=INT', 'true'], { stdio: 'ignore' }).status === 0;
  return deathSignal;
}

/**
 * Starts one of PostgreSQL's programs under the account: its own process group, so that a terminal's Ctrl-C reaches
 * the supervisor alone; working folder `/`, a locale and a time zone that do not depend on the caller's.
 */
export function startEngineProcess(
  program: string,
  args: string[],
  account: Account | null,
  onLine: (line: string) => void,
): EngineProcess {
  const bound = hasDeathSignal();
  const child = spawn(bound ? 'setpriv' : program, bound ? ['--pdeathsig=INT', program, ...args] : args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  });
  const tail: string[] = [];
  const take = (line: string) => {
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    onLine(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      take(`FATAL: ${reasonOf(error)}`);
      resolve({ code: null, signal: null });
    });
    child.once('exit', (code, signal) => {
      // With `close` the last lines have been read; backends that outlive their postmaster keep the pipes open.
      child.once('close', () => resolve({ code, signal }));
      // What has come by then is read first, also by a loop that stood still meanwhile.
      setTimeout(() => setImmediate(() => resolve({ code, signal })), lastLinesMs);
    });
  });
  return { child, exited, tail };
}

/** Runs a program to its end; its complaint becomes the error. */
export async function runEngineProgram(
  program: string,
  args: string[],
  account: Account | null,
  purpose: string,
  signal?: AbortSignal,
): Promise<void> {
  const running = startEngineProcess(program, args, account, () => {});
  const end = () => void running.child.kill('SIGTERM');
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted) end();
  const exit = await running.exited;
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (exit.code !== 0) throw new EngineStartError(`${purpose}: ${complaint(running.tail)}`);
}

/** The line that says what went wrong. */
export function complaint(tail: string[]): string {
  const telling = /\b(?:FATAL|PANIC|ERROR|error):\s*(.*)$/;
  const line = tail.find((text) => telling.test(text)) ?? tail.at(-1) ?? 'it ended without a word';
  return telling.exec(line)?.[1] ?? line;
}
