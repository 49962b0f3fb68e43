import type { TrainingRepository } from '../port/training.js';
import type { TenantContext } from './context.js';
import { trainingJobs } from './training-jobs.js';
import { checkpoints, trainingRuns } from './training-runs.js';
import { trainingSamples } from './training-samples.js';

export function trainingRepository(context: TenantContext): TrainingRepository {
  return {
    ...trainingJobs(context),
    ...trainingSamples(context),
    ...checkpoints(context),
    ...trainingRuns(context),
  };
}
