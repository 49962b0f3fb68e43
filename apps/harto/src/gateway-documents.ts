import type {
  ActionClass,
  ActionState,
  Candidate,
  CycleState,
  Design,
  EffectInterval,
  HypothesisType,
  ObservationDocument,
  RejectedCandidate,
  Verdict,
} from '@hartonomous/contracts';

/** Documents of the gateway's API as they arrive: instants are ISO 8601 text. */
export interface CycleShown {
  id: string;
  number: number;
  state: CycleState;
  scope: 'full' | 'incremental';
  requestedBy: string;
  requestedAt: string;
  dueAt: string;
  windowFrom: string | null;
  windowTo: string | null;
  traceId: string | null;
  outcome: Record<string, unknown> | null;
  finishedAt: string | null;
}

export interface ActionShown {
  id: string;
  cycleId: string;
  type: HypothesisType;
  target: string;
  design: Design;
  actionClass: ActionClass;
  state: ActionState;
  planHash: string;
  reason: string;
  verdict: Verdict | null;
  effect: EffectInterval | null;
  pairs: number;
  traceId: string | null;
  createdAt: string;
  concludedAt: string | null;
  expiresAt: string | null;
}

export interface ActionDetail extends ActionShown {
  inverse: Record<string, unknown> | null;
  transitions: { seq: number; fromState: string; toState: string; reason: string; by: string; at: string }[];
  evidence: { pairNo: number; kind: 'AA' | 'AB' }[];
}

export interface CycleDetail extends CycleShown {
  observation: { id: string; document: ObservationDocument } | null;
  hypotheses: {
    id: string;
    candidate: Candidate;
    value: number;
    selectionProbability: number;
    chosen: boolean;
  }[];
  rejected: RejectedCandidate[];
  actions: ActionShown[];
}

export type RejectedShown = RejectedCandidate & { cycleId: string };

export interface StatusShown {
  at: string;
  services: { service: string; alive: boolean; instances: number; secondsSinceSeen: number | null }[];
  killSwitch: { on: boolean; reason: string | null; by: string | null; since: string | null };
  cycle: CycleShown | null;
  nextCycleAt: string | null;
  waiting: { outbox: number; oldestSeconds: number };
  awaitingApproval: number;
  corpus: { files: number; atoms: number };
  kept: { id: string; type: string; target: string; effect: EffectInterval | null }[];
  benefit: { keySplittable: DifferenceShown | null; global: DifferenceShown | null };
  netGain: NetGainShown;
}

export interface NetGainShown {
  secondsPerHour: number;
  actions: number;
}

/** What Learn wrote of an action, when it was concluded or measured again. */
export interface ImprovementShown {
  actionId: string;
  verdict: Verdict;
  netGainSeconds: number;
  successScore: number;
  document: { what?: string; why?: string; reason?: string; rescoredAfterHours?: number };
  at: string;
}

/** Latency with what the loop kept over latency without it. */
export interface DifferenceShown {
  ratio: number;
  low: number | null;
  high: number | null;
  label: string;
  at: string;
}
