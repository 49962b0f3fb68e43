import { newId, planHash, type Candidate, type RejectedCandidate } from '@hartonomous/contracts';
import { rankCandidates, rngOfText } from '@hartonomous/loop';
import type { BeliefRow, HypothesisRow } from '@hartonomous/store';
import { newArmsOf, rankInputOf, scopesOf, type Known } from './rank-inputs.js';

export interface Selection {
  hypotheses: HypothesisRow[];
  rejected: RejectedCandidate[];
  /** Arms that were eligible for the first time: their 50 cycles begin now. */
  newArms: BeliefRow[];
}

const actionsPerCycle = 3;

/** The few candidates worth trying now, by the rule of libs/loop; every other one gets its reason. */
export function choose(candidates: readonly Candidate[], cycleId: string, known: Known): Selection {
  const inputs = candidates.map((candidate, i) => rankInputOf(candidate, i, known));
  const context = {
    cycle: known.cycleNumber,
    slots: actionsPerCycle,
    lockedScopes: new Set(known.open.flatMap(scopesOf)),
  };
  // The draw depends on the cycle alone: a repeated message chooses the same.
  const ranking = rankCandidates(inputs, context, rngOfText(`${cycleId}|select`));
  const scored = [
    ...ranking.chosen.map((c) => c.input.id),
    ...ranking.rejected.flatMap((r) => (r.score ? r.id : [])),
  ];
  return {
    newArms: newArmsOf(
      scored.map((id) => inputs[Number(id)]!),
      known,
    ),
    hypotheses: ranking.chosen.map(({ input: { candidate }, score }) => ({
      id: newId(),
      cycleId,
      candidate,
      planHash: planHash(candidate),
      value: score.value,
      selectionProbability: score.probability,
      chosen: true,
    })),
    rejected: ranking.rejected.map(({ type, target, reason, reasonCode }) => ({
      type,
      target,
      reason,
      reasonCode,
    })),
  };
}
