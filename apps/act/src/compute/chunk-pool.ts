import { availableParallelism } from 'node:os';
import { computeLimits } from '@hartonomous/compute';
import { orThrow, type ThreadFault } from '@hartonomous/contracts';
import { Piscina } from 'piscina';
import type { ChunkAnswer, ChunkTask } from './chunk-task.js';

/** Heap of one worker thread, MiB; vectors and sieves live outside of it. */
const heapMiB = 512;

const create = (minThreads: number, maxThreads: number) =>
  new Piscina<ChunkTask, ChunkAnswer | ThreadFault>({
    filename: new URL('./chunk-worker.js', import.meta.url).href,
    minThreads,
    maxThreads,
    idleTimeout: 30_000,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    // Results carry their checksum; nothing is shared by transfer.
    closeTimeout: 1000,
  });

/** Chunks run in worker threads, so that locks are renewed and the service answers; verifications in others. */
export class ChunkPool {
  private readonly workers = create(0, availableParallelism());
  #verifiers: Piscina<ChunkTask, ChunkAnswer | ThreadFault> | null = null;

  /** Ends the thread when the signal aborts or the deadline passes: work that does not listen stops all the same. */
  async run(task: ChunkTask, signal: AbortSignal): Promise<ChunkAnswer> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(computeLimits.deadlineMs)]);
    // Where chunks run one will be verified at the end, when everybody waits for it: its thread starts beside the first.
    const verifiers = (this.#verifiers ??= create(1, 1));
    return orThrow(await (task.independent ? verifiers : this.workers).run(task, { signal: within }));
  }

  async close(): Promise<void> {
    await Promise.all([this.workers.destroy(), this.#verifiers?.destroy()]);
  }
}
