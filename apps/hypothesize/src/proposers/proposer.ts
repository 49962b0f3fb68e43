import type { Candidate, Finding, RejectedCandidate } from '@hartonomous/contracts';

export interface ProposerContext {
  /** Requests an hour over the observed window, and their mean seconds. */
  requestsPerHour: number;
  meanSeconds: number;
  schemaFingerprint: string;
  /** End of the observed window, ISO 8601. */
  windowTo: string;
  /** True for request keys that never get key-splittable actions. */
  heldOut: (inputHash: string) => boolean;
}

export interface Proposal {
  candidates: Candidate[];
  rejected: RejectedCandidate[];
}

/** Turns the findings of one kind into candidates; everything it leaves out gets a reason. */
export type Proposer = (finding: Finding, context: ProposerContext) => Proposal;
