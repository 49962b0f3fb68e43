import { HartoError } from '@hartonomous/contracts';

/** Ends the wait for a handler when its time is over or the service stops; what it still does is fenced by the inbox. */
export class HandlerWatch {
  #abort: AbortController | null = null;

  constructor(
    private readonly name: string,
    private readonly timeoutMs: number,
    private readonly stop: AbortSignal,
  ) {}

  /** Made for the handlers that ask. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    return this.#abort.signal;
  }

  async over<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    let stopped = () => {};
    const late = new Promise<never>((_, reject) => {
      const end = (why: string) => {
        const fault = new HartoError('INTERNAL', `${this.name} ${why}`, { retryable: true });
        this.#abort?.abort(fault);
        reject(fault);
      };
      timer = setTimeout(() => end(`was not handled within ${this.timeoutMs} ms`), this.timeoutMs);
      stopped = () => end('was interrupted: the service stops');
      this.stop.addEventListener('abort', stopped, { once: true });
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      this.stop.removeEventListener('abort', stopped);
      work.catch(() => {});
    }
  }
}
