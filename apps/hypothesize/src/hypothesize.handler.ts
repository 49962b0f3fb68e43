import { HartoError, newId, type Envelope } from '@hartonomous/contracts';
import {
  BUS,
  CONFIG,
  KILL_SWITCH,
  STORE,
  type Bus,
  type KillSwitch,
  type ServiceConfig,
} from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { decideCycle } from './decide.js';

@Controller()
export class HypothesizeHandler {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
  ) {}

  @EventPattern<string>('loop.observation.recorded')
  async onRecorded(@Payload() message: Envelope<'loop.observation.recorded'>): Promise<void> {
    await this.killSwitch.assertOff();
    const { cycleId, observationId } = message.refs;
    const observation = await this.store.withTenant(message.tenantId, (tx) =>
      tx.cycles.observation(observationId),
    );
    if (!observation) throw new HartoError('NOT_FOUND', `no observation ${observationId}`);
    const { document } = observation;
    const { loopScale } = this.config;
    const { hypotheses, rejected, newArms } = await decideCycle(
      this.store,
      message.tenantId,
      cycleId,
      document,
      loopScale,
    );
    await this.bus.once(message, async (tx) => {
      if (!(await tx.cycles.advance(cycleId, message.epoch, 'Observed', 'Decided'))) return;
      await tx.cycles.addHypotheses(hypotheses);
      await tx.cycles.addRejected(cycleId, rejected);
      // One that another writer has added meanwhile stays as it is.
      for (const arm of newArms) await tx.beliefs.save(arm);
      const hypothesisIds = hypotheses.filter((h) => h.chosen).map((h) => h.id);
      const refs = { cycleId, hypothesisIds };
      await tx.outbox.add({ id: newId(), name: 'loop.hypotheses.ranked', epoch: message.epoch + 1, refs });
      const why = `${hypothesisIds.length} chosen, ${rejected.length} rejected`;
      const traceId = currentTrace()?.traceId ?? null;
      await tx.audit.append({ what: 'cycle.decided', subject: cycleId, who: 'hypothesize', why, traceId });
    });
  }
}
