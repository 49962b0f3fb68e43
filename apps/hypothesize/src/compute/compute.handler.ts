import type { Envelope } from '@hartonomous/contracts';
import { BUS, KILL_SWITCH, STORE, type Bus, type KillSwitch } from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { WorkerCount } from './count-workers.js';
import { planChunks } from './plan-chunks.js';

/** Decide, in the fast lane: which chunks come next? */
@Controller()
export class ComputeHandler {
  private readonly workers: WorkerCount;

  constructor(
    @Inject(STORE) store: Store,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
  ) {
    this.workers = new WorkerCount(store);
  }

  @EventPattern<string>('compute.state.assessed')
  async onAssessed(@Payload() message: Envelope<'compute.state.assessed'>): Promise<void> {
    await this.killSwitch.assertOff();
    const workers = await this.workers.current();
    const { computationId } = message.refs;
    await this.bus.once(message, async (tx: TenantTransaction) => {
      const tickets = await planChunks(tx, computationId, workers);
      for (let i = 0; i < tickets; i++) {
        await this.bus.publish(tx, {
          name: 'compute.chunk.due',
          epoch: message.epoch,
          refs: { computationId },
        });
      }
    });
  }
}
