export { bytesOf } from './bytes.js';
export { checksumOf, resultHash } from './checksum.js';
export { computeLimits } from './limits.js';
export {
  adaptSize,
  firstSize,
  planWave,
  type ChunkMode,
  type PlanBudget,
  type PlannedChunk,
  type PlanState,
} from './plan/chunk-plan.js';
export { chooseNext, type Candidate, type TenantUse } from './plan/fair-share.js';
export { etaOf, progressOf, type ChunkTiming, type Eta, type ProgressInput } from './plan/progress.js';
export { retryDelayMs } from './plan/retry.js';
export { chunksToVerify, isSampled } from './plan/verification.js';
export { countPrimes, listPrimes, unpackGaps, type PrimeGaps, type SieveEngine } from './primes/count.js';
export { LEGENDRE_MAX, primePi } from './primes/legendre.js';
export { checkedEstimate, parseParams, taskTypeOf, taskTypes, type CheckedEstimate } from './registry.js';
export { chunkEvents, chunkMachine, type ChunkEvent, type ChunkMove } from './states/chunk-machine.js';
export {
  computationEvents,
  computationMachine,
  computationVerbs,
  isRunnable,
  isTerminal,
  moveComputation,
  type ComputationEvent,
  type ComputationMove,
  type ComputationVerb,
} from './states/computation-machine.js';
export { ChunkStopped } from './stop.js';
export { parseSubmission, submissionSchema, type Submission } from './submission.js';
export {
  defineTaskType,
  type Document,
  type Estimate,
  type InputRequest,
  type Outcome,
  type Partial,
  type Round,
  type RunContext,
  type Span,
  type TaskType,
  type VectorInput,
} from './task-type.js';
export {
  foldPartials,
  heartbeatMs,
  leaseMs,
  needsPlanning,
  nextStep,
  ticketsFor,
  type LaneTallies,
  type LaneWork,
  type NextStep,
} from './lane/steps.js';
