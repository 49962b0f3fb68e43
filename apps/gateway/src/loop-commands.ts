import { HartoError, newId, type ActionMode, type HypothesisType } from '@hartonomous/contracts';
import { BUS, STORE, type Bus } from '@hartonomous/service-kit';
import type { CycleRow, KeyIdentity, Store } from '@hartonomous/store';
import { currentTrace } from '@hartonomous/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { allows } from './http/identity.js';

/** What people tell the loop to do: state, message and audit row in one transaction each. */
@Injectable()
export class LoopCommands {
  constructor(
    @Inject(STORE) private readonly store: Store,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /** Starts a cycle now; while one is open, that one is brought forward instead. */
  async requestCycle(
    who: KeyIdentity,
    scope: 'full' | 'incremental',
  ): Promise<{ cycle: CycleRow; created: boolean }> {
    return this.store.withTenant(who.tenantId, async (tx) => {
      const dueAt = await tx.now();
      const result = await tx.cycles.request({ id: newId(), scope, requestedBy: who.principal, dueAt });
      if (result.cycle.state === 'Requested') {
        await this.bus.publish(tx, {
          name: 'loop.cycle.requested',
          epoch: result.cycle.epoch,
          refs: { cycleId: result.cycle.id },
        });
      }
      await tx.audit.append({
        ...this.by(who),
        what: 'cycle.requested',
        subject: result.cycle.id,
        why: scope,
      });
      return result;
    });
  }

  /**
   * Hands a decision to Act, which owns the transitions. Approving binds to the plan hash the person saw, and needs
   * the scope of an approver.
   */
  async decide(
    who: KeyIdentity,
    actionId: string,
    { decision, planHash }: { decision: 'approve' | 'reject' | 'revert'; planHash?: string | undefined },
  ): Promise<{ actionId: string; decision: string; state: string }> {
    if (decision !== 'revert' && !allows(who.scopes, 'approver')) {
      throw new HartoError('AUTH_FORBIDDEN', `${decision} needs the scope "approver"`);
    }
    return this.store.withTenant(who.tenantId, async (tx) => {
      const action = await tx.actions.get(actionId);
      if (!action) throw new HartoError('NOT_FOUND', `no action ${actionId}`);
      if (decision === 'approve' && planHash !== action.planHash) {
        throw new HartoError(
          'STATE_STALE',
          'approve needs the plan hash as shown; the plan may have changed since',
          {
            details: { planHash: action.planHash },
          },
        );
      }
      const possible =
        decision === 'revert'
          ? ['Applying', 'Verifying', 'Kept', 'FailedToApply', 'FailedToRevert']
          : ['AwaitingApproval'];
      if (!possible.includes(action.state)) {
        throw new HartoError(
          'STATE_CONFLICT',
          `action ${actionId} is ${action.state}; ${decision} needs ${possible.join(' or ')}`,
        );
      }
      const refs = { cycleId: action.cycleId, actionId, decision, principalId: who.principalId };
      await this.bus.publish(tx, { name: 'loop.action.decided', epoch: 0, refs });
      await tx.audit.append({
        ...this.by(who),
        what: `decision.${decision}`,
        subject: actionId,
        why: action.planHash,
      });
      return { actionId, decision, state: action.state };
    });
  }

  async setMode(
    who: KeyIdentity,
    type: HypothesisType,
    mode: ActionMode,
  ): Promise<{ type: string; mode: ActionMode }> {
    return this.store.withTenant(who.tenantId, async (tx) => {
      await tx.settings.set(`mode.${type}`, mode, who.principal);
      await tx.audit.append({ ...this.by(who), what: 'mode.set', subject: type, why: mode });
      return { type, mode };
    });
  }

  private by(who: KeyIdentity): { who: string; traceId: string | null } {
    return { who: who.principal, traceId: currentTrace()?.traceId ?? null };
  }
}
