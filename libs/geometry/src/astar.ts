import { adjacency } from './delaunay.js';
import { GeometryError } from './geometry-error.js';
import { KdTree, type Neighbours } from './kd-tree.js';
import { MinQueue } from './min-queue.js';
import type { Region } from './region.js';
import { euclidean } from './vectors.js';

/** An undirected graph over points; edges are found when asked for. */
export interface NeighbourhoodGraph {
  readonly n: number;
  readonly dims: number;
  /** Flat, n * dims. */
  readonly points: Float64Array;
  /** Neighbours of point i and the lengths of the edges to them, itself left out. */
  edges(i: number): Neighbours;
}

/** Points within `radius` of each other are joined; nothing is stored. @throws GeometryError KDTREE_* */
export function radiusGraph(points: Float64Array, dims: number, radius: number): NeighbourhoodGraph {
  const tree = new KdTree(points, dims);
  return {
    n: tree.n,
    dims,
    points,
    edges(i) {
      const { ids, distances } = tree.radius(points.subarray(i * dims, (i + 1) * dims), radius);
      const keep = (_: number, e: number): boolean => ids[e] !== i;
      return { distances: distances.filter(keep), ids: ids.filter(keep) };
    },
  };
}

/** Each point is joined to its k nearest, in both directions (the union, so it is symmetric). @throws KDTREE_* */
export function nearestGraph(points: Float64Array, dims: number, k: number): NeighbourhoodGraph {
  const tree = new KdTree(points, dims);
  const { n } = tree;
  const table = tree.knnBatch(points, k + 1);
  const pairs = new Set<number>();
  for (let i = 0; i < n; i++) {
    let taken = 0;
    for (let e = i * (k + 1); e < (i + 1) * (k + 1) && taken < k; e++) {
      const j = table.ids[e];
      if (j === i || j >= n) continue;
      taken++;
      pairs.add(Math.min(i, j) * n + Math.max(i, j));
    }
  }
  const flat = Array.from(pairs).flatMap((pair) => [Math.floor(pair / n), pair % n]);
  const { neighbourStart, neighbours } = adjacency(n, flat);
  return {
    n,
    dims,
    points,
    edges(i) {
      const ids = neighbours.subarray(neighbourStart[i], neighbourStart[i + 1]);
      const here = points.subarray(i * dims, (i + 1) * dims);
      const distances = Float64Array.from(ids, (j) =>
        euclidean(here, points.subarray(j * dims, (j + 1) * dims)),
      );
      return { ids, distances };
    },
  };
}

export interface SearchOptions {
  /** 0 Dijkstra, 1 A* (default), above 1 weighted: faster, cost at most `weight` times the best. */
  readonly weight?: number;
  /** Points taken from the queue before the search gives up; default 100,000. */
  readonly maxExpansions?: number;
  /** Cost of an edge, at least costFloor * length; default its length. */
  readonly cost?: (from: number, to: number, length: number) => number;
  /** Cheapest possible cost per unit of length, which keeps the heuristic admissible; default 1. */
  readonly costFloor?: number;
}

export interface SearchResult {
  readonly status: 'found' | 'unreachable' | 'exhausted';
  /** Points from the start to the first one inside the goal; empty unless found. */
  readonly path: Uint32Array;
  /** Infinity unless found. */
  readonly cost: number;
  readonly expanded: number;
}

const DEFAULT_EXPANSIONS = 100_000;
/** Relative rounding allowed between a heuristic's fall and an edge's cost. */
const CONSISTENCY_SLACK = 1e-9;

/**
 * Cheapest path from a point into a region: A* (Hart, Nilsson, Raphael 1968) with the distance to the region as
 * heuristic, over a graph that need not be stored. With a consistent heuristic every point is expanded once; a
 * heuristic that falls by more than an edge costs is refused when met. O(expanded * (degree + log expanded)).
 * @throws GeometryError ASTAR_BAD_START, ASTAR_BAD_OPTION, ASTAR_COST_TOO_LOW, ASTAR_INADMISSIBLE
 */
