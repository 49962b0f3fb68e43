import type { RunContext } from './task-type.js';

/** The chunk was given up because its computation pauses, is cancelled or lost its lease; not a failure. */
export class ChunkStopped extends Error {
  override readonly name = 'ChunkStopped';
}

/** Throws when the chunk is no longer wanted. */
export function checkStopped(context: Pick<RunContext, 'stopped'>): void {
  if (context.stopped()) throw new ChunkStopped('the chunk was given up');
}
