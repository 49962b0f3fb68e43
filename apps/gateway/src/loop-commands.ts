import { HartoError, newId, type ActionMode, type HypothesisType } from '@hartonomous/contracts';
import { BUS, STORE, type Bus } from '@hartonomous/service-kit';
import type { CycleRow, KeyIdentity, KillSwitchState, Store, TenantTransaction } from '@hartonomous/store';
import { currentTrace, withSpan } from '@hartonomous/telemetry';
import { Inject, Injectable } from '@nestjs/common';
import { allows, hashKey } from './http/identity.js';

interface Decision {
  decision: 'approve' | 'reject' | 'revert';
  planHash?: string | undefined;
  key?: string | undefined;
}

/** What people tell the loop to do: state, message and audit row in one transaction each, below a span of its own. */
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
    return this.command('cycle', who, async (tx) => {
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
    { decision, planHash, key }: Decision,
    presented: 'header' | 'cookie' = 'header',
  ): Promise<{ actionId: string; decision: string; state: string }> {
    if (decision !== 'revert' && !allows(who.scopes, 'approver')) {
      throw new HartoError('AUTH_FORBIDDEN', `${decision} needs the scope "approver"`);
    }
    const proven = presented === 'header' || (await this.isKeyOf(who, key));
    return this.command('decision', who, async (tx) => {
      const action = await tx.actions.get(actionId);
      if (!action) throw new HartoError('NOT_FOUND', `no action ${actionId}`);
      if (decision === 'approve' && action.actionClass === 'D' && !proven) {
        throw new HartoError('AUTH_FORBIDDEN', 'class D cannot be undone at once: enter the API key again');
      }
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
    return this.command('mode', who, async (tx) => {
      await tx.settings.set(`mode.${type}`, mode, who.principal);
      await tx.audit.append({ ...this.by(who), what: 'mode.set', subject: type, why: mode });
      return { type, mode };
    });
  }

  /** Throws or arms the switch of the whole installation; the switch first, whatever becomes of the audit. */
  setKillSwitch(who: KeyIdentity, { on, reason }: { on: boolean; reason: string }): Promise<KillSwitchState> {
    return this.inSpan('kill-switch', who, async () => {
      await this.store.withSystem(`kill switch ${on ? 'on' : 'off'} by ${who.principal}`, (tx) =>
        tx.plumbing.setKillSwitch(on, reason, who.principal),
      );
      const what = on ? 'kill-switch.on' : 'kill-switch.off';
      await this.store.withTenant(who.tenantId, (tx) =>
        tx.audit.append({ ...this.by(who), what, subject: 'loop', why: reason }),
      );
      return this.store.withSystem('show the kill switch', (tx) => tx.plumbing.killSwitch());
    });
  }

  /** Whether the key that was entered again is one of the same person, with the right to approve. */
  private async isKeyOf(who: KeyIdentity, key: string | undefined): Promise<boolean> {
    if (!key) return false;
    const again = await this.store.withSystem('identify a key entered again', (tx) =>
      tx.tenants.identify(hashKey(key)),
    );
    return (
      again?.principalId === who.principalId &&
      again.tenantId === who.tenantId &&
      allows(again.scopes, 'approver')
    );
  }

  private command<T>(
    name: string,
    who: KeyIdentity,
    work: (tx: TenantTransaction) => Promise<T>,
  ): Promise<T> {
    return this.inSpan(name, who, () => this.store.withTenant(who.tenantId, work));
  }

  private inSpan<T>(name: string, who: KeyIdentity, work: () => Promise<T>): Promise<T> {
    const attributes = { 'hartonomous.operation': name, 'hartonomous.tenant.id': who.tenantId };
    return withSpan(`gateway.${name}`, attributes, work);
  }

  private by(who: KeyIdentity): { who: string; traceId: string | null } {
    return { who: who.principal, traceId: currentTrace()?.traceId ?? null };
  }
}
