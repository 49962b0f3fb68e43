export type TrainingStrategy = 'supervised' | 'feedback' | 'online' | 'adapter';
export type TrainingState = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Cancelled';

export interface TrainingJob {
  id: string;
  modelId: string;
  strategy: TrainingStrategy;
  params: Record<string, unknown>;
  state: TrainingState;
  version: number;
  /** The computation that carries it. */
  computationId: string | null;
  /** The version that it wrote. */
  resultModelId: string | null;
  samplesUsed: number;
  result: Record<string, unknown> | null;
  reason: string | null;
  requestedBy: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export type NewTrainingJob = Pick<TrainingJob, 'id' | 'modelId' | 'strategy' | 'params' | 'requestedBy'>;

export type TrainingPatch = Partial<
  Pick<TrainingJob, 'computationId' | 'resultModelId' | 'samplesUsed' | 'result' | 'reason'>
>;

export interface TrainingSample {
  id: string;
  prompt: string;
  output: string;
  source: 'import' | 'feedback' | 'loop';
  status: 'pending' | 'approved' | 'rejected';
  /** 0 to 10. */
  score: number | null;
  reviewer: string | null;
  reviewedAt: Date | null;
  version: number;
}

export type NewSample = Pick<TrainingSample, 'id' | 'prompt' | 'output' | 'source'>;

export interface SampleReview {
  approved: boolean;
  score: number;
  reviewer: string;
}

export interface Checkpoint {
  step: number;
  data: Buffer;
  /** Hex SHA-256 of the data. */
  hash: string;
}

/** What one run changed in a version of a model. */
export interface ModelUpdate {
  id: string;
  modelId: string;
  jobId: string | null;
  atomsChanged: number;
  learningRate: number;
  epochs: number;
  /** 0 to 1. */
  rewardMean: number | null;
  lossBefore: number | null;
  lossAfter: number | null;
  document: Record<string, unknown>;
}

/** Health of the gradients of one layer type in one epoch: norms before clipping. */
export interface GradientHealth {
  epoch: number;
  layerType: string;
  normMean: number;
  normMax: number;
  /** Atoms whose gradient was clipped. */
  clipped: number;
}

/** Jobs, reviewed samples, checkpoints, and what each run changed. */
export interface TrainingRepository {
  /** False when the job is there already. @throws HartoError NOT_FOUND when there is no such model */
  create(job: NewTrainingJob): Promise<boolean>;
  get(id: string): Promise<TrainingJob | null>;
  /** Newest first. */
  list(limit: number, states?: TrainingState[]): Promise<TrainingJob[]>;
  /** Conditional on version and state; false when the job has moved on. */
  move(
    current: Pick<TrainingJob, 'id' | 'version' | 'state'>,
    to: TrainingState,
    patch?: TrainingPatch,
  ): Promise<boolean>;
  /** Adds samples that are not there yet, by prompt and output; how many. */
  addSamples(rows: NewSample[]): Promise<number>;
  /** Oldest first. */
  pendingSamples(limit: number): Promise<TrainingSample[]>;
  /** Conditional on version; a review may be given anew. False when another reviewer was first. */
  review(current: Pick<TrainingSample, 'id' | 'version'>, review: SampleReview): Promise<boolean>;
  /** Approved samples from a score on that were reviewed since an instant, best first. */
  approvedSamples(minScore: number, reviewedSince: Date, limit: number): Promise<TrainingSample[]>;
  /** False when this step is kept already. @throws HartoError NOT_FOUND when there is no such job */
  saveCheckpoint(jobId: string, step: number, data: Uint8Array): Promise<boolean>;
  /** The newest one. @throws HartoError STORE_CORRUPT when its bytes are not what was saved */
  latestCheckpoint(jobId: string): Promise<Checkpoint | null>;
  /** Drops all but the newest `keep`; how many. */
  pruneCheckpoints(jobId: string, keep: number): Promise<number>;
  addUpdate(row: ModelUpdate): Promise<void>;
  /** Newest first. */
  updates(modelId: string, limit: number): Promise<(ModelUpdate & { at: Date })[]>;
  /** Written once per epoch and layer type; how many were new. */
  addGradients(jobId: string, rows: GradientHealth[]): Promise<number>;
  gradients(jobId: string): Promise<GradientHealth[]>;
}
