import type { Envelope } from '@hartonomous/contracts';
import { BUS, KILL_SWITCH, type Bus, type KillSwitch } from '@hartonomous/service-kit';
import type { TenantTransaction } from '@hartonomous/store';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { assessComputation } from './assess-computation.js';

/** Observe and orient, in the fast lane: where does the computation stand? */
@Controller()
export class ComputeHandler {
  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
  ) {}

  @EventPattern<string>('compute.submitted')
  onSubmitted(@Payload() message: Envelope<'compute.submitted'>): Promise<void> {
    return this.assess(message, message.refs.computationId);
  }

  @EventPattern<string>('compute.wave.drained')
  onDrained(@Payload() message: Envelope<'compute.wave.drained'>): Promise<void> {
    return this.assess(message, message.refs.computationId);
  }

  private async assess(message: Envelope, computationId: string): Promise<void> {
    await this.killSwitch.assertOff();
    await this.bus.once(message, async (tx: TenantTransaction) => {
      if (await assessComputation(tx, computationId)) {
        await this.bus.publish(tx, {
          name: 'compute.state.assessed',
          epoch: message.epoch,
          refs: { computationId },
        });
        return;
      }
      const row = await tx.computations.get(computationId);
      if (row?.state !== 'Failed') return;
      await this.bus.publish(tx, { name: 'compute.ended', epoch: row.revision, refs: { computationId } });
    });
  }
}
