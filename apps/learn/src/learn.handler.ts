import { newId, type Envelope } from '@hartonomous/contracts';
import {
  BUS,
  CONFIG,
  KILL_SWITCH,
  LOGGER,
  STORE,
  type Bus,
  type KillSwitch,
  type Logger,
  type ServiceConfig,
} from '@hartonomous/service-kit';
import type { Store, TenantTransaction } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Controller, Inject, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { closeCycle } from './close-cycle.js';
import { auditAutonomy } from './autonomy-audit.js';
import { recordForecast } from './calibration.js';
import { keepSample } from './keep-sample.js';
import { settleRescore } from './rescoring.js';
import { measureRunningCost, type RunningCost } from './running-cost.js';
import { scoreAction } from './score-action.js';
import { updateBeliefs } from './update-beliefs.js';
import { Retention } from './retention.js';
import { watchSchedule } from './watch-schedule.js';

const watchEveryMs = 15_000;

@Controller()
export class LearnHandler implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | null = null;
  private readonly retention: Retention;

  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CONFIG) private readonly config: ServiceConfig,
    @Inject(KILL_SWITCH) private readonly killSwitch: KillSwitch,
    @Inject(LOGGER) private readonly log: Logger,
  ) {
    this.retention = new Retention(store);
  }

  onApplicationBootstrap(): void {
    void this.watch();
    this.timer = setInterval(() => void this.watch(), watchEveryMs);
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
  }

  @EventPattern<string>('loop.action.concluded')
  async onConcluded(@Payload() message: Envelope<'loop.action.concluded'>): Promise<void> {
    await this.killSwitch.assertOff();
    const { cycleId, actionId } = message.refs;
    const runningCost = actionId ? await this.runningCostOf(message.tenantId, actionId) : null;
    await this.bus.once(message, async (tx) => {
      if (actionId && runningCost) await this.learnFrom(tx, actionId, runningCost);
      await closeCycle(tx, cycleId, this.context());
    });
  }

  @EventPattern<string>('loop.action.parked')
  async onParked(@Payload() message: Envelope<'loop.action.parked'>): Promise<void> {
    await this.killSwitch.assertOff();
    await this.bus.once(message, (tx) => closeCycle(tx, message.refs.cycleId, this.context()));
  }

  /** The engine's counters are the owner's to read: not within the tenant's transaction. */
  private async runningCostOf(tenantId: string, actionId: string): Promise<RunningCost | null> {
    const action = await this.store.withTenant(tenantId, (tx) => tx.actions.get(actionId));
    return action && measureRunningCost(this.store, tenantId, action, new Date());
  }

  private async learnFrom(tx: TenantTransaction, actionId: string, runningCost: RunningCost): Promise<void> {
    const action = await tx.actions.get(actionId);
    if (!action?.verdict) return;
    const evidence = await tx.actions.evidence(actionId);
    if (await settleRescore(tx, action, evidence, runningCost)) return;
    const scored = scoreAction(action, evidence, runningCost.perHour);
    await recordForecast(tx, action, await updateBeliefs(tx, action));
    await auditAutonomy(tx, action);
    await keepSample(tx, action, scored.successScore);
    await tx.history.add({
      id: newId(),
      actionId,
      cycleId: action.cycleId,
      verdict: action.verdict,
      netGainSeconds: scored.netGain.net,
      successScore: scored.successScore,
      document: {
        ...scored,
        who: action.approvedBy.length > 0 ? action.approvedBy : ['loop'],
        what: `${action.type} of ${action.target}`,
        why: action.reason,
        runningCost,
        effect: action.effect,
        expected: action.expected,
        traceId: action.traceId,
      },
    });
    if (scored.agrees) return;
    const { fromRows, reason } = scored;
    this.log.error(
      { actionId, stored: action.verdict, fromRows },
      'the rows do not lead to the stored verdict',
    );
    await tx.audit.append({ what: 'alarm.verdict-differs', subject: actionId, who: 'learn', why: reason });
  }

  private context(): { scale: number; traceId: string | null } {
    return { scale: this.config.loopScale, traceId: currentTrace()?.traceId ?? null };
  }

  private async watch(): Promise<void> {
    try {
      if (await this.killSwitch.isOn()) return;
      await watchSchedule(this.store, this.config.loopScale, (line) => this.log.warn(line));
      const dropped = await this.retention.keep(new Date());
      if (dropped) this.log.info({ dropped }, 'rows past their retention are dropped');
    } catch (error) {
      this.log.error({ err: error }, 'the schedule or the retention could not be looked after; tried again');
    }
  }
}
