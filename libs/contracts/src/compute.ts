/** States of a computation and of its chunks, as they stand in the store; the machines are in libs/compute. */
export const computationStates = [
  'Pending',
  'Running',
  'Pausing',
  'Paused',
  'Cancelling',
  'Cancelled',
  'Completed',
  'CompletedWithGaps',
  'Failed',
] as const;
export type ComputationState = (typeof computationStates)[number];

export const chunkStates = ['Pending', 'Leased', 'Done', 'Parked'] as const;
export type ChunkState = (typeof chunkStates)[number];

/** Work of the loop itself waits for everything that a user asked for. */
export const computeLanes = ['user', 'tuning'] as const;
export type ComputeLane = (typeof computeLanes)[number];
