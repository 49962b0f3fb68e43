import { assess, verdictOfDecision } from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';

export interface Recomputed {
  /** False when the rows no longer lead to the stored verdict: an alarm. */
  agrees: boolean;
  fromRows: string | null;
  reason: string;
}

/** The verdict from the rows alone. Time, missing data and people can end an action without them. */
export function recompute(action: ActionRow, evidence: readonly EvidencePairRow[]): Recomputed {
  const assessment = assess(evidence);
  const fromRows = verdictOfDecision(assessment.decision);
  const byRows =
    action.verdict === 'Kept' || action.verdict === 'RevertedHarm' || action.verdict === 'RevertedNoBenefit';
  const agrees = !byRows || fromRows === action.verdict;
  return { agrees, fromRows, reason: assessment.reason };
}
