import { builtActionTypes, newId, type ActionMode, type Envelope } from '@hartonomous/contracts';
import { defaultModeOf } from '@hartonomous/loop';
import type { ActionRow, HypothesisRow, TenantTransaction } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';
import { publishConcluded, publishNextBlock, step } from './action-step.js';
import type { Prepared } from './executors/executor.js';
import { executors } from './executors/registry.js';

type Ranked = Envelope<'loop.hypotheses.ranked'>;

const approvalHours = 24;

/** Turns the chosen hypotheses of a cycle into actions: inverse first, then gate, approval or schedule. */
export async function startActions(deps: ActDeps, message: Ranked): Promise<void> {
  await deps.assertRunning();
  const { cycleId, hypothesisIds } = message.refs;
  const hypotheses = await deps.store.withTenant(message.tenantId, (tx) =>
    tx.cycles.hypotheses(hypothesisIds),
  );
  const prepared = new Map<string, Prepared>();
  for (const hypothesis of hypotheses) {
    const executor = executors[hypothesis.candidate.type];
    if (executor) prepared.set(hypothesis.id, await executor.prepare(deps, message.tenantId, hypothesis));
  }
  await deps.once(message, async (tx) => {
    const advanced = await tx.cycles.advance(cycleId, message.epoch, 'Decided', 'Acting');
    if (!advanced) return;
    const next = { ...message, epoch: message.epoch + 1 };
    for (const hypothesis of hypotheses) {
      await startAction(deps, tx, next, hypothesis, prepared.get(hypothesis.id) ?? null);
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

async function startAction(
  deps: ActDeps,
  tx: TenantTransaction,
  message: Envelope,
  hypothesis: HypothesisRow,
  prepared: Prepared | null,
): Promise<void> {
  const { candidate } = hypothesis;
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
    progress: { startedAt: deps.now().getTime() },
    fingerprint: (candidate.parameters['fingerprint'] as string | undefined) ?? null,
    reason: candidate.reason,
    expected: candidate.expected,
    exposure: candidate.exposure,
    traceId,
    expiresAt: null,
  });
  const info = builtActionTypes[candidate.type];
  if (!prepared || !info) {
    action = await step(tx, action, 'gate', { reason: `unavailable: ${candidate.type}`, ...why });
    return publishConcluded(tx, message, action);
  }
  const mode = (await tx.settings.get(`mode.${candidate.type}`)) as ActionMode | null;
  switch (mode ?? defaultModeOf(info.actionClass)) {
    case 'Auto': {
      action = await step(tx, action, 'schedule', { reason: 'mode Auto', ...why });
      return publishNextBlock(tx, message, action, 0, 0);
    }
    case 'Approve': {
      const expiresAt = new Date((await tx.now()).getTime() + (approvalHours * 3_600_000) / deps.scale);
      action = await step(tx, action, 'require-approval', { reason: 'mode Approve', ...why }, { expiresAt });
      return publishParked(tx, message, action, 'awaiting approval');
    }
    default: {
      action = await step(tx, action, 'gate', { reason: `mode ${mode}`, ...why });
      return publishConcluded(tx, message, action);
    }
  }
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
