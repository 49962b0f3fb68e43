import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface NodeProcessOptions {
  args?: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Also copies its output to this process's standard error. */
  verbose?: boolean;
}

export interface NodeProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Everything it wrote so far, both streams, line by line. */
  readonly lines: string[];
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** The first line, past or future, that matches; fails when the process ends or the time is over. */
  line(pattern: RegExp, timeoutMs?: number): Promise<string>;
  kill(signal?: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `graceMs`; waits for the end. */
  stop(graceMs?: number): Promise<void>;
}

/** A Node process of a test: `script` is a path or file URL; the environment is what is given plus PATH. */
export function spawnNode(script: string | URL, options: NodeProcessOptions = {}): NodeProcess {
  const path = script instanceof URL ? script.pathname : script;
  const child = spawn(process.execPath, [path, ...(options.args ?? [])], {
    cwd: options.cwd,
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (text) => {
      lines.push(text);
      if (options.verbose) process.stderr.write(`[${child.pid}] ${text}\n`);
      for (const look of waiting) look();
    });
  }
  let ended = false;
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      for (const look of waiting) look();
      resolve({ code, signal });
    });
  });
  const line = (pattern: RegExp, timeoutMs = 240_000): Promise<string> =>
    new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        waiting.delete(look);
        act();
      };
      const fail = (why: string) =>
        settle(() =>
          reject(new Error(`${why} without a line like ${pattern}:\n${lines.slice(-20).join('\n')}`)),
        );
      const timer = setTimeout(() => fail(`${path} ran ${timeoutMs} ms`), timeoutMs);
      const look = () => {
        const found = lines.find((text) => pattern.test(text));
        if (found !== undefined) settle(() => resolve(found));
        else if (ended) fail(`${path} ended`);
      };
      waiting.add(look);
      look();
    });
  return {
    pid: child.pid ?? 0,
    child,
    lines,
    exited,
    line,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    stop: async (graceMs = 20_000) => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
