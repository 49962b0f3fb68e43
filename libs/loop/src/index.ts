export {
  actionEvents,
  actionTable,
  isConcluded,
  isInPlace,
  isSettled,
  revertCauses,
  revertedStateOf,
  settledStates,
  stepAction,
  type ActionCell,
  type ActionEvent,
  type ActionOutcome,
  type ActionRow,
  type ActionSnapshot,
  type ActionTable,
  type IgnoreReason,
  type RefusalReason,
  type RevertCause,
} from './action-machine.js';
export {
  cycleEventTypes,
  cycleTable,
  isReadyToLearn,
  stepCycle,
  type CycleCell,
  type CycleEvent,
  type CycleEventType,
  type CycleIgnoreReason,
  type CycleOutcome,
  type CycleRefusalReason,
  type CycleSnapshot,
  type CycleTable,
} from './cycle-machine.js';
export { assess, assessEvidence, verdictOfDecision } from './measurement/assess.js';
export type { Assessment, EffectBounds } from './measurement/assessment.js';
export {
  assessBeforeAfter,
  placebosMin,
  type BeforeAfterResult,
  type Window,
} from './measurement/before-after.js';
export { blockStatistic, scaleOf } from './measurement/block-statistic.js';
export { addPair, freshEvidence, type Evidence, type PairRow } from './measurement/evidence.js';
export {
  allowedErrorShare,
  errorEvidence,
  errorGuardrailFired,
  foldErrors,
  foldP99,
  freshErrorGuardrail,
  freshP99Guardrail,
  guardrailStatus,
  p99GuardrailFired,
  type ErrorGuardrail,
  type GuardrailStatus,
  type P99Guardrail,
} from './measurement/guardrails.js';
export { effectOf, metrics, type Metric } from './measurement/metrics.js';
export {
  defaultGuardrails,
  defaultMeasurement,
  measurementOf,
  type GuardrailSettings,
  type MeasurementSettings,
} from './measurement/settings.js';
export {
  decide,
  decisions,
  type Decision,
  type DecisionCode,
  type MeasurementContext,
  type Ruling,
} from './measurement/stopping-rule.js';
export {
  bucketOf,
  coolDownMs,
  coolDownOf,
  defaultCadence,
  isHeldOut,
  isHoldOutBucket,
  isPlaceboCycle,
  nextCycleDelayMs,
  requestKeyBuckets,
  scaledMs,
  type CadenceSettings,
  type CoolDown,
  type TargetHistory,
} from './cadence.js';
export {
  armsOfBlock,
  pairKeys,
  replayOrder,
  switchbackBlockMsMin,
  switchbackDiscard,
  switchbackOrder,
  switchbackWindow,
  type Arm,
  type BlockWindow,
  type KeyPair,
  type KeyTraffic,
} from './pairing.js';
export { rngOfText, stableHash32 } from './random.js';
export {
  autonomyOf,
  defaultAutonomy,
  defaultModeOf,
  type Autonomy,
  type AutonomyRun,
  type AutonomySettings,
} from './autonomy.js';
export {
  approvalExpiresAtMs,
  defaultApproval,
  redeemApproval,
  voteOnApproval,
  type ApprovalOutcome,
  type ApprovalRefusal,
  type ApprovalRequest,
  type ApprovalSettings,
  type ApprovalVote,
} from './approval.js';
export {
  checkLimits,
  defaultLimits,
  type LimitCheck,
  type LimitCode,
  type LimitSettings,
  type LoopLoad,
  type PlanScope,
} from './limits.js';
export {
  calibrationOf,
  defaultLearning,
  honestNetGain,
  isTrainingEligible,
  provenGain,
  rescore,
  rescoresDue,
  runningCostPerHour,
  successScore,
  trialOutcomeOf,
  verdictsDiffer,
  type Calibration,
  type CostsOfAction,
  type ForecastOutcome,
  type LearningSettings,
  type MeasuredEffect,
  type NetGain,
  type Rescoring,
  type RunningUse,
} from './learning.js';
export {
  armKeyOf,
  defaultBandit,
  fadeTo,
  freshArm,
  freshType,
  learnArm,
  learnType,
  meanRates,
  posteriorOf,
  priorOf,
  type ArmBelief,
  type ArmPrior,
  type ArmRates,
  type BanditSettings,
  type GainMoments,
  type TrialOutcome,
  type TypeBelief,
} from './bandit/belief.js';
export {
  rankCandidates,
  rejectionCodes,
  type Chosen,
  type RankContext,
  type RankInput,
  type Ranking,
  type RejectionCode,
  type TargetRefusal,
} from './bandit/rank.js';
export {
  isSafeArm,
  overdueArm,
  scoreOptions,
  type Option,
  type Policy,
  type Scored,
} from './bandit/select.js';
export { valuePerHour, type Economics } from './bandit/value.js';
export { armsScenario, compareArms, type ArmsFigures, type TrueArm } from './simulation/arms-scenario.js';
export {
  simulateErrorGuardrail,
  type GuardrailFigures,
  type GuardrailScenario,
} from './simulation/guardrail-simulation.js';
export {
  powerCurveRatios,
  simulatePowerCurve,
  simulateReference,
  type ReferenceFigures,
  type ReferenceScenario,
} from './simulation/reference-simulation.js';
export {
  referenceWorkload,
  type ReferenceWorkload,
  type TrueEffect,
} from './simulation/reference-workload.js';
export {
  simulateLoop,
  syntheticWorld,
  type LoopSimulationOptions,
  type LoopSimulationReport,
  type PolicyFigures,
  type TrueType,
} from './simulation/loop-simulation.js';
