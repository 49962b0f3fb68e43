import type { Finding, HypothesisType, ObservationKind, RejectedCandidate } from '@hartonomous/contracts';
import { proposeCacheShrinking } from './cache-shrinking.js';
import { proposeCacheWarming } from './cache-warming.js';
import { proposeConcepts } from './concept-discovery.js';
import { proposeConceptUpdate } from './concept-update.js';
import { proposeStatistics } from './query-regression.js';
import { proposeDrop } from './unused-index.js';
import { proposeIndex } from './index-optimization.js';
import { proposeSpatial } from './spatial-strategy.js';
import type { Proposal, Proposer, ProposerContext } from './proposer.js';

const proposers: Partial<Record<ObservationKind, Proposer>> = {
  'missing-index': proposeIndex,
  'unused-index': proposeDrop,
  'plan-regression': proposeStatistics,
  'slow-places': proposeSpatial,
  'frequent-reads': proposeCacheWarming,
  'idle-answers': proposeCacheShrinking,
  concepts: proposeConcepts,
  'concept-drift': proposeConceptUpdate,
};

/** What would answer a finding that no built type answers yet: named, so that its absence shows. */
const answeredBy: Partial<Record<ObservationKind, HypothesisType>> = {
  'weak-weights': 'PruneModel',
  'duplicate-code': 'RefactorCode',
  'failing-journeys': 'FixUX',
  feedback: 'ModelRetraining',
};

/** Candidates of all findings; a finding that nothing answers is a rejection with that reason. */
export function proposeAll(findings: readonly Finding[], context: ProposerContext): Proposal {
  const candidates: Proposal['candidates'] = [];
  const rejected: RejectedCandidate[] = [];
  for (const finding of findings) {
    const proposer = proposers[finding.kind];
    const type = answeredBy[finding.kind];
    if (proposer) {
      const proposal = proposer(finding, context);
      candidates.push(...proposal.candidates);
      rejected.push(...proposal.rejected);
    } else if (type) {
      const reason = `the executor of ${type} is not built`;
      rejected.push({ type, target: finding.summary.slice(0, 200), reason, reasonCode: 'unavailable' });
    }
  }
  return { candidates, rejected };
}
