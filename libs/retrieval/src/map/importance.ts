import { buildGraph, pageRank } from '@hartonomous/numerics';

/** Directed, weighted references between nodes 0..nodes-1, grouped by source in ascending order. */
export interface ReferenceEdges {
  nodes: number;
  sources: number[];
  targets: number[];
  weights: number[];
}

const Z_LOW = -10;
const Z_SPAN = 20;

/**
 * Importance of each node in [-10, 10]: PageRank over the references, rank-scaled; nodes of equal PageRank share the
 * mean of their ranks, a lone node stands at 0. O(edges x iterations + n log n).
 */
export function importanceOf(edges: ReferenceEdges): Float64Array {
  const { nodes } = edges;
  const { ranks } = pageRank(buildGraph(nodes, edges.sources, edges.targets, edges.weights), {
    tolerance: 1e-9,
  });
  const order = Uint32Array.from({ length: nodes }, (_, i) => i).sort((a, b) => ranks[a] - ranks[b] || a - b);
  const z = new Float64Array(nodes);
  for (let from = 0; from < nodes;) {
    let to = from;
    while (to + 1 < nodes && ranks[order[to + 1]] === ranks[order[from]]) to++;
    const share = nodes > 1 ? (from + to) / 2 / (nodes - 1) : 0.5;
    for (let i = from; i <= to; i++) z[order[i]] = Z_LOW + Z_SPAN * share;
    from = to + 1;
  }
  return z;
}
