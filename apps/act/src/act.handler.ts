import type { BusContext, QueueAge } from '@hartonomous/bus';
import type { Envelope } from '@hartonomous/contracts';
import { createSearch } from '@hartonomous/retrieval';
import {
  BUS,
  CLOCK,
  CONFIG,
  KILL_SWITCH,
  STORE,
  type Bus,
  type Clock,
  type KillSwitch,
  type ServiceConfig,
} from '@hartonomous/service-kit';
import type { Store } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { ActDeps } from './act-deps.js';
import { advanceAction } from './advance-action.js';
import { decideAction, unkeepAction } from './decide-action.js';
import { startActions } from './start-actions.js';

/** A lane that does not answer by then is not known, ms. */
const lanesMsMax = 2_000;
/** A step is over well before a stopping service stops waiting for it. */
const stepMsMax = 3_000;

@Controller()
export class ActHandler {
  private readonly deps: ActDeps;

  constructor(
    @Inject(STORE) store: Store,
    @Inject(BUS) bus: Bus,
    @Inject(CLOCK) clock: Clock,
    @Inject(CONFIG) config: ServiceConfig,
    @Inject(KILL_SWITCH) killSwitch: KillSwitch,
  ) {
    const search = createSearch({ store });
    this.deps = {
      store,
      answer: (tx, request) => search.computeAnswer(tx, tx.tenantId, request),
      now: () => clock.now(),
      upSince: clock.now(),
      lanes: () => readLanes(bus, clock),
      scale: config.loopScale,
      stepMs: Math.min(stepMsMax, config.shutdownMs / 3),
      once: (message, work) => bus.once(message, work),
      assertRunning: () => killSwitch.assertOff(),
      traceId: () => currentTrace()?.traceId ?? null,
    };
  }

  @EventPattern<string>('loop.hypotheses.ranked')
  onRanked(@Payload() message: Envelope<'loop.hypotheses.ranked'>): Promise<void> {
    return startActions(this.deps, message);
  }

  @EventPattern<string>('loop.evidence.block.due')
  onBlockDue(
    @Payload() message: Envelope<'loop.evidence.block.due'>,
    @Ctx() context: BusContext,
  ): Promise<void> {
    // Its signal is aborted when the service ends before the step: the replay is rolled back, and the message comes again.
    return advanceAction({ ...this.deps, signal: context.signal }, message);
  }

  @EventPattern<string>('loop.action.decided')
  onDecided(@Payload() message: Envelope<'loop.action.decided'>): Promise<void> {
    return decideAction(this.deps, message);
  }

  @EventPattern<string>('loop.action.unkeep.requested')
  onUnkeep(@Payload() message: Envelope<'loop.action.unkeep.requested'>): Promise<void> {
    return unkeepAction(this.deps, message);
  }
}

/** Null when the queue does not answer in time. */
async function readLanes(bus: Bus, clock: Clock): Promise<QueueAge[] | null> {
  const stop = new AbortController();
  const read = bus.laneAges('act').catch(() => null);
  try {
    return await Promise.race([read, clock.sleep(lanesMsMax, stop.signal).then(() => null)]);
  } finally {
    stop.abort();
  }
}
