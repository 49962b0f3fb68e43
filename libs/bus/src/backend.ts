import type { IQueueBackend, Job, KeepJobs, Processor, Queue, Worker } from 'bullmq';

/** What a job carries is untrusted until `parseEnvelope` has read it. */
export type BusJob = Job<unknown, unknown, string>;
export type BusQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, unknown>;
export type BusWorker = Worker<unknown, unknown, string, IQueueBackend>;
export type BusProcessor = Processor<unknown, unknown, string>;

export interface WorkerSettings {
  concurrency: number;
  lockDuration: number;
  stalledInterval: number;
  maxStalledCount: number;
  runRetryDelay: number;
  autorun: boolean;
  removeOnFail: KeepJobs;
}

/** One of the two engines a queue can stand on, with the connections of this process. */
export interface QueueBackend {
  readonly engine: 'postgres' | 'redis';
  queue(name: string): BusQueue;
  worker(name: string, processor: BusProcessor, settings: WorkerSettings): BusWorker;
  /** Since when the first of the waiting jobs could run, epoch ms; null when none waits. */
  oldestReadyAt(queue: BusQueue): Promise<number | null>;
  close(): Promise<void>;
}

/** Where the queues of one installation live: the key prefix on Redis, part of the queue's name on PostgreSQL. */
export const defaultPrefix = 'hartonomous';
