import { HartoError } from '@hartonomous/contracts';
import {
  armKeyOf,
  freshArm,
  freshType,
  learnArm,
  learnType,
  meanRates,
  posteriorOf,
  priorOf,
  trialOutcomeOf,
  type ArmBelief,
  type TrialOutcome,
  type TypeBelief,
} from '@hartonomous/loop';
import { latencyEffect } from './score-action.js';
import type { ActionRow, BeliefRow, TenantTransaction } from '@hartonomous/store';

/** What was believed of the arm before this outcome. */
export interface Forecast {
  successProbability: number;
  predictedGain: number;
}

/** What a concluded action says about its arm and its type. A placebo is no arm; what was never tried says nothing. */
export async function updateBeliefs(tx: TenantTransaction, action: ActionRow): Promise<Forecast | null> {
  if (action.type === 'Placebo' || !action.verdict) return null;
  const outcome = trialOutcomeOf(action.verdict, latencyEffect(action));
  if (!outcome) return null;
  const cycle = (await tx.cycles.get(action.cycleId))?.number ?? 0;
  const rows = await tx.beliefs.all();
  const armKey = armKeyOf(action.type, action.targetClass, tx.tenantId);
  const armRow = rows.find((b) => b.kind === 'arm' && b.key === armKey);
  const typeRow = rows.find((b) => b.kind === 'type' && b.key === action.type);
  const before = armRow ? armOf(armRow) : freshArm(armKey, cycle);
  const posterior = posteriorOf(before, priorOf(typeRow ? typeOf(typeRow) : null));
  const arm = learnArm(before, outcome, cycle);
  const type = learnType(typeRow ? typeOf(typeRow) : freshType(action.type, cycle), outcome, cycle);
  await save(tx, rowOfArm(arm, armRow?.version ?? 0));
  await save(tx, rowOfType(type, typeRow, outcome, cycle));
  return { successProbability: meanRates(posterior).theta, predictedGain: Math.max(0, posterior.mean) };
}

async function save(tx: TenantTransaction, row: BeliefRow): Promise<void> {
  if (await tx.beliefs.save(row)) return;
  throw new HartoError('STATE_STALE', `belief ${row.key} was changed by another writer`, { retryable: true });
}

const gainsOf = (row: BeliefRow): ArmBelief['gains'] => ({
  count: row.gainCount,
  mean: row.gainMean,
  m2: row.gainM2,
});
const armOf = (row: BeliefRow): ArmBelief => ({ ...row, gains: gainsOf(row) });
const typeOf = (row: BeliefRow): TypeBelief => ({ ...row, type: row.key, gains: gainsOf(row) });

const countsOf = ({ successes, failures, gains, asOfCycle }: TypeBelief | ArmBelief) => ({
  successes,
  failures,
  gainCount: gains.count,
  gainMean: gains.mean,
  gainM2: gains.m2,
  asOfCycle,
});

const rowOfArm = (arm: ArmBelief, version: number): BeliefRow => ({
  ...countsOf(arm),
  kind: 'arm',
  key: arm.key,
  trials: arm.trials,
  harms: arm.harms,
  firstSeenCycle: arm.firstSeenCycle,
  lastTriedCycle: arm.lastTriedCycle,
  version,
});

const rowOfType = (
  type: TypeBelief,
  before: BeliefRow | undefined,
  outcome: TrialOutcome,
  cycle: number,
): BeliefRow => ({
  ...countsOf(type),
  kind: 'type',
  key: type.type,
  trials: (before?.trials ?? 0) + 1,
  harms: (before?.harms ?? 0) + (outcome.harmed ? 1 : 0),
  firstSeenCycle: before?.firstSeenCycle ?? cycle,
  lastTriedCycle: cycle,
  version: before?.version ?? 0,
});
