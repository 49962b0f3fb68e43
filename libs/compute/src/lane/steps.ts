import type { Partial, TaskType } from '../task-type.js';

/** Where a running computation stands, as the ledger says. */
export interface LaneWork {
  /** Last number of the round, and the first that no chunk covers yet. */
  hi: number;
  next: number;
  verifying: boolean;
}

export interface LaneTallies {
  pending: number;
  leased: number;
}

export type NextStep = 'wait' | 'plan' | 'verify' | 'conclude';

/** Chunks that should be at hand for each worker: one under way and one to take next. */
const AHEAD = 2;

/** Is it time to cut more chunks? */
export function needsPlanning(work: LaneWork, { pending, leased }: LaneTallies, workers: number): boolean {
  return work.next <= work.hi && pending + leased < AHEAD * workers;
}

/** What follows when a chunk has ended. */
export function nextStep(work: LaneWork, tallies: LaneTallies, workers: number): NextStep {
  if (needsPlanning(work, tallies, workers)) return 'plan';
  if (work.next <= work.hi || tallies.pending + tallies.leased > 0) return 'wait';
  return work.verifying ? 'conclude' : 'verify';
}

/**
 * Messages that ask a worker for its next chunk, to be added when `fresh` chunks were planned. Each one asks again
 * after its chunk, so as many live as there are workers, and one waiting for each.
 */
export function ticketsFor({ pending, leased }: LaneTallies, fresh: number, workers: number): number {
  return Math.max(0, Math.min(fresh, AHEAD * workers - leased - pending));
}

/** Milliseconds between two signs of life of a chunk: a third of its target, and often enough to stop in time. */
export function heartbeatMs(targetMs: number): number {
  return Math.min(1000, Math.floor(targetMs / 3));
}

/** How long a lease lasts without one: four beats, so that one lost beat costs nothing. */
export function leaseMs(targetMs: number): number {
  return Math.max(4000, 4 * heartbeatMs(targetMs));
}

/** Everything a round found; null when no chunk was finished. */
export function foldPartials(type: TaskType, partials: Iterable<Partial>): Partial | null {
  let merged: Partial | null = null;
  for (const partial of partials) merged = merged ? type.merge(merged, partial) : partial;
  return merged;
}
