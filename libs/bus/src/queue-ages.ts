import { services } from '@hartonomous/contracts';
import type { ServiceName } from '@hartonomous/contracts';
import type { Queues } from './queues.js';

export interface QueueAge {
  service: ServiceName;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  /** Age of the oldest job that could run now and does not, ms; 0 when none waits. */
  oldestMs: number;
}

export async function queueAge(queues: Queues, service: ServiceName): Promise<QueueAge> {
  const queue = queues.of(service);
  const [counts, oldest] = await Promise.all([
    queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
    queue.getJobs(['waiting'], 0, 0, true),
  ]);
  const [job] = oldest;
  return {
    service,
    waiting: counts['waiting'] ?? 0,
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    failed: counts['failed'] ?? 0,
    oldestMs: job ? Math.max(0, Date.now() - job.timestamp - (job.opts.delay ?? 0)) : 0,
  };
}

export const queueAges = (queues: Queues, of: readonly ServiceName[] = services): Promise<QueueAge[]> =>
  Promise.all(of.map((service) => queueAge(queues, service)));
