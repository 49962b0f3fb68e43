import { NumericsError } from './errors.js';
import { requireInteger, requireSameLength } from './preconditions.js';

/** Digraph in compressed rows: the edges of node i are targets[offsets[i]] .. targets[offsets[i + 1] - 1]. */
export interface Graph {
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
  /** One weight per edge; absent means 1 each. */
  readonly weights?: Float64Array;
}

/**
 * Compressed rows from an edge list, order of edges kept within a node (counting sort, O(n + edges)).
 * Throws `GRAPH_SHAPE` for lists of unequal length and `GRAPH_INVALID` for an end outside [0, nodeCount).
 */
export function buildGraph(
  nodeCount: number,
  sources: ArrayLike<number>,
  targets: ArrayLike<number>,
  weights?: ArrayLike<number>,
): Graph {
  requireInteger('GRAPH', 'nodeCount', nodeCount, 0, 0xffffffff);
  requireSameLength('GRAPH', sources, targets);
  if (weights) requireSameLength('GRAPH', sources, weights);
  const edges = sources.length;
  const offsets = new Uint32Array(nodeCount + 1);
  for (let e = 0; e < edges; e++) {
    const ends = [sources[e], targets[e]];
    if (!ends.every((end) => Number.isInteger(end) && end >= 0 && end < nodeCount)) {
      throw new NumericsError('GRAPH_INVALID', `edge ${e} leaves the graph`, { edge: e, nodeCount });
    }
    offsets[sources[e] + 1]++;
  }
  for (let i = 0; i < nodeCount; i++) offsets[i + 1] += offsets[i];
  const cursor = offsets.slice(0, nodeCount);
  const sorted = new Uint32Array(edges);
  const sortedWeights = weights ? new Float64Array(edges) : undefined;
  for (let e = 0; e < edges; e++) {
    const at = cursor[sources[e]]++;
    sorted[at] = targets[e];
    if (sortedWeights && weights) sortedWeights[at] = weights[e];
  }
  return sortedWeights ? { offsets, targets: sorted, weights: sortedWeights } : { offsets, targets: sorted };
}
