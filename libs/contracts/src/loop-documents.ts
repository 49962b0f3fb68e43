import type { ActionClass, Design, HypothesisType, ObservationKind, Verdict } from './enums.js';

/** What Analyze noticed. Counts are of all rows; a statistic from a sample says so. */
export interface Finding {
  kind: ObservationKind;
  summary: string;
  severity: number;
  /** Ids of the rows the finding rests on (requests, statements, keys), at most 200; `rowCount` is the whole. */
  rowIds: string[];
  rowCount: number;
  /** Kind-specific facts; each executor documents what it reads. */
  facts: Record<string, unknown>;
}

/** Findings with one cause, as far as they share a stratum, a table or a statement. */
export interface Incident {
  /** 0..1; the cadence of the loop follows their sum. */
  severity: number;
  /** Positions in the observation's list of findings. */
  findings: number[];
  scopes: string[];
}

export interface Stratum {
  operation: string;
  model: string;
  /** Requests of so many tokens; null where they were not counted, absent in observations of earlier versions. */
  sizeClass?: string | null;
  count: number;
  errors: number;
  p50Ms: number | null;
  p90Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  cacheHitRate: number | null;
  /** Of the operation and model, all sizes together. */
  meanRating: number | null;
}

export interface ObservationDocument {
  scope: 'full' | 'incremental';
  windowFrom: string;
  windowTo: string;
  strata: Stratum[];
  findings: Finding[];
  /** Absent in observations of earlier versions. */
  incidents?: Incident[];
  /** Sources that could not be read, by name: absence of a finding there is "no data", not "no problem". */
  unavailable: string[];
}

/** A change to try, with everything needed to gate, run, measure and undo it. */
export interface Candidate {
  type: HypothesisType;
  /** Human-readable and unique per object touched, e.g. `atom_term(tenant_id, term)`. */
  target: string;
  targetClass: string;
  design: Design;
  actionClass: ActionClass;
  blastRadius: string;
  undoTime: string;
  /** Executor parameters; hashed into the plan. */
  parameters: Record<string, unknown>;
  reason: string;
  evidence: { findingKinds: ObservationKind[]; rowIds: string[] };
  expected: { metric: 'latency'; direction: 'lower'; size: number; low: number; high: number };
  /** Requests an hour the change touches, and their mean seconds. */
  exposure: { requestsPerHour: number; meanSeconds: number };
  costSeconds: number;
  risk: string;
  inverse: Record<string, unknown>;
}

export interface RejectedCandidate {
  type: HypothesisType;
  target: string;
  reason: string;
  /** Stable reason code, e.g. `cooling-down`, `unavailable`, `value-not-positive`. */
  reasonCode: string;
}

/**
 * What the console and `--json` show of an effect: ratio of latency, treated over control, with its 95 % interval. An
 * end that the evidence does not bound yet is null; a kept action has both.
 */
export interface EffectInterval {
  estimate: number;
  low: number | null;
  high: number | null;
  unit: string;
}

/** `npm start -- --once --json`: kept stable. */
export interface OnceReport {
  ended: 'verdicts' | 'nothing-worth-trying' | 'time';
  corpus: { files: number; atoms: number };
  workload: { requests: number };
  cycles: number;
  actions: {
    id: string;
    run: 'this' | 'earlier';
    type: HypothesisType;
    target: string;
    design: Design;
    pairs: number;
    effect: EffectInterval | null;
    verdict: Verdict | null;
    reason: string;
    traceId: string | null;
  }[];
  rejected: { type: HypothesisType; reason: string }[];
  console: string;
}
