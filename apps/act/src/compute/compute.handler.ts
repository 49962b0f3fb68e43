import type { BusContext } from '@hartonomous/bus';
import type { Envelope } from '@hartonomous/contracts';
import {
  BUS,
  CLOCK,
  CONFIG,
  KILL_SWITCH,
  LOGGER,
  STORE,
  type Bus,
  type Clock,
  type KillSwitch,
  type Logger,
  type ServiceConfig,
} from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { Controller, Inject, type OnModuleDestroy } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { ChunkPool } from './chunk-pool.js';
import { claimChunk } from './claim-chunk.js';
import { runChunk, type ChunkDeps } from './run-chunk.js';
import { VectorInputs } from './vector-inputs.js';

/** Act, in the fast lane: a free worker takes one chunk. */
@Controller()
export class ComputeHandler implements OnModuleDestroy {
  private readonly deps: ChunkDeps;
  /** Set when the process ends: chunks under way are given back in time for the queue to close. */
  private readonly leaving = new AbortController();

  constructor(
    @Inject(STORE) store: Store,
    @Inject(BUS) bus: Bus,
    @Inject(CLOCK) clock: Clock,
    @Inject(KILL_SWITCH) killSwitch: KillSwitch,
    @Inject(LOGGER) log: Logger,
    @Inject(CONFIG) private readonly config: ServiceConfig,
  ) {
    const pool = new ChunkPool();
    this.deps = { store, bus, clock, killSwitch, log, pool, inputs: new VectorInputs(store) };
  }

  async onModuleDestroy(): Promise<void> {
    this.leaving.abort();
    await this.deps.pool.close();
  }

  /**
   * A message is a ticket for one chunk, of whichever computation is due by fair share. It asks again afterwards as
   * long as its own computation has chunks to hand out, so tickets are neither lost nor multiplied.
   */
  @EventPattern<string>('compute.chunk.due')
  async onDue(@Payload() message: Envelope<'compute.chunk.due'>, @Ctx() context: BusContext): Promise<void> {
    const { store, bus, killSwitch } = this.deps;
    await killSwitch.assertOff();
    const claim = await claimChunk(store, this.config.instance);
    if (!claim) return;
    await runChunk(this.deps, claim, AbortSignal.any([context.signal, this.leaving.signal]));
    const { computationId } = message.refs;
    await bus.once(message, async (tx: TenantTransaction) => {
      const row = await tx.computations.get(computationId);
      if (row?.state !== 'Running' || (await tx.computations.tallies(computationId)).pending === 0) return;
      await bus.publish(tx, { name: 'compute.chunk.due', epoch: message.epoch, refs: { computationId } });
    });
  }
}
