import { builtActionTypes, HartoError, newId, type Envelope } from '@hartonomous/contracts';
import type { ActionRow, HypothesisRow, TenantTransaction } from '@hartonomous/store';
import { whileRunning, type ActDeps } from './act-deps.js';
import { publishConcluded, publishNextBlock, step } from './action-step.js';
import { approvalMs } from './approvals.js';
import { checkPlan, needsPerson } from './limits.js';
import { modeOfType } from './mode-of-type.js';
import type { Prepared } from './executors/executor.js';
import { executors } from './executors/registry.js';

type Ranked = Envelope<'loop.hypotheses.ranked'>;

/** The database clock and the queue's may differ by this much. */
const expiryGraceMs = 1_000;

/** Turns the chosen hypotheses of a cycle into actions: inverse first, then gate, approval or schedule. */
export async function startActions(given: ActDeps, message: Ranked): Promise<void> {
  const deps = whileRunning(given);
  await deps.assertRunning();
  const { cycleId, hypothesisIds } = message.refs;
  const hypotheses = await deps.store.withTenant(message.tenantId, (tx) =>
    tx.cycles.hypotheses(hypothesisIds),
  );
  const prepared = new Map<string, Prepared | Refusal>();
  for (const hypothesis of hypotheses) {
    prepared.set(hypothesis.id, await prepare(deps, message.tenantId, hypothesis));
  }
  await deps.once(message, async (tx) => {
    const advanced = await tx.cycles.advance(cycleId, message.epoch, 'Decided', 'Acting');
    if (!advanced) return;
    const next = { ...message, epoch: message.epoch + 1 };
    for (const hypothesis of hypotheses) {
      await startAction(deps, tx, next, hypothesis, prepared.get(hypothesis.id)!);
    }
    if (hypotheses.length === 0) {
      const refs = { cycleId, actionId: null, verdict: null };
      await tx.outbox.add({ id: newId(), name: 'loop.action.concluded', epoch: next.epoch, refs });
    }
    await tx.audit.append({
      what: 'cycle.acting',
      subject: cycleId,
      who: 'act',
      why: `${hypotheses.length} hypotheses accepted`,
      traceId: deps.traceId(),
    });
  });
}

interface Refusal {
  refused: string;
}

/** The dry run: what would be touched, and what undoes it. A plan that cannot be carried out here says why. */
async function prepare(
  deps: ActDeps,
  tenantId: string,
  hypothesis: HypothesisRow,
): Promise<Prepared | Refusal> {
  const { type } = hypothesis.candidate;
  const executor = executors[type];
  if (!executor || !builtActionTypes[type]) return { refused: `unavailable: ${type}` };
  try {
    return await executor.prepare(deps, tenantId, hypothesis);
  } catch (error) {
    if (!(error instanceof HartoError) || error.retryable) throw error;
    const unavailable = error.code === 'FEATURE_UNAVAILABLE';
    return { refused: `${unavailable ? 'unavailable' : error.code}: ${error.message}` };
  }
}

async function startAction(
  deps: ActDeps,
  tx: TenantTransaction,
  message: Envelope,
  hypothesis: HypothesisRow,
  found: Prepared | Refusal,
): Promise<void> {
  const { candidate } = hypothesis;
  const prepared = 'refused' in found ? null : found;
  const traceId = deps.traceId();
  const why = { by: 'act', traceId };
  let action: ActionRow = await tx.actions.create({
    id: newId(),
    cycleId: hypothesis.cycleId,
    hypothesisId: hypothesis.id,
    type: candidate.type,
    target: candidate.target,
    targetClass: candidate.targetClass,
    design: candidate.design,
    actionClass: candidate.actionClass,
    state: 'Proposed',
    planHash: hypothesis.planHash,
    parameters: candidate.parameters,
    inverse: prepared?.inverse ?? null,
    snapshotHash: prepared?.snapshotHash ?? null,
    progress: { startedAt: deps.now().getTime(), ...(prepared ? { touched: prepared.touched } : {}) },
    fingerprint: (candidate.parameters['fingerprint'] as string | undefined) ?? null,
    reason: candidate.reason,
    expected: candidate.expected,
    exposure: candidate.exposure,
    traceId,
    expiresAt: null,
  });
  if ('refused' in found) {
    action = await step(tx, action, 'gate', { reason: found.refused, ...why });
    return publishConcluded(tx, message, action);
  }
  const { mode, reason } = await modeOfType(tx, candidate.type);
  if (mode !== 'Auto' && mode !== 'Approve') {
    action = await step(tx, action, 'gate', { reason: `mode ${mode}: ${reason}`, ...why });
    return publishConcluded(tx, message, action);
  }
  const limits = await checkPlan(deps, tx, action, found.touched);
  const person = needsPerson(limits, action);
  // Heavy work is not refused for the hour it is proposed in: it is scheduled, and waits for a quieter one.
  if (!limits.within && limits.code !== 'low-load-window' && !person) {
    action = await step(tx, action, 'gate', { reason: `${limits.code}: ${limits.reason}`, ...why });
    return publishConcluded(tx, message, action);
  }
  const said = [limits.within ? limits.said : limits.reason].flatMap((text) => (text ? [`; ${text}`] : []));
  if (mode === 'Approve' || person) {
    return askForApproval(deps, tx, message, action, { reason: `${reason}${said.join()}`, ...why });
  }
  action = await step(tx, action, 'schedule', { reason: `mode Auto: ${reason}${said.join()}`, ...why });
  return publishNextBlock(tx, message, action, 0, 0);
}

/** Asks a person, with an end: the message that is due then expires what nobody has decided. */
export async function askForApproval(
  deps: ActDeps,
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
  why: { reason: string; by: string; traceId: string | null },
  prepared: Partial<Prepared> = {},
): Promise<void> {
  const expiresAt = new Date((await tx.now()).getTime() + approvalMs(deps.scale));
  const { inverse = action.inverse, snapshotHash = action.snapshotHash } = prepared;
  const progress = prepared.touched ? { touched: prepared.touched } : {};
  const patch = { expiresAt, approvedBy: [], inverse, snapshotHash, progress };
  const asked = await step(tx, action, 'require-approval', why, patch);
  await publishNextBlock(tx, message, asked, 0, approvalMs(deps.scale) + expiryGraceMs);
  await publishParked(tx, message, asked, 'awaiting approval');
}

export async function publishParked(
  tx: TenantTransaction,
  message: Envelope,
  action: ActionRow,
  reason: string,
): Promise<void> {
  const refs = { cycleId: action.cycleId, actionId: action.id, reason };
  await tx.outbox.add({ id: newId(), name: 'loop.action.parked', epoch: message.epoch, refs });
}
