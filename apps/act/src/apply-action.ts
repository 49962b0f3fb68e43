import { isStuck, type QueueAge } from '@hartonomous/bus';
import { codeOf, HartoError, type Envelope } from '@hartonomous/contracts';
import { faultPoint } from '@hartonomous/faults';
import { defaultGuardrails, defaultLimits, redeemApproval, scaledMs } from '@hartonomous/loop';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { auditAction, publishConcluded, publishNextBlock, step } from './action-step.js';
import { assessRows } from './assess-rows.js';
import { approvalMs, approvalOf, boundPlan } from './approvals.js';
import type { Executor } from './executors/executor.js';
import { queueAgeOf } from './lane-age.js';
import { checkBegin, storageUsed, takeScope } from './limits.js';
import { askForApproval, publishParked } from './start-actions.js';

type BlockDue = Envelope<'loop.evidence.block.due'>;

/** Unscaled pause before an action that may not begin yet asks again, and its least length. */
const beginWaitMs = 60_000;
const beginWaitMsMin = 500;

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
  const queueAgeMs = await queueAgeOf(deps, action);
  await deps.once(message, async (tx) => {
    const { event, reason } = await verdictOfApply(deps, tx, action, done, queueAgeMs);
    const undoing = event === 'applied' ? {} : { verdictReason: reason };
    const progress = { ...action.progress, applied: done, queueAgeMs, ...undoing };
    const next = await step(tx, action, event, { reason, by: 'act', traceId: deps.traceId() }, { progress });
    await publishNextBlock(tx, message, next, message.refs.blockNo + 1, 0);
    await auditAction(tx, deps, next, event === 'applied' ? 'applied' : reason);
  });
}

/** Guardrails run while a change is made, and what it takes up is known only now: undone before anything is measured. */
async function verdictOfApply(
  deps: ActDeps,
  tx: TenantTransaction,
  action: ActionRow,
  done: Record<string, unknown>,
  queueAgeMs: number | null,
): Promise<{ event: 'applied' | 'verdict-harm' | 'verdict-inconclusive'; reason: string }> {
  const assessment = assessRows(deps, action, [], { emptyBlocks: 0, queueAgeMs });
  if (assessment.decision === 'harm') return { event: 'verdict-harm', reason: assessment.reason };
  const bytes = Number(done['sizeBytes'] ?? 0);
  const { storageBytesMax } = defaultLimits;
  if (bytes > 0 && bytes + (await storageUsed(tx, action, deps.now())) > storageBytesMax) {
    const reason = `storage-budget: it takes ${bytes} bytes, beyond the budget of ${storageBytesMax}`;
    return { event: 'verdict-inconclusive', reason };
  }
  return { event: 'applied', reason: 'applied and read back' };
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
  const [lanes] = await Promise.all([deps.lanes(), deps.assertRunning()]);
  return begin(deps, message, action, lanes, why);
}

/** Moves it to Applying if limits and scope let it begin now; else it waits, or ends with the reason. */
async function begin(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  lanes: readonly QueueAge[] | null,
  why: { by: string; traceId: string | null },
): Promise<ActionRow | null> {
  const begun = await deps.store.withTenant(message.tenantId, async (tx) => {
    const found = await checkBegin(deps, tx, action);
    if (!found.within) return { code: found.code, reason: found.reason, wait: found.wait };
    const stuck = lanes?.find((lane) => isStuck(lane, defaultGuardrails.queueAgeMsMax));
    if (stuck) {
      const reason = `the oldest message of ${stuck.queue} waits ${Math.round(stuck.oldestMs)} ms`;
      return { code: 'queue-age', reason, wait: true };
    }
    const holder = await takeScope(tx, action);
    if (holder) return { code: 'scope-locked', reason: `action ${holder} is not verified yet`, wait: true };
    const reason = `inverse stored${found.said ? `; ${found.said}` : ''}`;
    return step(tx, action, 'apply-started', { reason, ...why }, { appliedAt: deps.now() });
  });
  if ('state' in begun) return begun;
  const reason = `${begun.code}: ${begun.reason}`;
  const waitedMs = deps.now().getTime() - Number(action.progress['startedAt'] ?? deps.now().getTime());
  if (!begun.wait) await end(deps, message, action, 'gate', reason);
  else if (waitedMs > approvalMs(deps.scale))
    await end(deps, message, action, 'expire', `waited in vain; ${reason}`);
  else await waitToBegin(deps, message, action, reason);
  return null;
}

/** Asks again later; meanwhile the action holds no cycle open, and its row says what it waits for. */
async function waitToBegin(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  waitsFor: string,
): Promise<void> {
  const parked = action.progress['parked'] === true;
  await deps.once(message, async (tx) => {
    if (!parked || action.progress['waitsFor'] !== waitsFor) {
      const progress = { ...action.progress, parked: true, waitsFor };
      if (!(await tx.actions.saveProgress(action, progress))) {
        throw new HartoError('STATE_STALE', `action ${action.id} moved on while it waited`, {
          retryable: true,
        });
      }
    }
    if (!parked) await publishParked(tx, message, action, waitsFor);
    const inMs = Math.max(beginWaitMsMin, scaledMs(beginWaitMs, deps.scale));
    await publishNextBlock(tx, message, action, message.refs.blockNo + 1, inMs);
  });
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
