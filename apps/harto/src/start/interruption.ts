import { HartoError } from '@hartonomous/contracts';

const parentPollMs = 1_000;

/** Stopped from outside: not a failure, and not a success either. Carries the exit code. */
export class Interrupted extends Error {
  constructor(
    readonly why: string,
    readonly exitCode: number,
  ) {
    super(`interrupted (${why})`);
    this.name = 'Interrupted';
  }
}

/**
 * Ctrl-C, SIGTERM, a closed terminal, or the death of the npm script above us: the first one counts, further ones
 * change nothing (a terminal and npm both deliver Ctrl-C).
 */
export class Interruption {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly handlers: [NodeJS.Signals, () => void][];

  constructor(parentPid: number | null, announce: (why: string) => void) {
    const interrupt = (why: string, exitCode: number) => {
      if (this.controller.signal.aborted) return;
      announce(why);
      this.controller.abort(new Interrupted(why, exitCode));
    };
    this.handlers = [
      ['SIGINT', () => interrupt('Ctrl-C', 130)],
      ['SIGTERM', () => interrupt('asked to', 0)],
      ['SIGHUP', () => interrupt('the terminal is gone', 0)],
    ];
    for (const [signal, handler] of this.handlers) process.on(signal, handler);
    if (parentPid !== null) {
      this.timer = setInterval(() => {
        if (process.ppid !== parentPid) interrupt('the starting process is gone', 0);
      }, parentPollMs);
      this.timer.unref();
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  throwIfInterrupted(): void {
    this.signal.throwIfAborted();
  }

  /** The work's outcome, or the interruption as soon as it comes. */
  async during<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    const interrupted = new Promise<never>((_resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error), { once: true });
    });
    interrupted.catch(() => {});
    return Promise.race([work, interrupted]);
  }

  dispose(): void {
    clearInterval(this.timer);
    for (const [signal, handler] of this.handlers) process.off(signal, handler);
  }
}

/** Exit code of an interruption, or null for any other error. */
export function interruptedExit(error: unknown): number | null {
  if (error instanceof Interrupted) return error.exitCode;
  const cause = error instanceof HartoError ? error.cause : null;
  return cause instanceof Interrupted ? cause.exitCode : null;
}
