import { codeOf, HartoError, type Envelope } from '@hartonomous/contracts';
import type { ActionEvent, Assessment } from '@hartonomous/loop';
import { faultPoint } from '@hartonomous/faults';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { whileRunning, type ActDeps } from './act-deps.js';
import { auditAction, publishConcluded, publishNextBlock, revertCauseOf, step } from './action-step.js';
import { applyAction, expireAction } from './apply-action.js';
import type { EvidenceStep, Executor } from './executors/executor.js';
import { executors } from './executors/registry.js';
import { assessRows } from './assess-rows.js';
import { queueAgeOf } from './lane-age.js';
import { rescoreAction } from './rescore-action.js';
import { publishParked } from './start-actions.js';

type BlockDue = Envelope<'loop.evidence.block.due'>;

/** An action that verifies longer than this (unscaled) no longer holds its cycle open. */
const parkAfterMs = 10 * 60_000;
const parkAfterMsMin = 90_000;

/** One step of an action: apply, collect a block and decide, or undo. Every step survives a repeat. */
export async function advanceAction(deps: ActDeps, message: BlockDue): Promise<void> {
  const { actionId } = message.refs;
  const action = await deps.store.withTenant(message.tenantId, (tx) => tx.actions.get(actionId));
  if (!action) throw new HartoError('NOT_FOUND', `no action ${actionId}`);
  const executor = executors[action.type];
  if (!executor) throw new HartoError('FEATURE_UNAVAILABLE', `no executor for ${action.type}`);
  // A person's explicit revert goes on while the loop is stopped; everything else freezes where it is.
  if (revertCauseOf(action) === 'operator') return advance(deps, message, action, executor);
  await deps.assertRunning();
  return advance(whileRunning(deps), message, action, executor);
}

async function advance(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
): Promise<void> {
  switch (action.state) {
    case 'AwaitingApproval':
      return expireAction(deps, message, action);
    case 'Scheduled':
    case 'Applying':
      return applyAction(deps, message, action, executor);
    case 'Verifying':
      return verify(deps, message, action, executor);
    case 'Kept':
      return rescoreAction(deps, message, action, executor);
    case 'Reverting':
      return revert(deps, message, action, executor);
    default:
      await deps.once(message, async () => undefined);
  }
}

async function verify(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
): Promise<void> {
  const { blockNo } = message.refs;
  const known = await deps.store.withTenant(message.tenantId, (tx) => tx.actions.evidence(action.id));
  const found = await executor.collect(deps, message.tenantId, action, blockNo, known);
  const queueAgeMs = await queueAgeOf(deps, action);
  const all = [...known, ...(found.kind === 'pairs' ? found.rows : [])];
  await prepareKeep(
    deps,
    message,
    action,
    executor,
    assessRows(deps, action, all, { emptyBlocks: 0, queueAgeMs }),
  );
  await deps.once(message, async (tx) => {
    const rows = found.kind === 'pairs' ? found.rows : [];
    await tx.actions.addEvidence(rows);
    const evidence = await tx.actions.evidence(action.id);
    const emptyBlocks = found.kind === 'no-data' ? Number(action.progress['emptyBlocks'] ?? 0) + 1 : 0;
    const assessment = assessRows(deps, action, evidence, { emptyBlocks, queueAgeMs });
    const patch = { ...(found.kind === 'unavailable' ? {} : found.patch), emptyBlocks };
    const progress = { ...action.progress, ...patch, queueAgeMs, assessment: summary(assessment) };
    const event = found.kind === 'unavailable' ? 'verdict-inconclusive' : eventOf(assessment);
    const reason = found.kind === 'unavailable' ? found.reason : reasonOf(assessment, found, progress);
    if (event === null) return carryOn(deps, tx, message, { ...action, progress }, found);
    await conclude(deps, tx, message, action, executor, { event, reason, progress, assessment });
  });
}

/** What keeping needs outside of a transaction is done before the verdict is written; a repeat does it again. */
async function prepareKeep(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
  { decision }: Assessment,
): Promise<void> {
  if (!executor.beforeKeep || decision !== 'keep') return;
  await deps.assertRunning();
  await executor.beforeKeep(deps, message.tenantId, action);
}

/** An operator reads what was measured where it was not the captured requests, and why nothing could be. */
function reasonOf(
  { reason, code }: Assessment,
  found: EvidenceStep,
  progress: Record<string, unknown>,
): string {
  if (code === 'no-data' && found.kind === 'no-data') return `${reason} ${found.reason}.`;
  const { measuredOn } = progress;
  return typeof measuredOn === 'string' ? `${reason} Measured on ${measuredOn}.` : reason;
}

