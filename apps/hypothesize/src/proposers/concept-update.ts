import { builtActionTypes, sha256Hex, type Candidate } from '@hartonomous/contracts';
import type { Proposal, Proposer } from './proposer.js';

interface ConceptDrift {
  conceptId: string;
  embeddingModel: string;
  label: string;
  otherConcepts: number;
  members: number;
  drifted: string[];
  staying: { atomId: string; distance: number }[];
}

/** As many make a concept when it is discovered. */
const membersMin = 6;
/** Share of a request's time that a concept is taken to touch, before anything was measured. */
const touchedShare = 0.01;

/** A concept whose atoms drift goes on without them; they are free for the next discovery. */
export const proposeConceptUpdate: Proposer = (finding, context) => {
  const info = builtActionTypes.ConceptDiscovery!;
  const facts = finding.facts as unknown as ConceptDrift;
  const { conceptId, embeddingModel, label, drifted, staying } = facts;
  const target = `concept ${label.slice(0, 100)} (${conceptId})`;
  const refuse = (reasonCode: string, reason: string): Proposal => ({
    candidates: [],
    rejected: [{ type: 'ConceptDiscovery', target, reason, reasonCode }],
  });
  if (staying.length < membersMin) {
    return refuse('too-few-members', `${staying.length} atoms would stay; ${membersMin} make a concept`);
  }
  if (facts.otherConcepts === 0) {
    return refuse('too-few-groups', 'no other concept is kept that its atoms could be told from');
  }
  const meanDistance = staying.reduce((sum, m) => sum + m.distance, 0) / staying.length;
  const candidate: Candidate = {
    type: 'ConceptDiscovery',
    target,
    targetClass: 'drifted-concept',
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: `one concept: ${drifted.length} of its ${facts.members} atoms leave it`,
    undoTime: 'at once (the concept gets its atoms back)',
    parameters: {
      operation: 'update',
      embeddingModel,
      conceptId,
      label,
      meanDistance,
      members: staying,
      leaving: drifted,
      fingerprint: sha256Hex([conceptId, ...drifted.toSorted()].join(':')),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['concept-drift'], rowIds: finding.rowIds },
    expected: { metric: 'latency', direction: 'lower', size: 0, low: 0, high: 0 },
    exposure: {
      requestsPerHour: context.requestsPerHour,
      meanSeconds: context.meanSeconds * touchedShare,
    },
    costSeconds: 1,
    risk: 'an atom leaves a concept that it still belongs to',
    inverse: { kind: 'give-back-concept', conceptId },
  };
  return { candidates: [candidate], rejected: [] };
};
