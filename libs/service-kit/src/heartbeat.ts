import { queueAges } from '@hartonomous/bus';
import type { QueueAge } from '@hartonomous/bus';
import type { Parts } from './open-parts.js';

const beatMs = 1_000;
/** The queue is asked less often than the row is written. */
const ageEvery = 5;

/** Writes the service's heartbeat row every second until the returned function is called. */
export function startHeartbeat(parts: Parts, facts: () => Record<string, unknown>): () => void {
  const { name, config, store, queues, clock, log } = parts;
  const startedAt = clock.now();
  let ages: QueueAge[] | null = null;
  let beats = 0;
  let busy = false;
  const beat = async () => {
    if (beats++ % ageEvery === 0) ages = await queueAges(queues, [name]).catch(() => null);
    const detail = {
      // Over the lanes of this service.
      waiting: ages?.reduce((sum, age) => sum + age.waiting, 0) ?? null,
      oldestMs: ages && Math.max(...ages.map((age) => age.oldestMs)),
      lanes:
        ages?.map(({ queue, waiting, active, oldestMs }) => ({ queue, waiting, active, oldestMs })) ?? null,
      rssBytes: process.memoryUsage.rss(),
      spansDropped: parts.telemetry.dropped(),
      ...facts(),
    };
    const row = { service: name, instance: config.instance, pid: process.pid, startedAt, detail };
    await store.withSystem('heartbeat', (tx) => tx.plumbing.beat(row));
  };
  const tick = () => {
    // A store that hangs must not gather beats.
    if (busy) return;
    busy = true;
    beat()
      .catch((err: unknown) => log.debug({ err }, 'heartbeat not written'))
      .finally(() => (busy = false));
  };
  tick();
  const timer = setInterval(tick, beatMs).unref();
  return () => clearInterval(timer);
}
