import { createSearch, RequestRecorder } from '@hartonomous/retrieval';
import { STORE } from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';

/** The search of this process with its vector snapshots, and the batch of requests waiting to be recorded. */
@Injectable()
export class SearchService implements OnModuleDestroy {
  readonly search: ReturnType<typeof createSearch>;
  readonly recorder: RequestRecorder;

  constructor(@Inject(STORE) store: Store) {
    this.search = createSearch({ store });
    this.recorder = new RequestRecorder({ store });
  }

  async onModuleDestroy(): Promise<void> {
    await this.recorder.close();
  }
}
