import { NumericsError } from './errors.js';
import type { Graph } from './graph.js';
import { requireInRange, requireInteger } from './preconditions.js';

/** Distances from the sources (Infinity when unreachable) and the node before each on a shortest path (-1: none). */
export interface ShortestPaths {
  distances: Float64Array;
  previous: Int32Array;
}

/** Binary heap of nodes by distance, with decrease-key through positions. */
class NodeHeap {
  private readonly nodes: Uint32Array;
  private readonly positions: Int32Array;
  size = 0;

  constructor(private readonly keys: Float64Array) {
    this.nodes = new Uint32Array(keys.length);
    this.positions = new Int32Array(keys.length).fill(-1);
  }

  /** Inserts a node, or moves it up after its key fell. */
  raise(node: number): void {
    let at = this.positions[node] < 0 ? this.size++ : this.positions[node];
    const key = this.keys[node];
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.keys[this.nodes[parent]] <= key) break;
      this.place(this.nodes[parent], at);
      at = parent;
    }
    this.place(node, at);
  }

  take(): number {
    const top = this.nodes[0];
    const last = this.nodes[--this.size];
    if (this.size === 0) return top;
    const key = this.keys[last];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.keys[this.nodes[child + 1]] < this.keys[this.nodes[child]]) child++;
      if (this.keys[this.nodes[child]] >= key) break;
      this.place(this.nodes[child], at);
      at = child;
    }
    this.place(last, at);
    return top;
  }

  private place(node: number, at: number): void {
    this.nodes[at] = node;
    this.positions[node] = at;
  }
}

/**
 * Shortest paths from one or several sources over non-negative edge weights (1 each when the graph has none).
 * Dijkstra 1959 with a binary heap: O((n + edges) log n). Stops early at `target` when given.
 * Throws `DIJKSTRA_INVALID` for a node outside the graph or a negative weight.
 */
export function dijkstra(graph: Graph, sources: number | ArrayLike<number>, target = -1): ShortestPaths {
  const { offsets, targets, weights } = graph;
  const n = offsets.length - 1;
  const distances = new Float64Array(n).fill(Infinity);
  const previous = new Int32Array(n).fill(-1);
  const heap = new NodeHeap(distances);
  for (const source of typeof sources === 'number' ? [sources] : Array.from(sources)) {
    requireInteger('DIJKSTRA', 'source', source, 0, n - 1);
    distances[source] = 0;
    heap.raise(source);
  }
  while (heap.size > 0) {
    const node = heap.take();
    if (node === target) break;
    for (let e = offsets[node]; e < offsets[node + 1]; e++) {
      const weight = weights ? weights[e] : 1;
      requireInRange('DIJKSTRA', 'edge weight', weight, 0, Infinity);
      const distance = distances[node] + weight;
      if (distance >= distances[targets[e]]) continue;
      distances[targets[e]] = distance;
      previous[targets[e]] = node;
      heap.raise(targets[e]);
    }
  }
  return { distances, previous };
}

/** Nodes of a shortest path from its source to `target`, both included; empty when unreachable. O(length). */
export function pathTo(paths: ShortestPaths, target: number): Uint32Array {
  requireInteger('DIJKSTRA', 'target', target, 0, paths.distances.length - 1);
  if (paths.distances[target] === Infinity) return new Uint32Array(0);
  const nodes: number[] = [];
  for (let node = target; node >= 0; node = paths.previous[node]) {
    nodes.push(node);
    if (nodes.length > paths.previous.length)
      throw new NumericsError('DIJKSTRA_CYCLE', 'previous nodes cycle');
  }
  return Uint32Array.from(nodes.reverse());
}