const summary = (a: Assessment): Record<string, unknown> => ({
  decision: a.decision,
  eHarm: a.eHarm,
  eGain: a.eGain,
  pairs: a.pairs,
  estimate: a.estimate,
  low: a.interval?.low ?? null,
  high: a.interval?.high ?? null,
  reason: a.reason,
});

const events: Record<Assessment['decision'], ActionEvent | null> = {
  continue: null,
  harm: 'verdict-harm',
  keep: 'verdict-keep',
  'no-benefit': 'verdict-no-benefit',
  inconclusive: 'verdict-inconclusive',
};
const eventOf = (assessment: Assessment): ActionEvent | null => events[assessment.decision];

async function carryOn(
  deps: ActDeps,
  tx: TenantTransaction,
  message: BlockDue,
  action: ActionRow,
  found: EvidenceStep,
): Promise<void> {
  const started = Number(action.progress['startedAt'] ?? deps.now().getTime());
  const overdue = deps.now().getTime() - started > Math.max(parkAfterMsMin, parkAfterMs / deps.scale);
  const park = overdue && action.progress['parked'] !== true;
  const progress = park ? { ...action.progress, parked: true } : action.progress;
  if (!(await tx.actions.saveProgress(action, progress))) {
    throw new HartoError('STATE_STALE', `action ${action.id} moved on while a block was added`, {
      retryable: true,
    });
  }
  if (park) await publishParked(tx, message, action, 'verifying over many blocks');
  const inMs = found.kind === 'unavailable' ? 0 : found.nextInMs;
  await publishNextBlock(tx, message, action, message.refs.blockNo + 1, inMs);
}

interface Conclusion {
  event: ActionEvent;
  reason: string;
  progress: Record<string, unknown>;
  assessment: Assessment;
}

/** Keeps the change, or starts to undo it; the undoing itself is the next message. */
async function conclude(
  deps: ActDeps,
  tx: TenantTransaction,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
  { event, reason, progress, assessment }: Conclusion,
): Promise<void> {
  const effect = effectOf(assessment);
  const patch = { progress: { ...progress, verdictReason: reason }, effect, pairs: assessment.pairs };
  const why = { reason, by: 'act', traceId: deps.traceId() };
  if (event === 'verdict-keep') {
    await executor.keep(tx, action);
    const kept = await step(tx, action, event, why, { ...patch, concludedAt: deps.now() });
    await publishConcluded(tx, message, kept);
    return auditAction(tx, deps, kept, reason);
  }
  const reverting = await step(tx, action, event, why, patch);
  await publishNextBlock(tx, message, reverting, message.refs.blockNo + 1, 0);
  await auditAction(tx, deps, reverting, reason);
}

function effectOf({ estimate, interval, unit }: Assessment): ActionRow['effect'] {
  if (estimate === null || interval === null) return null;
  const { low, high, lowBounded, highBounded } = interval;
  return { estimate, low: lowBounded ? low : null, high: highBounded ? high : null, unit };
}

const revertTriesMax = 3;

/** Runs the stored inverse and proves by hash that the target is as it was. */
async function revert(
  deps: ActDeps,
  message: BlockDue,
  action: ActionRow,
  executor: Executor,
): Promise<void> {
  const why = { by: 'act', traceId: deps.traceId() };
  let failure: string | null = null;
  try {
    await executor.revert(deps, message.tenantId, action);
    await faultPoint('act.effect-done');
    const hash = await executor.stateHash(deps, message.tenantId, action);
    if (hash !== action.snapshotHash) failure = 'the target differs from its snapshot after the inverse ran';
  } catch (error) {
    if (codeOf(error) === 'STORE_UNREACHABLE') throw error;
    failure = error instanceof Error ? error.message : String(error);
  }
  await deps.once(message, async (tx) => {
    const tries = Number(action.progress['revertTries'] ?? 0) + 1;
    if (failure && tries < revertTriesMax) {
      await tx.actions.saveProgress(action, { ...action.progress, revertTries: tries });
      return publishNextBlock(tx, message, action, message.refs.blockNo + 1, 1_000);
    }
    const event = failure ? 'revert-failed' : 'reverted';
    const reason = failure ?? String(action.progress['verdictReason'] ?? 'undone');
    const done = await step(tx, action, event, { reason, ...why }, { concludedAt: deps.now() });
    await publishConcluded(tx, message, done);
    await auditAction(tx, deps, done, reason);
  });
}
