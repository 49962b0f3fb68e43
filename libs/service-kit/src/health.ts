import { isStuck, lanesOf, queueAges, ticketQueue } from '@hartonomous/bus';
import type { CanaryWatch, QueueAge, Queues } from '@hartonomous/bus';
import type { QueueName, ServiceName } from '@hartonomous/contracts';
import type { Clock } from './clock.js';

export interface Readiness {
  ready: boolean;
  /** Why not; empty when ready. */
  reasons: string[];
  /** Messages for this service, in all its lanes, that could be handled now and wait. */
  waiting: number;
  oldestMs: number | null;
  /** Every lane of every service; empty when the queue does not answer. */
  lanes: QueueAge[];
  /** Lanes that nobody takes from in time; another service's are named, and are no reason against this one. */
  stuck: QueueName[];
  /** Slowest round trip of a job through the service's own lanes; null when one did not come back. */
  canaryMs: number | null;
  checkedAt: string;
}

export interface HealthOptions {
  queues: Queues;
  canaries: CanaryWatch;
  service: ServiceName;
  clock: Clock;
  oldestMsMax?: number;
  canaryMsMax?: number;
}

/** Answers are kept so long, ms: a probe per replica and second must not become load. */
const cacheMs = 2_000;

/** Ready means that messages flow: by the age of the oldest waiting one and a canary's way, not by a ping. */
export class Health {
  #last: { atMs: number; readiness: Promise<Readiness> } | null = null;
  readonly #options: Required<HealthOptions>;

  constructor(options: HealthOptions) {
    this.#options = { oldestMsMax: 60_000, canaryMsMax: 3_000, ...options };
  }

  readiness(): Promise<Readiness> {
    const nowMs = this.#options.clock.monotonicMs();
    if (!this.#last || nowMs - this.#last.atMs > cacheMs) {
      this.#last = { atMs: nowMs, readiness: this.#look() };
    }
    return this.#last.readiness;
  }

  async #look(): Promise<Readiness> {
    const { queues, service, clock, oldestMsMax, canaryMsMax } = this.#options;
    const own = lanesOf(service);
    const [ages, canary] = await Promise.allSettled([
      withLimit(queueAges(queues), canaryMsMax, clock),
      withLimit(this.#fly(own), canaryMsMax + 1_000, clock),
    ]);
    const lanes = (ages.status === 'fulfilled' && ages.value) || [];
    const stuck = lanes.filter((lane) => isStuck(lane, oldestMsMax));
    const canaryMs = canary.status === 'fulfilled' ? canary.value : null;
    const mine = lanes.filter(({ queue }) => own.includes(queue));
    const reasons = stuck
      .filter((lane) => mine.includes(lane))
      .map(({ queue, oldestMs }) => `oldest message of ${queue} waits ${Math.round(oldestMs / 1_000)} s`);
    if (mine.length === 0) reasons.push('the queue does not answer');
    if (canaryMs === null) reasons.push(`no canary back within ${canaryMsMax} ms`);
    return {
      ready: reasons.length === 0,
      reasons,
      waiting: mine.reduce((sum, lane) => sum + lane.waiting, 0),
      oldestMs: mine.length > 0 ? Math.max(...mine.map((lane) => lane.oldestMs)) : null,
      lanes,
      stuck: stuck.map(({ queue }) => queue),
      canaryMs: canaryMs === null ? null : Math.round(canaryMs * 10) / 10,
      checkedAt: clock.now().toISOString(),
    };
  }

  /** One canary through each lane, but none that would wait for its turn behind tickets. */
  async #fly(own: QueueName[]): Promise<number | null> {
    const { queues, canaries, canaryMsMax } = this.#options;
    const open = own.filter((queue) => queue !== ticketQueue);
    const trips = await Promise.all(open.map((queue) => canaries.fly(queues, queue, canaryMsMax)));
    return trips.reduce((slowest, ms) => (slowest === null || ms === null ? null : Math.max(slowest, ms)));
  }
}

async function withLimit<T>(work: Promise<T>, ms: number, clock: Clock): Promise<T | null> {
  const stop = new AbortController();
  work.catch(() => {});
  try {
    return await Promise.race([work, clock.sleep(ms, stop.signal).then(() => null)]);
  } finally {
    stop.abort();
  }
}
