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

export interface CycleRow {
  id: string;
  number: number;
  state: CycleState;
  scope: 'full' | 'incremental';
  /** Fencing epoch: every step of the cycle raises it by one, conditionally. */
  epoch: number;
  requestedBy: string;
  requestedAt: Date;
  dueAt: Date;
  windowFrom: Date | null;
  windowTo: Date | null;
  /** Trace that the noticed request started and the whole cycle continues. */
  traceId: string | null;
  outcome: Record<string, unknown> | null;
  finishedAt: Date | null;
}

export interface CycleRepository {
  /** Creates the next cycle unless one is open (not Learned, not Failed): then returns that one with created=false. */
  request(input: { id: string; scope: 'full' | 'incremental'; requestedBy: string; dueAt: Date }): Promise<{
    cycle: CycleRow;
    created: boolean;
  }>;
  get(id: string): Promise<CycleRow | null>;
  latest(limit: number): Promise<CycleRow[]>;
  /** Conditional on state and epoch; false when the row has moved on. */
  advance(
    id: string,
    epoch: number,
    from: CycleState,
    to: CycleState,
    patch?: Partial<Pick<CycleRow, 'windowFrom' | 'windowTo' | 'traceId' | 'outcome'>>,
  ): Promise<boolean>;
  /** End of the newest observed window: where the next incremental one begins. */
  watermark(): Promise<Date | null>;
  addObservation(row: { id: string; cycleId: string; document: ObservationDocument }): Promise<void>;
  observation(id: string): Promise<{ id: string; cycleId: string; document: ObservationDocument } | null>;
  observationOf(cycleId: string): Promise<{ id: string; document: ObservationDocument } | null>;
  addHypotheses(rows: HypothesisRow[]): Promise<void>;
  hypotheses(ids: string[]): Promise<HypothesisRow[]>;
  hypothesesOf(cycleId: string): Promise<HypothesisRow[]>;
  addRejected(cycleId: string, rows: RejectedCandidate[]): Promise<void>;
  rejectedOf(cycleId: string): Promise<RejectedCandidate[]>;
  rejectedSince(from: Date): Promise<(RejectedCandidate & { cycleId: string })[]>;
}

export interface HypothesisRow {
  id: string;
  cycleId: string;
  candidate: Candidate;
  planHash: string;
  value: number;
  selectionProbability: number;
  chosen: boolean;
}

export interface ActionRow {
  id: string;
  cycleId: string;
  hypothesisId: string;
  type: HypothesisType;
  target: string;
  targetClass: string;
  design: Design;
  actionClass: ActionClass;
  state: ActionState;
  version: number;
  planHash: string;
  parameters: Record<string, unknown>;
  /** Stored before anything is applied. */
  inverse: Record<string, unknown> | null;
  /** Hash of the target's state before the action, so that a revert can be proven. */
  snapshotHash: string | null;
  /** Executor's own progress (block no, drawn seed, timings). */
  progress: Record<string, unknown>;
  /** Fingerprint of what the plan rests on; a changed one ends a cool-down and makes an approval stale. */
  fingerprint: string | null;
  reason: string;
  verdict: Verdict | null;
  effect: EffectInterval | null;
  pairs: number;
  expected: Candidate['expected'];
  exposure: Candidate['exposure'];
  traceId: string | null;
  createdAt: Date;
  appliedAt: Date | null;
  concludedAt: Date | null;
  expiresAt: Date | null;
  approvedBy: string[];
}

export interface EvidencePairRow {
  actionId: string;
  pairNo: number;
  kind: 'AA' | 'AB';
  /** Milliseconds, in the order measured. */
  control: number[];
  treated: number[];
  errorsControl: number;
  errorsTreated: number;
  countControl: number;
  countTreated: number;
  order: 'control-first' | 'treated-first' | 'mixed';
  measuredAt: Date;
}

export interface ActionTransitionRow {
  actionId: string;
  seq: number;
  fromState: ActionState;
  toState: ActionState;
  event: string;
  reason: string;
  by: string;
  at: Date;
  traceId: string | null;
}

export interface ActionRepository {
  /** Unique by (cycle, hypothesis): a second create returns the first row. */
  create(
    row: Omit<
      ActionRow,
      'version' | 'createdAt' | 'appliedAt' | 'concludedAt' | 'verdict' | 'effect' | 'pairs' | 'approvedBy'
    >,
  ): Promise<ActionRow>;
  get(id: string): Promise<ActionRow | null>;
  list(filter: {
    states?: ActionState[];
    cycleId?: string;
    type?: HypothesisType;
    limit: number;
  }): Promise<ActionRow[]>;
  /** Conditional on version and state; writes the transition row in the same transaction; false when it moved on. */
  transition(
    current: Pick<ActionRow, 'id' | 'version' | 'state'>,
    to: ActionState,
    event: { name: string; reason: string; by: string; traceId: string | null },
    patch?: Partial<
      Pick<
        ActionRow,
        | 'inverse'
        | 'snapshotHash'
        | 'progress'
        | 'verdict'
        | 'effect'
        | 'pairs'
        | 'appliedAt'
        | 'concludedAt'
        | 'expiresAt'
        | 'approvedBy'
        | 'traceId'
      >
    >,
  ): Promise<boolean>;
  /** Progress within a state; conditional on version like a transition, without one. */
  saveProgress(
    current: Pick<ActionRow, 'id' | 'version' | 'state'>,
    progress: Record<string, unknown>,
  ): Promise<boolean>;
  transitions(id: string): Promise<ActionTransitionRow[]>;
  /** Unique by (action, kind, pairNo): a redelivered block adds nothing. Returns the rows added. */
  addEvidence(rows: EvidencePairRow[]): Promise<number>;
  evidence(actionId: string): Promise<EvidencePairRow[]>;
  /** Newest concluded action for each target, for cool-downs and "already settled". */
  settledTargets(): Promise<
    {
      type: HypothesisType;
      target: string;
      state: ActionState;
      concludedAt: Date;
      fingerprint: string | null;
      reverts: number;
    }[]
  >;
}

/** What is known of an arm, or over all arms of a type; counts fade, trials and harms do not. */
export interface BeliefRow {
  /** Arm key `type|target class|tenant group`, or the name of a type. */
  key: string;
  kind: 'arm' | 'type';
  successes: number;
  failures: number;
  gainCount: number;
  gainMean: number;
  gainM2: number;
  trials: number;
  harms: number;
  firstSeenCycle: number;
  lastTriedCycle: number | null;
  /** Cycle up to which the fading counts have been faded. */
  asOfCycle: number;
  version: number;
}

export interface BeliefRepository {
  all(): Promise<BeliefRow[]>;
  /** Conditional on version (0 = insert); false when another writer was first. */
  save(row: BeliefRow): Promise<boolean>;
}

export interface HistoryRepository {
  add(row: {
    id: string;
    actionId: string;
    cycleId: string;
    verdict: Verdict;
    netGainSeconds: number;
    successScore: number;
    document: Record<string, unknown>;
  }): Promise<void>;
  latest(limit: number): Promise<
    {
      id: string;
      actionId: string;
      cycleId: string;
      verdict: Verdict;
      netGainSeconds: number;
      successScore: number;
      document: Record<string, unknown>;
      at: Date;
    }[]
  >;
  /**
   * Seconds saved per hour, all actions together: each by its newest row, a gain only while the action is kept, what it
   * cost always.
   */
  netGain(): Promise<{ secondsPerHour: number; actions: number }>;
  addMetric(row: {
    cycleId: string;
    name: string;
    value: number;
    low: number | null;
    high: number | null;
    label: string;
  }): Promise<void>;
}
