import { messageNames, messages, queueNameOf, services } from '@hartonomous/contracts';
import type { QueueName, ServiceName } from '@hartonomous/contracts';
import type { Queues } from './queues.js';

/** Where one job is one worker's turn of some seconds: waiting is its usual state. */
export const ticketQueue: QueueName = 'act-compute';

/** Queues that a service takes from: its own, and one of each other lane that has messages for it. */
export function lanesOf(service: ServiceName): QueueName[] {
  const names = messageNames.filter((name) => messages[name].queue === service).map(queueNameOf);
  return [...new Set([service, ...names])];
}

export interface QueueAge {
  queue: QueueName;
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  /** Age of the oldest job that could run now and does not, ms; 0 when none waits. */
  oldestMs: number;
}

export async function queueAge(queues: Queues, name: QueueName): Promise<QueueAge> {
  const queue = queues.of(name);
  const [counts, oldest] = await Promise.all([
    queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
    queues.oldestReadyAt(name),
  ]);
  return {
    queue: name,
    waiting: counts['waiting'] ?? 0,
    active: counts['active'] ?? 0,
    delayed: counts['delayed'] ?? 0,
    failed: counts['failed'] ?? 0,
    oldestMs: oldest === null ? 0 : Math.max(0, Date.now() - oldest),
  };
}

/** All lanes of the services named; default: of all. */
export const queueAges = (queues: Queues, of: readonly ServiceName[] = services): Promise<QueueAge[]> =>
  Promise.all(of.flatMap(lanesOf).map((name) => queueAge(queues, name)));

/** Does nobody take from it, or not fast enough? Tickets may wait as long as anybody works. */
export const isStuck = ({ queue, active, oldestMs }: QueueAge, oldestMsMax: number): boolean =>
  oldestMs > oldestMsMax && (queue !== ticketQueue || active === 0);
