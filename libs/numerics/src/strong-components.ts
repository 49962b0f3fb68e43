import type { Graph } from './graph.js';

/** Component of every node. Components are numbered so that edges between them go from higher to lower numbers. */
export interface StrongComponents {
  labels: Uint32Array;
  count: number;
}

/**
 * Strongly connected components (Tarjan 1972) with an explicit stack: no recursion, so a path of a million nodes
 * is as safe as a short one. O(n + edges); numbering is reverse topological.
 */
export function strongComponents(graph: Graph): StrongComponents {
  const { offsets, targets } = graph;
  const n = offsets.length - 1;
  const labels = new Uint32Array(Math.max(0, n));
  const order = new Uint32Array(n);
  const low = new Uint32Array(n);
  const onStack = new Uint8Array(n);
  const cursor = offsets.slice(0, n);
  const calls = new Uint32Array(n);
  const stack = new Uint32Array(n);
  let depth = 0;
  let height = 0;
  let clock = 0;
  let count = 0;
  const enter = (node: number): void => {
    order[node] = low[node] = ++clock;
    stack[height++] = node;
    onStack[node] = 1;
    calls[depth++] = node;
  };
  for (let root = 0; root < n; root++) {
    if (order[root] !== 0) continue;
    enter(root);
    while (depth > 0) {
      const node = calls[depth - 1];
      if (cursor[node] < offsets[node + 1]) {
        const next = targets[cursor[node]++];
        if (order[next] === 0) enter(next);
        else if (onStack[next] && order[next] < low[node]) low[node] = order[next];
        continue;
      }
      depth--;
      if (depth > 0 && low[node] < low[calls[depth - 1]]) low[calls[depth - 1]] = low[node];
      if (low[node] !== order[node]) continue;
      let member: number;
      do {
        member = stack[--height];
        onStack[member] = 0;
        labels[member] = count;
      } while (member !== node);
      count++;
    }
  }
  return { labels, count };
}
