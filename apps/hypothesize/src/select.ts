import { newId, planHash, type Candidate, type RejectedCandidate } from '@hartonomous/contracts';
import {
  armKeyOf,
  freshArm,
  priorOf,
  rngOfText,
  scoreOptions,
  type ArmBelief,
  type Option,
  type Scored,
  type TypeBelief,
} from '@hartonomous/loop';
import type { BeliefRow, HypothesisRow } from '@hartonomous/store';
import { scopeOf } from './gate.js';

export interface Selection {
  hypotheses: HypothesisRow[];
  rejected: RejectedCandidate[];
}

interface SelectionContext {
  cycleId: string;
  cycleNumber: number;
  tenantId: string;
  beliefs: readonly BeliefRow[];
}

const actionsPerCycle = 3;
/** A harmful change is caught within this time and costs this share of latency while it is. */
const testHours = { A: 0.1, B: 0.1, C: 1, D: 1 } as const;
const harmSize = 0.2;

/** Thompson sampling over the eligible candidates; every one that is not chosen gets its reason. */
export function select(candidates: readonly Candidate[], context: SelectionContext): Selection {
  // A placebo is no bet: it is tried whenever it is drawn, and earns no belief.
  const placebos = candidates.filter((c) => c.type === 'Placebo');
  const bets = candidates.filter((c) => c.type !== 'Placebo');
  const options = bets.map((candidate, i) => optionOf(String(i), candidate, context));
  const scored = scoreOptions(options, context.cycleNumber, rngOfText(`${context.cycleId}|select`));
  const selection: Selection = {
    hypotheses: placebos.map((c) => placeboOf(c, context.cycleId)),
    rejected: [],
  };
  const scopes = new Set<string>();
  for (const score of scored) {
    const candidate = bets[Number(score.id)]!;
    const refusal = refusalOf(candidate, score, scopes, selection.hypotheses.length - placebos.length);
    if (refusal) {
      const [reasonCode, reason] = refusal;
      selection.rejected.push({ type: candidate.type, target: candidate.target, reason, reasonCode });
      continue;
    }
    const scope = scopeOf(candidate);
    if (scope) scopes.add(scope);
    selection.hypotheses.push(hypothesisOf(candidate, score, context.cycleId));
  }
  return selection;
}

function refusalOf(
  candidate: Candidate,
  score: Scored,
  scopes: ReadonlySet<string>,
  chosen: number,
): [code: string, reason: string] | null {
  if (score.value <= 0 && !score.forced) {
    const expected = `${score.meanValue.toPrecision(3)} s an hour at the mean of what is known`;
    return ['value-not-positive', `trying it is not expected to pay (${expected})`];
  }
  const scope = scopeOf(candidate);
  if (scope && scopes.has(scope))
    return ['scope-locked', `a better candidate on the ${scope} is tried first`];
  if (chosen >= actionsPerCycle)
    return ['not-selected', `${actionsPerCycle} better candidates are tried first`];
  return null;
}

const hypothesisOf = (candidate: Candidate, score: Scored, cycleId: string): HypothesisRow => ({
  id: newId(),
  cycleId,
  candidate,
  planHash: planHash(candidate),
  value: score.value,
  selectionProbability: score.probability,
  chosen: true,
});

const placeboOf = (candidate: Candidate, cycleId: string): HypothesisRow => ({
  id: newId(),
  cycleId,
  candidate,
  planHash: planHash(candidate),
  value: 0,
  selectionProbability: 1,
  chosen: true,
});

function optionOf(id: string, candidate: Candidate, context: SelectionContext): Option {
  const key = armKeyOf(candidate.type, candidate.targetClass, context.tenantId);
  const type = context.beliefs.find((b) => b.kind === 'type' && b.key === candidate.type);
  const { requestsPerHour, meanSeconds } = candidate.exposure;
  return {
    id,
    arm: armOf(context, key),
    prior: priorOf(type ? typeBeliefOf(type) : null),
    economics: {
      exposure: requestsPerHour * meanSeconds,
      costSeconds: candidate.costSeconds,
      buildHours: candidate.costSeconds / 3_600,
      testHours: testHours[candidate.actionClass],
      harmSize,
    },
    reversible: candidate.actionClass === 'A' || candidate.actionClass === 'B',
  };
}

function armOf(context: SelectionContext, key: string): ArmBelief {
  const row = context.beliefs.find((b) => b.kind === 'arm' && b.key === key);
  if (!row) return freshArm(key, context.cycleNumber);
  return { ...row, gains: { count: row.gainCount, mean: row.gainMean, m2: row.gainM2 } };
}

const typeBeliefOf = (row: BeliefRow): TypeBelief => ({
  ...row,
  type: row.key,
  gains: { count: row.gainCount, mean: row.gainMean, m2: row.gainM2 },
});
