import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HartoError } from '@hartonomous/contracts';
import { nextDelay } from './backoff.js';
import type { Backoff } from './backoff.js';

export interface ServiceSpec {
  name: string;
  script: string;
  env: Record<string, string>;
}

/** The line a service prints when it serves; the gateway's names its port. */
export interface ReadyLine {
  event: 'ready';
  service: string;
  port?: number;
}

export interface ServiceEvents {
  /** Every line of both streams. */
  line(service: string, line: string): void;
  restarting(service: string, why: string, delayMs: number): void;
  ready(service: string, line: ReadyLine): void;
}

export interface ServiceLimits {
  backoff: Backoff;
  /** From spawn to the ready line, milliseconds. */
  readyWithinMs: number;
  /** Ends before the first ready line after which the start has failed. */
  startAttempts: number;
}

function parseReady(line: string): ReadyLine | null {
  if (!line.includes('"event":"ready"')) return null;
  try {
    const parsed = JSON.parse(line) as ReadyLine;
    return parsed.event === 'ready' ? parsed : null;
  } catch {
    return null;
  }
}

/** One service: kept running until told to stop, restarted with growing waits. */
export class ServiceProcess {
  private child: ChildProcess | null = null;
  private quickEnds = 0;
  private endsBeforeReady = 0;
  private stopping = false;
  private timer: NodeJS.Timeout | undefined;
  private lastLine = '';
  private ended: Promise<void> = Promise.resolve();
  private announce!: { resolve: (line: ReadyLine) => void; reject: (error: Error) => void };
  /** The first ready line, or why there never was one. */
  readonly firstReady = new Promise<ReadyLine>((resolve, reject) => (this.announce = { resolve, reject }));
  private everReady = false;

  constructor(
    private readonly spec: ServiceSpec,
    private readonly events: ServiceEvents,
    private readonly limits: ServiceLimits,
  ) {
    // The supervisor awaits all of them at once; one that fails later must not be an unhandled rejection.
    this.firstReady.catch(() => {});
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  start(): void {
    const began = performance.now();
    // Detached: a terminal's Ctrl-C reaches the supervisor alone, which stops things in order.
    const child = spawn(process.execPath, ['--enable-source-maps', this.spec.script], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.spec.env,
    });
    this.child = child;
    const late = setTimeout(() => {
      this.lastLine = `not ready after ${this.limits.readyWithinMs / 1000} s`;
      child.kill('SIGKILL');
    }, this.limits.readyWithinMs);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        const ready = parseReady(line);
        if (ready) {
          clearTimeout(late);
          this.becameReady(ready);
        } else if (line.trim() !== '') {
          this.lastLine = line;
        }
        this.events.line(this.spec.name, line);
      });
    }
    this.ended = new Promise((resolve) => {
      let over = false;
      const end = (why: string) => {
        if (over) return;
        over = true;
        clearTimeout(late);
        this.child = null;
        resolve();
        this.afterEnd(why, performance.now() - began);
      };
      child.once('error', (error) => end(error.message));
      // `close`, not `exit`: the last lines have been read by then.
      child.once('close', (code, signal) => end(signal ?? `exit ${code}`));
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    this.announce.reject(new HartoError('STATE_CONFLICT', 'interrupted'));
    const { child } = this;
    if (!child) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.ended;
    clearTimeout(timer);
  }

  private becameReady(line: ReadyLine): void {
    this.everReady = true;
    this.events.ready(this.spec.name, line);
    this.announce.resolve(line);
  }

  private afterEnd(why: string, ranMs: number): void {
    if (this.stopping) return;
    if (!this.everReady && ++this.endsBeforeReady >= this.limits.startAttempts) {
      this.announce.reject(this.startFailure(why));
      return;
    }
    this.quickEnds = ranMs >= this.limits.backoff.stableMs ? 1 : this.quickEnds + 1;
    const delayMs = nextDelay(this.limits.backoff, this.quickEnds);
    this.events.restarting(this.spec.name, why, delayMs);
    this.timer = setTimeout(() => this.start(), delayMs);
  }

  private startFailure(why: string): HartoError {
    const text = `the service ${this.spec.name} does not start (${why}): ${messageOf(this.lastLine)}`;
    return new HartoError('ENGINE_START_FAILED', text, { details: { service: this.spec.name } });
  }
}

/** The message of a JSON log line, or the line. */
function messageOf(line: string): string {
  try {
    const parsed = JSON.parse(line) as { msg?: string; message?: string; err?: { message?: string } };
    return parsed.err?.message ?? parsed.msg ?? parsed.message ?? line;
  } catch {
    return line || 'it said nothing';
  }
}
