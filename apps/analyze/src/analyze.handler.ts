import { newId, type Envelope } from '@hartonomous/contracts';
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
import { currentTrace, withSpan } from '@hartonomous/telemetry';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { baselineSetting, observe, type Observed } from './observe.js';

type Requested = Envelope<'loop.cycle.requested'>;

@Controller()
export class AnalyzeHandler {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
  ) {}

  @EventPattern<string>('loop.cycle.requested')
  async onRequested(@Payload() message: Requested): Promise<void> {
    await this.killSwitch.assertOff();
    const cycle = await this.store.withTenant(message.tenantId, (tx) => tx.cycles.get(message.refs.cycleId));
    if (!cycle || cycle.state !== 'Requested') return;
    const startTime = new Date();
    const observed = await observe(this.store, message.tenantId, cycle, this.config.loopScale);
    const { noticed } = observed;
    const trigger = currentTrace();
    // The cycle continues the trace of the request it noticed; what woke it up is a link.
    await withSpan(
      'analyze.observe',
      { 'hartonomous.cycle.id': cycle.id },
      () => this.record(message, observed),
      {
        startTime,
        ...(noticed ? { parent: { traceId: noticed.traceId, spanId: noticed.spanId } } : {}),
        ...(noticed && trigger ? { links: [trigger] } : {}),
      },
    );
  }

  private async record(message: Requested, observed: Observed): Promise<void> {
    const { cycleId } = message.refs;
    const observationId = newId();
    const traceId = currentTrace()?.traceId ?? null;
    const { document, windowFrom, windowTo } = observed;
    await this.bus.once(message, async (tx) => {
      const patch = { windowFrom, windowTo, traceId };
      if (!(await tx.cycles.advance(cycleId, message.epoch, 'Requested', 'Observed', patch))) return;
      await tx.cycles.addObservation({ id: observationId, cycleId, document });
      await tx.analysis.addMetrics(observed.metrics);
      for (const [stratum, baseline] of observed.baselines) {
        await tx.settings.set(baselineSetting(stratum), JSON.stringify(baseline), 'analyze');
      }
      await tx.outbox.add({
        id: newId(),
        name: 'loop.observation.recorded',
        epoch: message.epoch + 1,
        refs: { cycleId, observationId },
      });
      const why = `${document.findings.length} findings`;
      await tx.audit.append({ what: 'cycle.observed', subject: cycleId, who: 'analyze', why, traceId });
    });
  }
}
