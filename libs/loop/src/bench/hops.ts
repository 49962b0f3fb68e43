import {
  newId,
  planHash,
  type Candidate,
  type Envelope,
  type ObservationDocument,
  type Verdict,
} from '@hartonomous/contracts';
import type { Station } from '@hartonomous/bus/bench';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { stepAction, type ActionEvent } from '../action-machine.js';
import { freshArm, priorOf } from '../bandit/belief.js';
import { rankCandidates } from '../bandit/rank.js';
import { nextCycleDelayMs } from '../cadence.js';
import { honestNetGain, successScore } from '../learning.js';
import { rngOfText } from '../random.js';

/** One service's part of a cycle: reads, decides by this library, writes in one transaction (act: in two). */
type Hop = Station['run'];

/** Nothing, proposed as an action: goes through every state and changes nothing. */
const noOp: Candidate = {
  type: 'Placebo',
  target: 'nothing',
  targetClass: 'placebo',
  design: 'replay',
  actionClass: 'A',
  blastRadius: 'none',
  undoTime: 'at once (nothing was changed)',
  parameters: {},
  reason: 'bench',
  evidence: { findingKinds: [], rowIds: [] },
  expected: { metric: 'latency', direction: 'lower', size: 0, low: 0, high: 0 },
  exposure: { requestsPerHour: 3_600, meanSeconds: 0.1 },
  costSeconds: 1,
  risk: 'none',
  inverse: { kind: 'nothing' },
};

const nothingSeen = (at: string): ObservationDocument => ({
  scope: 'full',
  windowFrom: at,
  windowTo: at,
  strata: [],
  findings: [],
  incidents: [],
  unavailable: [],
});

const cycleOf = (message: Envelope): string => (message.refs as { cycleId: string }).cycleId;

export const analyze: Hop = async (deps, message) => {
  const cycleId = cycleOf(message);
  const observationId = newId();
  const now = new Date();
  await deps.once(message, async (tx) => {
    const patch = { windowFrom: now, windowTo: now };
    await moved(tx.cycles.advance(cycleId, message.epoch, 'Requested', 'Observed', patch));
    await tx.cycles.addObservation({ id: observationId, cycleId, document: nothingSeen(now.toISOString()) });
    const refs = { cycleId, observationId };
    await tx.outbox.add({ id: newId(), name: 'loop.observation.recorded', epoch: message.epoch + 1, refs });
    await tx.audit.append({ what: 'cycle.observed', subject: cycleId, who: 'analyze', why: 'bench' });
  });
};

export const hypothesize: Hop = async (deps, message) => {
  const cycleId = cycleOf(message);
  const input = {
    id: '0',
    candidate: noOp,
    scopes: [],
    available: true,
    mode: 'Auto',
    settled: null,
    arm: freshArm('bench', 0),
    prior: priorOf(null),
    economics: { exposure: 360, costSeconds: 1, buildHours: 0, testHours: 0.1, harmSize: 0.2 },
  } as const;
  const context = { cycle: 1, slots: 3, lockedScopes: new Set<string>() };
  const { chosen } = rankCandidates([input], context, rngOfText(cycleId));
  const hypotheses = chosen.map(({ score }) => ({
    id: newId(),
    cycleId,
    candidate: noOp,
    planHash: planHash(noOp),
    value: score.value,
    selectionProbability: score.probability,
    chosen: true,
  }));
  await deps.once(message, async (tx) => {
    await moved(tx.cycles.advance(cycleId, message.epoch, 'Observed', 'Decided'));
    await tx.cycles.addHypotheses(hypotheses);
    const refs = { cycleId, hypothesisIds: hypotheses.map((h) => h.id) };
    await tx.outbox.add({ id: newId(), name: 'loop.hypotheses.ranked', epoch: message.epoch + 1, refs });
    await tx.audit.append({ what: 'cycle.decided', subject: cycleId, who: 'hypothesize', why: 'bench' });
  });
};

/** Nothing to apply: the action with its inverse in one transaction, its verdict in a second. */
export const actOnNothing: Hop = async (deps, message) => {
  const cycleId = cycleOf(message);
  const { epoch } = message;
  const proposed = await deps.store.withTenant(message.tenantId, async (tx) => {
    await moved(tx.cycles.advance(cycleId, epoch, 'Decided', 'Acting'));
    return tx.actions.create(rowOf(message));
  });
  await deps.once(message, async (tx) => {
    const concluded = { verdict: 'Gated', concludedAt: new Date() } as const;
    await conclude(tx, await step(tx, proposed, 'gate', concluded), epoch + 1);
  });
};

