import { computeLimits } from '../limits.js';
import type { Round, Span, TaskType, VectorInput } from '../task-type.js';

/** How big chunks are: by time (default) or a fixed count of numbers (the classic 10,000). */
export type ChunkMode = { mode: 'time'; targetMs: number } | { mode: 'fixed'; size: number };

/** Where planning stands; stored with the computation. */
export interface PlanState {
  /** First number of the round that no chunk covers yet. */
  next: number;
  /** Chunks planned so far, all rounds together; also the next chunk's number. */
  planned: number;
  /** Cost (nanoseconds of a usual core) that the next chunk should have; 0 = not known yet. */
  size: number;
}

export interface PlanBudget {
  workers: number;
  /** Chunks to plan in this wave, at most. */
  wave: number;
  mode: ChunkMode;
}

export interface PlannedChunk extends Span {
  no: number;
  cost: number;
}

const clip = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** size x clip(target / observed, 0.5, 2): the next size after chunks of `size` took `observedMs`. */
export function adaptSize(size: number, targetMs: number, observedMs: number): number {
  return size * clip(targetMs / Math.max(observedMs, 1e-3), 0.5, 2);
}

/** Cost of the first chunks: the target on a usual core, but at least two chunks a worker. */
export function firstSize(total: number, budget: PlanBudget): number {
  const target = budget.mode.mode === 'time' ? budget.mode.targetMs : computeLimits.targetMs;
  return Math.min(target * 1e6, total / (computeLimits.chunksPerWorkerMin * budget.workers));
}

/** The last chunks are so much shorter than the others at most. */
const taper = 8;

/**
 * Numbers the chunk that begins at `next` should cover: as many as `size` stands for, but always two chunks a worker of
 * what is left, so that no worker waits long for the last chunk of another (guided self-scheduling, Polychronopoulos
 * and Kuck 1987).
 */
function chunkUnits(
  round: Round,
  roundCost: number,
  { next, planned, size }: PlanState,
  budget: PlanBudget,
): number {
  if (round.indivisible) return 1;
  if (budget.mode.mode === 'fixed') return budget.mode.size;
  const units = round.hi - round.lo + 1;
  const left = round.hi - next + 1;
  const wanted = Math.max(1, Math.floor((size / Math.max(roundCost, 1)) * units));
  const share = Math.ceil(left / (computeLimits.chunksPerWorkerMin * budget.workers));
  // Never more chunks than the computation may have.
  const least = Math.ceil(left / Math.max(1, computeLimits.chunksMax - planned));
  return Math.max(least, Math.min(wanted, Math.max(share, Math.ceil(wanted / taper))));
}

/** The next wave of a round: chunks that tile it without gap or overlap, and the state after them. */
export function planWave(
  type: TaskType,
  params: unknown,
  round: Round,
  input: VectorInput | null,
  state: PlanState,
  budget: PlanBudget,
): { chunks: PlannedChunk[]; state: PlanState } {
  const roundCost = type.cost(params, round, input);
  const size = state.size > 0 ? state.size : firstSize(roundCost, budget);
  const chunks: PlannedChunk[] = [];
  let { next, planned } = state;
  while (next <= round.hi && chunks.length < budget.wave && planned < computeLimits.chunksMax) {
    const lo = next;
    const hi = Math.min(round.hi, lo + chunkUnits(round, roundCost, { next, planned, size }, budget) - 1);
    const span = { round: round.round, lo, hi };
    chunks.push({ ...span, no: planned, cost: Math.max(1, Math.round(type.cost(params, span, input))) });
    planned++;
    next = hi + 1;
  }
  return { chunks, state: { next, planned, size } };
}
