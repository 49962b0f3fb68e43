import { createSearch, RequestRecorder } from '@hartonomous/retrieval';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** The search of this process with its vector snapshots, and the batch of requests waiting to be recorded. */
@Injectable()
export class SearchService implements OnApplicationShutdown {
  readonly search: ReturnType<typeof createSearch>;
  readonly recorder: RequestRecorder;

  constructor(@Inject(STORE) store: Store) {
    this.search = createSearch({ store });
    this.recorder = new RequestRecorder({ store });
  }

  /** After the last answer: requests under way when the gateway is told to stop are recorded too. */
  async onApplicationShutdown(): Promise<void> {
    await this.recorder.close();
  }
}