/** The same through every state of an action that is applied, verified and kept. */
export const actThroughAllStates: Hop = async (deps, message) => {
  const cycleId = cycleOf(message);
  const { epoch } = message;
  const applying = await deps.store.withTenant(message.tenantId, async (tx) => {
    await moved(tx.cycles.advance(cycleId, epoch, 'Decided', 'Acting'));
    const action = await tx.actions.create(rowOf(message));
    return step(tx, await step(tx, action, 'schedule'), 'apply-started');
  });
  await deps.once(message, async (tx) => {
    const verifying = await step(tx, applying, 'applied');
    const concluded = { verdict: 'Kept', concludedAt: new Date() } as const;
    await conclude(tx, await step(tx, verifying, 'verdict-keep', concluded), epoch + 1);
  });
};

async function conclude(tx: TenantTransaction, action: ActionRow, epoch: number): Promise<void> {
  const { id: actionId, cycleId, verdict, state } = action;
  const refs = { cycleId, actionId, verdict };
  await tx.outbox.add({ id: newId(), name: 'loop.action.concluded', epoch, refs });
  await tx.audit.append({ what: `action.${state}`, subject: actionId, who: 'act', why: 'bench' });
}

export const learn: Hop = async (deps, message) => {
  const cycleId = cycleOf(message);
  const { actionId, verdict } = message.refs as { actionId: string; verdict: Verdict };
  const effect = { estimate: 1, low: 0.95, high: 1.05 };
  const costs = {
    exposure: 360,
    runningCostPerHour: 0,
    testCostSeconds: 0,
    treatedHours: 0,
    treatedShare: 0,
  };
  await deps.once(message, async (tx) => {
    await tx.history.add({
      id: newId(),
      actionId,
      cycleId,
      verdict,
      netGainSeconds: honestNetGain(verdict, effect, costs).net,
      successScore: successScore(verdict, effect),
      document: { effect, nextCycleMs: nextCycleDelayMs([], rngOfText(cycleId)) },
    });
    const outcome = { summary: `1 ${verdict}`, actions: 1, rejected: 0 };
    await moved(tx.cycles.advance(cycleId, message.epoch, 'Acting', 'Learned', { outcome }));
    await tx.outbox.add({
      id: newId(),
      name: 'loop.cycle.learned',
      epoch: message.epoch + 1,
      refs: { cycleId },
    });
    await tx.audit.append({ what: 'cycle.learned', subject: cycleId, who: 'learn', why: 'bench' });
  });
};

async function moved(advanced: Promise<boolean>): Promise<void> {
  if (!(await advanced)) throw new Error('the cycle moved on while the bench ran it');
}

const rowOf = (message: Envelope): Parameters<TenantTransaction['actions']['create']>[0] => ({
  id: newId(),
  cycleId: cycleOf(message),
  hypothesisId: (message.refs as { hypothesisIds: string[] }).hypothesisIds[0]!,
  type: noOp.type,
  target: noOp.target,
  targetClass: noOp.targetClass,
  design: noOp.design,
  actionClass: noOp.actionClass,
  state: 'Proposed',
  planHash: planHash(noOp),
  parameters: {},
  inverse: noOp.inverse,
  snapshotHash: null,
  progress: {},
  fingerprint: null,
  reason: noOp.reason,
  expected: noOp.expected,
  exposure: noOp.exposure,
  traceId: null,
  expiresAt: null,
});

async function step(
  tx: TenantTransaction,
  action: ActionRow,
  event: ActionEvent,
  patch: Partial<ActionRow> = {},
): Promise<ActionRow> {
  const outcome = stepAction({ state: action.state, revertCause: null }, event);
  if (outcome.kind !== 'moved') throw new Error(`${event} does not move an action that is ${action.state}`);
  const why = { name: event, reason: 'bench', by: 'act', traceId: null };
  const { state } = outcome.snapshot;
  await moved(tx.actions.transition(action, state, why, patch));
  return { ...action, ...patch, state, version: action.version + 1 };
}
