import { builtActionTypes, sha256Hex, type Candidate } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface Concepts {
  embeddingModel: string;
  unassigned: number;
  clusters: { members: { atomId: string; distance: number }[]; meanDistance: number }[];
}

/** One group alone cannot be told from any other: its stability has nothing to be compared with. */
const clustersMin = 2;
/** Share of a request's time that a concept is taken to touch, before anything was measured. */
const touchedShare = 0.02;

/** Dense groups of unassigned atoms become concepts, kept if held-out atoms find their own group again. */
export const proposeConcepts: Proposer = (finding, context) => {
  const info = builtActionTypes.ConceptDiscovery!;
  const facts = finding.facts as unknown as Concepts;
  const target = `concepts of ${facts.embeddingModel}`;
  if (facts.clusters.length < clustersMin) {
    const reason = `${facts.clusters.length} stable groups among ${facts.unassigned} atoms; ${clustersMin} are needed`;
    return {
      candidates: [],
      rejected: [{ type: 'ConceptDiscovery', target, reason, reasonCode: 'too-few-groups' }],
    };
  }
  const members = facts.clusters.reduce((sum, c) => sum + c.members.length, 0);
  const candidate: Candidate = {
    type: 'ConceptDiscovery',
    target,
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: `${facts.clusters.length} concepts over ${members} atoms`,
    undoTime: info.undoTime,
    parameters: {
      embeddingModel: facts.embeddingModel,
      clusters: facts.clusters,
      fingerprint: sha256Hex(`${facts.embeddingModel}:${facts.unassigned}`),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['concepts'], rowIds: finding.rowIds },
    expected: { metric: 'latency', direction: 'lower', size: 0, low: 0, high: 0 },
    exposure: {
      requestsPerHour: context.requestsPerHour,
      meanSeconds: context.meanSeconds * touchedShare,
    },
    costSeconds: 1,
    risk: 'a name for what does not belong together',
    inverse: { kind: 'remove-concepts' },
  };
  return { candidates: [candidate], rejected: [] };
};
