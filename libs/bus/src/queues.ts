import { HartoError, messages, queueNameOf, services } from '@hartonomous/contracts';
import type { Envelope, MessageName, QueueName } from '@hartonomous/contracts';
import type { JobsOptions } from 'bullmq';
import { defaultPrefix } from './backend.js';
import type { BusProcessor, BusQueue, BusWorker, QueueBackend } from './backend.js';
import { openPostgresBackend } from './postgres-backend.js';
import { openRedisBackend } from './redis-backend.js';

export interface QueueSettings {
  /** A worker that stays silent for so long has lost its job, ms. */
  lockMs: number;
  /** How often lost jobs are looked for, ms; a killed worker's job is back after lock + two intervals at most. */
  stalledMs: number;
  /** Losses of one job before it fails: a crash of the worker is not the job's fault, so many. */
  maxStalled: number;
  /** Pause after a fault of the connection, ms (BullMQ's default is 15 s of deafness). */
  retryMs: number;
}

export const defaultQueueSettings: QueueSettings = {
  lockMs: 30_000,
  stalledMs: 15_000,
  maxStalled: 50,
  retryMs: 500,
};

export interface QueuesOptions {
  /** `postgres://…` or `redis://…`. */
  url: string;
  prefix?: string;
  settings?: Partial<QueueSettings>;
  /** Accepts a Redis without append-only file, with eviction, or that cannot be asked. */
  allowUnsafe?: boolean;
  /** Connections of the PostgreSQL pool. */
  poolMax?: number;
  onError?: (error: Error) => void;
}

/** Failed jobs stay a day for whoever looks. */
const removeOnFail = { age: 86_400, count: 1_000 };

/** Delivery options of a message by the catalogue. */
export function jobOptions(name: MessageName, id: string, delayMs = 0): JobsOptions {
  const { attempts, backoffMs } = messages[name];
  return {
    jobId: id,
    attempts,
    backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
    // Completed jobs serve nobody: the inbox knows what is done.
    removeOnComplete: true,
    ...(delayMs > 0 ? { delay: delayMs } : {}),
  };
}

/** The queues of an installation, one per service, over one connection pool of this process. */
export class Queues {
  readonly #queues = new Map<string, BusQueue>();
  readonly #workers: BusWorker[] = [];

  constructor(
    private readonly backend: QueueBackend,
    private readonly settings: QueueSettings,
    private readonly onError: (error: Error) => void,
  ) {}

  get engine(): 'postgres' | 'redis' {
    return this.backend.engine;
  }

  of(name: QueueName | `reply-${string}`): BusQueue {
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = this.backend.queue(name);
      queue.on('error', this.onError);
      this.#queues.set(name, queue);
      this.#forgetUnready(name, queue);
    }
    return queue;
  }

  /** BullMQ keeps the first answer of the engine for ever: a queue first asked for in an outage would refuse all later. */
  #forgetUnready(name: string, queue: BusQueue): void {
    queue.waitUntilReady().catch(() => {
      if (this.#queues.get(name) !== queue) return;
      this.#queues.delete(name);
      queue.close().catch(this.onError);
    });
  }

  /** Since when the first of the jobs that wait in it could run, epoch ms; null when none waits. */
  oldestReadyAt(name: QueueName): Promise<number | null> {
    return this.backend.oldestReadyAt(this.of(name));
  }

  /** Adds a message to its service's queue; an id that is already there is left as it is. */
  async add(envelope: Envelope, delayMs = 0): Promise<void> {
    const queue = this.of(queueNameOf(envelope.name));
    await queue.add(envelope.name, envelope, jobOptions(envelope.name, envelope.messageId, delayMs));
  }

  /** A worker that does not run yet: `run()` starts it. */
  worker(name: string, processor: BusProcessor, concurrency: number): BusWorker {
    const worker = this.backend.worker(name, processor, {
      concurrency,
      lockDuration: this.settings.lockMs,
      stalledInterval: this.settings.stalledMs,
      maxStalledCount: this.settings.maxStalled,
      runRetryDelay: this.settings.retryMs,
      autorun: false,
      removeOnFail,
    });
    worker.on('error', this.onError);
    this.#workers.push(worker);
    return worker;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#workers.map((worker) => worker.close()));
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()));
    await this.backend.close();
  }
}

/**
 * Connects to the queue that QUEUE_URL names; nothing is fallen back to.
 * @throws HartoError QUEUE_UNREACHABLE | QUEUE_UNSAFE | CONFIG_INVALID
 */
export async function openQueues(options: QueuesOptions): Promise<Queues> {
  const settings = { ...defaultQueueSettings, ...options.settings };
  const prefix = options.prefix ?? defaultPrefix;
  const onError = options.onError ?? (() => {});
  const backend = await openBackend(options, prefix);
  return new Queues(backend, settings, onError);
}

function openBackend(options: QueuesOptions, prefix: string): Promise<QueueBackend> {
  const { url } = options;
  const scheme = URL.canParse(url) ? new URL(url).protocol : '';
  switch (scheme) {
    case 'postgres:':
    case 'postgresql:':
      // A LISTEN connection for each lane's worker and one for replies; the rest serves commands.
      return openPostgresBackend(url, {
        prefix,
        poolMax: options.poolMax ?? services.length + 7,
      });
    case 'redis:':
    case 'rediss:':
      return openRedisBackend(url, { prefix, allowUnsafe: options.allowUnsafe ?? false });
    default:
      throw new HartoError('CONFIG_INVALID', 'QUEUE_URL must begin with postgres:// or redis://');
  }
}
