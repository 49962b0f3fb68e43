import type { ComputationState } from '@hartonomous/contracts';

/** What a user may ask, and what the lane itself reports. */
export const computationVerbs = ['pause', 'resume', 'cancel', 'retry', 'rerun'] as const;
export type ComputationVerb = (typeof computationVerbs)[number];
export const computationEvents = [
  ...computationVerbs,
  'assessed',
  'drained',
  'completed',
  'completedWithGaps',
  'failed',
] as const;
export type ComputationEvent = (typeof computationEvents)[number];

/** A state = go there; `same` = already so, nothing to do; `refused` = not possible here, and said so. */
export type ComputationMove = ComputationState | 'same' | 'refused';

const ended = {
  pause: 'refused',
  resume: 'refused',
  cancel: 'refused',
  retry: 'refused',
  rerun: 'Running',
  assessed: 'same',
  drained: 'same',
  completed: 'same',
  completedWithGaps: 'same',
  failed: 'same',
} as const;

/** Total: a missing cell does not compile. `drained` = no worker holds a chunk any more. */
export const computationMachine: Record<ComputationState, Record<ComputationEvent, ComputationMove>> = {
  Pending: {
    pause: 'Paused',
    resume: 'same',
    cancel: 'Cancelled',
    retry: 'refused',
    rerun: 'refused',
    assessed: 'Running',
    drained: 'same',
    completed: 'refused',
    completedWithGaps: 'refused',
    failed: 'Failed',
  },
  Running: {
    pause: 'Pausing',
    resume: 'same',
    cancel: 'Cancelling',
    retry: 'Running',
    rerun: 'refused',
    assessed: 'same',
    drained: 'same',
    completed: 'Completed',
    completedWithGaps: 'CompletedWithGaps',
    failed: 'Failed',
  },
  Pausing: {
    pause: 'same',
    resume: 'Running',
    cancel: 'Cancelling',
    retry: 'refused',
    rerun: 'refused',
    assessed: 'same',
    drained: 'Paused',
    completed: 'Completed',
    completedWithGaps: 'CompletedWithGaps',
    failed: 'Failed',
  },
  Paused: {
    pause: 'same',
    resume: 'Running',
    cancel: 'Cancelled',
    retry: 'Running',
    rerun: 'refused',
    assessed: 'same',
    drained: 'same',
    completed: 'refused',
    completedWithGaps: 'refused',
    failed: 'Failed',
  },
  Cancelling: {
    pause: 'refused',
    resume: 'refused',
    cancel: 'same',
    retry: 'refused',
    rerun: 'refused',
    assessed: 'same',
    drained: 'Cancelled',
    completed: 'same',
    completedWithGaps: 'same',
    failed: 'same',
  },
  Cancelled: { ...ended, cancel: 'same' },
  Completed: { ...ended },
  CompletedWithGaps: { ...ended, retry: 'Running' },
  Failed: { ...ended, retry: 'Running' },
};

export function moveComputation(state: ComputationState, event: ComputationEvent): ComputationMove {
  return computationMachine[state][event];
}

/** No worker takes a chunk of a computation in another state. */
export const isRunnable = (state: ComputationState): boolean => state === 'Running';

const terminal: ReadonlySet<ComputationState> = new Set<ComputationState>([
  'Cancelled',
  'Completed',
  'CompletedWithGaps',
  'Failed',
]);

export const isTerminal = (state: ComputationState): boolean => terminal.has(state);
