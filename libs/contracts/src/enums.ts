/** Table enums: the values that stand in the store's text columns, checked there by constraints. */
export const services = ['analyze', 'hypothesize', 'act', 'learn', 'gateway'] as const;
export type ServiceName = (typeof services)[number];

export const cycleStates = ['Requested', 'Observed', 'Decided', 'Acting', 'Learned', 'Failed'] as const;
export type CycleState = (typeof cycleStates)[number];

export const hypothesisTypes = [
  'IndexOptimization',
  'QueryRegression',
  'CacheWarming',
  'ConceptDiscovery',
  'ModelRetraining',
  'CandidateVersion',
  'PruneModel',
  'Compression',
  'RefactorCode',
  'FixUX',
  'Placebo',
] as const;
export type HypothesisType = (typeof hypothesisTypes)[number];

export const actionClasses = ['A', 'B', 'C', 'D'] as const;
export type ActionClass = (typeof actionClasses)[number];

export const actionModes = ['Off', 'Observe', 'Recommend', 'Approve', 'Auto'] as const;
export type ActionMode = (typeof actionModes)[number];

export const designs = [
  'matched-key-pairs',
  'switchback',
  'replay',
  'before-after',
  'held-out',
  'split',
  'proposal',
] as const;
export type Design = (typeof designs)[number];

export const actionStates = [
  'Proposed',
  'Gated',
  'AwaitingApproval',
  'Rejected',
  'Expired',
  'Scheduled',
  'Applying',
  'Verifying',
  'Kept',
  'Unkept',
  'Reverting',
  'RevertedHarm',
  'RevertedNoBenefit',
  'Inconclusive',
  'RevertedByOperator',
  'FailedToApply',
  'FailedToRevert',
  'ProposalAccepted',
  'ProposalDismissed',
] as const;
export type ActionState = (typeof actionStates)[number];

/** What the measurement said; `Kept` and `Reverted*` also stand as states. */
export const verdicts = [
  'Kept',
  'RevertedHarm',
  'RevertedNoBenefit',
  'Inconclusive',
  'RevertedByOperator',
  'FailedToApply',
  'FailedToRevert',
  'Unkept',
  'Gated',
] as const;
export type Verdict = (typeof verdicts)[number];

export const requestOperations = [
  'search',
  'similar',
  'activate',
  'attend',
  'models',
  'ensemble',
  'path',
  'synthesise',
  'generate',
] as const;
export type RequestOperation = (typeof requestOperations)[number];

export const requestStatuses = ['ok', 'error', 'timeout'] as const;
export type RequestStatus = (typeof requestStatuses)[number];

export const atomKinds = ['code', 'text'] as const;
export type AtomKind = (typeof atomKinds)[number];

export const modalities = ['text', 'code', 'weights', 'session', 'image', 'audio', 'video'] as const;
export type Modality = (typeof modalities)[number];

export const scopes = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Scope = (typeof scopes)[number];

export const observationKinds = [
  'anomalous-requests',
  'unusual-inputs',
  'regression',
  'trend',
  'missing-index',
  'unused-index',
  'plan-regression',
  'frequent-reads',
  'idle-answers',
  'slow-places',
  'concepts',
  'concept-drift',
  'weak-weights',
  'duplicate-code',
  'failing-journeys',
  'feedback',
] as const;
export type ObservationKind = (typeof observationKinds)[number];
