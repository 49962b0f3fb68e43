import type { ChunkState } from '@hartonomous/contracts';

/**
 * `released` = given back because the computation stops; `expired` = its worker went silent; `exhausted` = failed for
 * the last allowed time; `doubted` = its verification found another result.
 */
export const chunkEvents = [
  'claimed',
  'completed',
  'failed',
  'exhausted',
  'expired',
  'released',
  'doubted',
  'retried',
  'rerun',
] as const;
export type ChunkEvent = (typeof chunkEvents)[number];

export type ChunkMove = ChunkState | 'refused';

const nothing: Record<ChunkEvent, ChunkMove> = {
  claimed: 'refused',
  completed: 'refused',
  failed: 'refused',
  exhausted: 'refused',
  expired: 'refused',
  released: 'refused',
  doubted: 'refused',
  retried: 'refused',
  rerun: 'refused',
};

/** Total over states and events; every move out of Leased also checks the fence. */
export const chunkMachine: Record<ChunkState, Record<ChunkEvent, ChunkMove>> = {
  Pending: { ...nothing, claimed: 'Leased' },
  Leased: {
    ...nothing,
    completed: 'Done',
    failed: 'Pending',
    exhausted: 'Parked',
    expired: 'Pending',
    released: 'Pending',
  },
  Done: { ...nothing, doubted: 'Pending', rerun: 'Pending' },
  Parked: { ...nothing, retried: 'Pending', rerun: 'Pending' },
};
