export interface ChunkTiming {
  cost: number;
  elapsedMs: number;
}

export interface ProgressInput {
  /** Estimate of the whole, in cost units. */
  totalCost: number;
  doneCost: number;
  /** Chunks under way: their cost and share. */
  running: { cost: number; share: number }[];
  /** What was shown before: progress never goes back. */
  previous: number;
}

/** Share of the work that is done, 0..1, weighted by the cost model and monotone; 1 only when finished. */
export function progressOf(input: ProgressInput): number {
  const partly = input.running.reduce((sum, chunk) => sum + chunk.cost * Math.min(1, chunk.share), 0);
  const share = (input.doneCost + partly) / Math.max(1, input.totalCost);
  return Math.max(input.previous, Math.min(0.999, share));
}

/** Milliseconds left: the expectation and a band that holds it with 80 %. */
export interface Eta {
  ms: number;
  lowMs: number;
  highMs: number;
}

/** Standard normal quantile at 0.9. */
const Z90 = 1.2816;
/** Relative half-width that no band undercuts: other work on the machine is not in the samples. */
const BAND_MIN = 0.05;

/**
 * Remaining time on `workers` from finished chunks. With k chunks left and n seen, the error of the total is that of
 * k draws plus that of the mean: sd * sqrt(k + k^2 / n). Null before the first chunk.
 */
export function etaOf(remainingCost: number, timings: ChunkTiming[], workers: number): Eta | null {
  if (timings.length === 0) return null;
  const rates = timings.map(({ cost, elapsedMs }) => elapsedMs / Math.max(1, cost));
  const cost = timings.reduce((sum, timing) => sum + timing.cost, 0);
  const rate = timings.reduce((sum, timing) => sum + timing.elapsedMs, 0) / Math.max(1, cost);
  const ms = (remainingCost * rate) / Math.max(1, workers);
  if (rates.length < 2) return { ms, lowMs: ms / 2, highMs: ms * 2 };
  const variance = rates.reduce((sum, value) => sum + (value - rate) ** 2, 0) / (rates.length - 1);
  const chunkCost = cost / timings.length;
  const left = remainingCost / Math.max(1, chunkCost);
  const spread = (chunkCost * Math.sqrt(variance) * Math.sqrt(left + left ** 2 / rates.length)) / workers;
  const half = Math.max(Z90 * spread, BAND_MIN * ms);
  return { ms, lowMs: Math.max(0, ms - half), highMs: ms + half };
}
