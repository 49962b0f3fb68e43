import { queueAge } from '@hartonomous/bus';
import type { CanaryWatch, Queues } from '@hartonomous/bus';
import type { ServiceName } from '@hartonomous/contracts';
import type { Clock } from './clock.js';

export interface Readiness {
  ready: boolean;
  /** Why not; empty when ready. */
  reasons: string[];
  /** Messages that could be handled now and wait. */
  waiting: number;
  oldestMs: number | null;
  /** Round trip of a job through the service's own queue; null when it did not come back. */
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
    const { queues, service, canaries, clock, oldestMsMax, canaryMsMax } = this.#options;
    const [age, canary] = await Promise.allSettled([
      withLimit(queueAge(queues, service), canaryMsMax, clock),
      withLimit(canaries.fly(queues, service, canaryMsMax), canaryMsMax + 1_000, clock),
    ]);
    const known = age.status === 'fulfilled' ? age.value : null;
    const canaryMs = canary.status === 'fulfilled' ? canary.value : null;
    const reasons: string[] = [];
    if (!known) reasons.push('the queue does not answer');
    else if (known.oldestMs > oldestMsMax)
      reasons.push(`oldest message waits ${Math.round(known.oldestMs / 1_000)} s`);
    if (canaryMs === null) reasons.push(`no canary back within ${canaryMsMax} ms`);
    return {
      ready: reasons.length === 0,
      reasons,
      waiting: known?.waiting ?? 0,
      oldestMs: known?.oldestMs ?? null,
      canaryMs: canaryMs === null ? null : Math.round(canaryMs * 10) / 10,
      checkedAt: clock.now().toISOString(),
    };
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
