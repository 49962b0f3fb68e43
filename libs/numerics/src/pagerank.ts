import { NumericsError } from './errors.js';
import type { Graph } from './graph.js';
import { requireInRange, requireInside, requireInteger, requireSameLength } from './preconditions.js';

/** Options of {@link pageRank}. */
export interface PageRankOptions {
  /** Probability of following a link; default 0.85. */
  damping?: number;
  /** Stops when the L1 change of an iteration is below this; default 1e-10. */
  tolerance?: number;
  /** Default 200. */
  maxIterations?: number;
  /** Restart weights per node (not negative, sum > 0); uniform by default. Dangling mass follows them too. */
  restart?: ArrayLike<number>;
}

/** Ranks sum to 1. `converged` is false when the iterations ran out. */
export interface PageRankResult {
  ranks: Float64Array;
  iterations: number;
  converged: boolean;
}

function restartVector(n: number, restart: ArrayLike<number> | undefined): Float64Array {
  if (!restart) return new Float64Array(n).fill(1 / n);
  const vector = Float64Array.from(restart);
  requireSameLength('PAGERANK', vector, { length: n });
  let sum = 0;
  for (const weight of vector) {
    requireInRange('PAGERANK', 'restart weight', weight, 0, Number.MAX_VALUE);
    sum += weight;
  }
  if (!(sum > 0)) throw new NumericsError('PAGERANK_INVALID', 'restart weights sum to zero');
  return vector.map((weight) => weight / sum);
}

/**
 * PageRank by power iteration (Brin & Page 1998) on a weighted digraph in compressed rows. The mass of nodes
 * without outgoing weight is handed to the restart distribution, so the ranks always sum to 1. Parallel edges
 * add; weights must not be negative. O(iterations x (n + edges)). An empty graph gives an empty result.
 * Throws `PAGERANK_INVALID`, `PAGERANK_SHAPE`.
 */
export function pageRank(graph: Graph, options: PageRankOptions = {}): PageRankResult {
  const { damping = 0.85, tolerance = 1e-10, maxIterations = 200 } = options;
  requireInRange('PAGERANK', 'damping', damping, 0, 1);
  requireInside('PAGERANK', 'tolerance', tolerance, 0, Infinity);
  requireInteger('PAGERANK', 'maxIterations', maxIterations, 1);
  const n = graph.offsets.length - 1;
  if (n <= 0) return { ranks: new Float64Array(0), iterations: 0, converged: true };
  const { offsets, targets, weights } = graph;
  const restart = restartVector(n, options.restart);
  const outWeight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let e = offsets[i]; e < offsets[i + 1]; e++) {
      const weight = weights ? weights[e] : 1;
      requireInRange('PAGERANK', 'edge weight', weight, 0, Number.MAX_VALUE);
      outWeight[i] += weight;
    }
  }
  let ranks = restart.slice();
  let next = new Float64Array(n);
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    next.fill(0);
    let dangling = 0;
    for (let i = 0; i < n; i++) {
      if (outWeight[i] === 0) {
        dangling += ranks[i];
        continue;
      }
      const share = ranks[i] / outWeight[i];
      for (let e = offsets[i]; e < offsets[i + 1]; e++)
        next[targets[e]] += share * (weights ? weights[e] : 1);
    }
    let sum = 0;
    for (let i = 0; i < n; i++) {
      next[i] = damping * (next[i] + dangling * restart[i]) + (1 - damping) * restart[i];
      sum += next[i];
    }
    let change = 0;
    for (let i = 0; i < n; i++) {
      next[i] /= sum;
      change += Math.abs(next[i] - ranks[i]);
    }
    [ranks, next] = [next, ranks];
    if (change < tolerance) return { ranks, iterations: iteration, converged: true };
  }
  return { ranks, iterations: maxIterations, converged: false };
}
