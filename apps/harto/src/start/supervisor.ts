import { ServiceProcess } from './service-process.js';
import type { ReadyLine, ServiceEvents, ServiceLimits, ServiceSpec } from './service-process.js';
import { defaultBackoff } from './backoff.js';

const defaultLimits: ServiceLimits = { backoff: defaultBackoff, readyWithinMs: 180_000, startAttempts: 3 };

/** Keeps the services of an installation running; stops them together. */
export class Supervisor {
  private readonly processes = new Map<string, ServiceProcess>();

  constructor(
    private readonly events: ServiceEvents,
    private readonly limits: ServiceLimits = defaultLimits,
  ) {}

  /** Starts these services and waits until each has said it is ready; they run on under supervision. */
  async start(specs: ServiceSpec[]): Promise<Map<string, ReadyLine>> {
    const started = specs.map((spec) => {
      const process = new ServiceProcess(spec, this.events, this.limits);
      this.processes.set(spec.name, process);
      process.start();
      return process.firstReady.then((line) => [spec.name, line] as const);
    });
    return new Map(await Promise.all(started));
  }

  pids(): Record<string, number | null> {
    return Object.fromEntries([...this.processes].map(([name, process]) => [name, process.pid]));
  }

  /** SIGTERM to all, SIGKILL to those that are still there after the grace. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([...this.processes.values()].map((process) => process.stop(graceMs)));
  }
}
