import type { Outcome, Partial } from '@hartonomous/compute';
import { orThrow, type ThreadFault } from '@hartonomous/contracts';
import { Piscina } from 'piscina';
import type { ConclusionTask } from './conclusion-task.js';
import { conclude } from './conclusion-worker.js';

/** Heap of the thread, MiB. */
const heapMiB = 1024;

type TaskOf<K extends ConclusionTask['kind']> = Omit<Extract<ConclusionTask, { kind: K }>, 'kind'>;

/**
 * Merging states, and what follows from them (seeding, numbering clusters), takes up to seconds: in a thread of its own,
 * so that locks are renewed and the service answers. Summaries alone are added where they are.
 */
export class ConclusionPool {
  private readonly thread = new Piscina<ConclusionTask, Partial | Outcome | null | ThreadFault>({
    filename: new URL('./conclusion-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 30_000,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
    closeTimeout: 1000,
  });

  async fold(task: TaskOf<'fold'>): Promise<Partial | null> {
    const heavy = task.partials.some(({ state }) => state);
    return (await this.run({ kind: 'fold', ...task }, heavy)) as Partial | null;
  }

  async finish(task: TaskOf<'finish'>): Promise<Outcome> {
    return (await this.run({ kind: 'finish', ...task }, task.merged.state !== undefined)) as Outcome;
  }

  private async run(task: ConclusionTask, heavy: boolean): Promise<Partial | Outcome | null> {
    return heavy ? orThrow(await this.thread.run(task)) : conclude(task);
  }

  close(): Promise<void> {
    return this.thread.destroy();
  }
}
