import { BaseRpcContext } from '@nestjs/microservices';
import type { BusJob } from './backend.js';

export interface Delivery {
  job: BusJob;
  queue: string;
  /** 1 for the first try. */
  attempt: number;
  attempts: number;
  /** Gives the signal that is aborted when the catalogue's time for the message is over, or the service stops. */
  signal: () => AbortSignal;
}

/** Second argument of a handler: `@Ctx() context: BusContext`. */
export class BusContext extends BaseRpcContext<[Delivery]> {
  constructor(delivery: Delivery) {
    super([delivery]);
  }

  get attempt(): number {
    return this.getArgByIndex(0).attempt;
  }

  get attempts(): number {
    return this.getArgByIndex(0).attempts;
  }

  get queue(): string {
    return this.getArgByIndex(0).queue;
  }

  get jobId(): string {
    return this.getArgByIndex(0).job.id ?? '';
  }

  get signal(): AbortSignal {
    return this.getArgByIndex(0).signal();
  }
}
