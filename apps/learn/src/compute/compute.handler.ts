import { availableParallelism } from 'node:os';
import type { Envelope } from '@hartonomous/contracts';
import {
  BUS,
  KILL_SWITCH,
  LOGGER,
  STORE,
  type Bus,
  type KillSwitch,
  type Logger,
} from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { Controller, Inject, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { ConclusionPool } from './conclusion-pool.js';
import { settleChunk, type Followup } from './settle-chunk.js';
import { watchComputations } from './watch-computations.js';

const watchEveryMs = 2000;
/** Idle computations are woken in one of so many looks. */
const idleEvery = 15;

/** Learn, in the fast lane: merge, verify, plan on. */
@Controller()
export class ComputeHandler implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly pool = new ConclusionPool();
  private timer: NodeJS.Timeout | null = null;
  private busy = false;
  private looks = 0;

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.watch(), watchEveryMs);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.pool.close();
  }

  @EventPattern<string>('compute.chunk.completed')
  async onCompleted(@Payload() message: Envelope<'compute.chunk.completed'>): Promise<void> {
    const { computationId, chunkNo } = message.refs;
    await this.bus.once(message, async (tx: TenantTransaction) => {
      const followups = await settleChunk(tx, computationId, chunkNo, availableParallelism(), this.pool);
      for (const followup of followups) await this.publish(tx, computationId, message.epoch, followup);
    });
  }

  private async publish(
    tx: TenantTransaction,
    computationId: string,
    epoch: number,
    followup: Followup,
  ): Promise<void> {
    const count = 'count' in followup ? followup.count : 1;
    for (let i = 0; i < count; i++) {
      await this.bus.publish(tx, { name: followup.name, epoch, refs: { computationId } });
    }
  }

  private async watch(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      if (!(await this.killSwitch.isOn()))
        await watchComputations(this.store, this.bus, this.looks++ % idleEvery === 0);
    } catch (error) {
      this.log.error({ err: error }, 'computations could not be looked after; tried again');
    } finally {
      this.busy = false;
    }
  }
}