export function findPath(
  graph: NeighbourhoodGraph,
  start: number,
  goal: Region,
  options: SearchOptions = {},
): SearchResult {
  const { weight = 1, maxExpansions = DEFAULT_EXPANSIONS, cost, costFloor = 1 } = options;
  if (!Number.isInteger(start) || start < 0 || start >= graph.n) {
    throw new GeometryError('ASTAR_BAD_START', 'start is no point of the graph', { start, n: graph.n });
  }
  if (
    !(weight >= 0 && weight < Infinity) ||
    !(maxExpansions >= 0) ||
    !(costFloor >= 0 && costFloor < Infinity)
  ) {
    throw new GeometryError('ASTAR_BAD_OPTION', 'weight, maxExpansions and costFloor are not negative', {
      weight,
    });
  }
  const heuristic = rememberedHeuristic(graph, goal, costFloor);
  const best = new Map<number, number>([[start, 0]]);
  const parent = new Map<number, number>();
  const closed = new Set<number>();
  const queue = new MinQueue();
  queue.push(weight * heuristic(start), start);
  let expanded = 0;
  for (let entry = queue.pop(); entry !== null; entry = queue.pop()) {
    const i = entry.item;
    if (closed.has(i)) continue;
    closed.add(i);
    const reached = best.get(i) as number;
    if (goal.distance(graph.points.subarray(i * graph.dims, (i + 1) * graph.dims)) === 0) {
      return { status: 'found', path: trace(parent, i), cost: reached, expanded };
    }
    if (expanded >= maxExpansions)
      return { status: 'exhausted', path: new Uint32Array(0), cost: Infinity, expanded };
    expanded++;
    const { ids, distances } = graph.edges(i);
    for (let e = 0; e < ids.length; e++) {
      const j = ids[e];
      const step = edgeCost(cost, costFloor, i, j, distances[e]);
      const fall = heuristic(i) - heuristic(j);
      if (fall > step + CONSISTENCY_SLACK * (step + heuristic(i))) {
        throw new GeometryError(
          'ASTAR_INADMISSIBLE',
          'the distance to the goal falls faster than the cost of an edge',
          {
            from: i,
            to: j,
            fall,
            step,
          },
        );
      }
      if (closed.has(j) || !(reached + step < (best.get(j) ?? Infinity))) continue;
      best.set(j, reached + step);
      parent.set(j, i);
      queue.push(reached + step + weight * heuristic(j), j);
    }
  }
  return { status: 'unreachable', path: new Uint32Array(0), cost: Infinity, expanded };
}

function rememberedHeuristic(
  graph: NeighbourhoodGraph,
  goal: Region,
  costFloor: number,
): (i: number) => number {
  const known = new Map<number, number>();
  return (i) => {
    let h = known.get(i);
    if (h === undefined) {
      h = costFloor * goal.distance(graph.points.subarray(i * graph.dims, (i + 1) * graph.dims));
      if (!(h >= 0))
        throw new GeometryError('ASTAR_INADMISSIBLE', 'a distance to the goal is negative or NaN', {
          point: i,
        });
      known.set(i, h);
    }
    return h;
  };
}

function edgeCost(
  cost: SearchOptions['cost'],
  costFloor: number,
  from: number,
  to: number,
  length: number,
): number {
  if (cost === undefined) return length;
  const step = cost(from, to, length);
  if (!(step >= costFloor * length * (1 - CONSISTENCY_SLACK))) {
    throw new GeometryError('ASTAR_COST_TOO_LOW', 'an edge costs less than costFloor * length', {
      from,
      to,
      step,
      length,
    });
  }
  return step;
}

function trace(parent: ReadonlyMap<number, number>, end: number): Uint32Array {
  const path = [end];
  for (let i = parent.get(end); i !== undefined; i = parent.get(i)) path.push(i);
  return Uint32Array.from(path.reverse());
}
