import { codeOf, type Envelope } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import { redeemApproval, scaledMs } from '@hartonomous/loop';
import type { ActionRow } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { auditAction, publishConcluded, publishNextBlock, step } from './action-step.js';
import { approvalOf, boundPlan } from './approvals.js';
import type { Executor } from './executors/executor.js';
import { takeScope } from './limits.js';
import { askForApproval } from './start-actions.js';

type BlockDue = Envelope<'loop.evidence.block.due'>;

/** Unscaled wait for a scope that another action holds, and its least length. */
const scopeWaitMs = 60_000;
const scopeWaitMsMin = 500;

/** Faults that say nothing about the change: the message comes again, and applying may be repeated. */
const comesAgain = new Set(['STORE_UNREACHABLE', 'KILL_SWITCH_ON']);

/** Puts a scheduled action into effect: approval used, target as planned on, scope free, then the executor. */
export async function applyAction(
  deps: ActDeps,
  message: BlockDue,
  current: ActionRow,
  executor: Executor,
): Promise<void> {
  const action = current.state === 'Scheduled' ? await claim(deps, message, current, executor) : current;
  if (!action) return;
  await deps.assertRunning();
  let done: Record<string, unknown>;
  try {
    done = await executor.apply(deps, message.tenantId, action);
    await faultPoint('act.effect-done');
  } catch (error) {
    if (comesAgain.has(codeOf(error))) throw error;
    return failedToApply(deps, message, action, executor, error);
  }
  await deps.once(message, async (tx) => {
    const why = { reason: 'applied and read back', by: 'act', traceId: deps.traceId() };
    const progress = { ...action.progress, applied: done };
    const verifying = await step(tx, action, 'applied', why, { progress });
    await publishNextBlock(tx, message, verifying, message.refs.blockNo + 1, 0);
    await auditAction(tx, deps, verifying, 'applied');
  });
}

/** The action in state Applying, or null when it may not be applied now: then why is written, or it waits. */
async function claim(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
): Promise<ActionRow | null> {
  const why = { by: 'act', traceId: deps.traceId() };
  const hash = await executor.stateHash(deps, message.tenantId, action);
  if (action.approvedBy.length > 0) {
    const nowMs = (await deps.store.withTenant(message.tenantId, (tx) => tx.now())).getTime();
    const redeemed = redeemApproval(
      approvalOf(action, deps.scale),
      boundPlan(action, hash),
      nowMs,
      deps.scale,
    );
    if (redeemed.kind === 'refused') {
      if (redeemed.code === 'stale-plan') return askAgain(deps, message, action, executor, redeemed.reason);
      await end(deps, message, action, 'expire', redeemed.reason);
      return null;
    }
  } else if (hash !== action.snapshotHash) {
    await end(deps, message, action, 'gate', 'stale-plan: the target has changed since it was planned on');
    return null;
  }
  await deps.assertRunning();
  const holder = { id: null as string | null };
  const applying = await deps.store.withTenant(message.tenantId, async (tx) => {
    holder.id = await takeScope(tx, action);
    if (holder.id) return null;
    return step(tx, action, 'apply-started', { reason: 'inverse stored', ...why }, { appliedAt: deps.now() });
  });
  if (!applying) {
    const inMs = Math.max(scopeWaitMsMin, scaledMs(scopeWaitMs, deps.scale));
    await deps.once(message, (tx) => publishNextBlock(tx, message, action, message.refs.blockNo + 1, inMs));
  }
  return applying;
}

/** A person approved another plan than the one that would be applied now: shown and asked again. */
async function askAgain(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
  reason: string,
): Promise<null> {
  const [hypothesis] = await deps.store.withTenant(message.tenantId, (tx) =>
    tx.cycles.hypotheses([action.hypothesisId]),
  );
  const prepared = await executor.prepare(deps, message.tenantId, hypothesis!);
  await deps.once(message, async (tx) => {
    await askForApproval(deps, tx, message, action, { reason, by: 'act', traceId: deps.traceId() }, prepared);
    await tx.audit.append({ what: 'action.asked-again', subject: action.id, who: 'act', why: reason });
  });
  return null;
}

/** Nobody decided in time. A message that comes early, or after a second request, does nothing. */
export async function expireAction(deps: ActDeps, message: BlockDue, action: ActionRow): Promise<void> {
  const now = await deps.store.withTenant(message.tenantId, (tx) => tx.now());
  if (!action.expiresAt || action.expiresAt > now)
    return void (await deps.once(message, async () => undefined));
  await end(deps, message, action, 'expire', 'nobody decided in time');
}

async function end(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  event: 'expire' | 'gate',
  reason: string,
): Promise<void> {
  await deps.once(message, async (tx) => {
    const ended = await step(tx, action, event, { reason, by: 'act', traceId: deps.traceId() });
    await publishConcluded(tx, message, ended);
    await auditAction(tx, deps, ended, reason);
  });
}

async function failedToApply(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
  error: unknown,
): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  await executor.revert(deps, message.tenantId, action).catch(() => undefined);
  await deps.once(message, async (tx) => {
    const why = { reason: reason.slice(0, 300), by: 'act', traceId: deps.traceId() };
    const patch = { concludedAt: deps.now() };
    const failed = await step(tx, action, 'apply-failed', why, patch);
    await publishConcluded(tx, message, failed);
    await auditAction(tx, deps, failed, why.reason);
  });
}
