// Oracles: Floyd-Warshall over all pairs, Dijkstra (weight 0), breadth of regions by brute force.
import { describe, expect, it } from '@jest/globals';
import { findPath, nearestGraph, radiusGraph, type NeighbourhoodGraph } from './astar.js';
import { GeometryError } from './geometry-error.js';
import { convexHull3 } from './hull3.js';
import { KdTree } from './kd-tree.js';
import { distanceToBox } from './map-space.js';
import { pointInPolytope } from './polytope.js';
import { ballRegion, boxRegion, placesRegion, polytopeRegion, type Region } from './region.js';
import { DISTRIBUTIONS, pointSet } from './testing/point-sets.js';
import { seededRandom, testSeed } from './testing/seed.js';
import { euclidean } from './vectors.js';

const seed = testSeed(process.env['HARTO_SEED']);

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    if (error instanceof GeometryError) return error.code;
    throw error;
  }
  return 'none';
}

/** Shortest distances between all pairs (Floyd-Warshall). */
function allPairs(graph: NeighbourhoodGraph): Float64Array {
  const { n } = graph;
  const d = new Float64Array(n * n).fill(Infinity);
  for (let i = 0; i < n; i++) {
    d[i * n + i] = 0;
    const { ids, distances } = graph.edges(i);
    ids.forEach((j, e) => (d[i * n + j] = Math.min(d[i * n + j], distances[e])));
  }
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) d[i * n + j] = Math.min(d[i * n + j], d[i * n + k] + d[k * n + j]);
    }
  }
  return d;
}

function place(graph: NeighbourhoodGraph, i: number): Float64Array {
  return graph.points.subarray(i * graph.dims, (i + 1) * graph.dims);
}

function costOf(graph: NeighbourhoodGraph, path: Uint32Array): number {
  let sum = 0;
  for (let s = 1; s < path.length; s++) {
    const { ids, distances } = graph.edges(path[s - 1]);
    sum += distances[ids.indexOf(path[s])];
  }
  return sum;
}

describe(`A* (seed ${seed})`, () => {
  it.each(DISTRIBUTIONS)(
    'finds the cheapest way into a region, like Dijkstra and all-pairs, on %s points',
    (kind) => {
      const random = seededRandom(seed);
      const points = pointSet(kind, 90, 3, random);
      const graphs = [nearestGraph(points, 3, 4), radiusGraph(points, 3, 28)];
      const body = { points: pointSet('uniform', 20, 3, random), hull: convexHull3(new Float64Array(0)) };
      const goals: Region[] = [
        ballRegion([70, 60, 50], 25),
        boxRegion([60, 50, 40], [90, 90, 90]),
        placesRegion(new KdTree(points.slice(30, 36), 3)),
        polytopeRegion({ ...body, hull: convexHull3(body.points) }),
      ];
      for (const graph of graphs) {
        const d = allPairs(graph);
        for (const goal of goals) {
          for (let round = 0; round < 6; round++) {
            const start = Math.floor(90 * random());
            let best = Infinity;
            for (let i = 0; i < 90; i++)
              if (goal.distance(place(graph, i)) === 0) best = Math.min(best, d[start * 90 + i]);
            const aStar = findPath(graph, start, goal);
            const dijkstra = findPath(graph, start, goal, { weight: 0 });
            const hurried = findPath(graph, start, goal, { weight: 2 });
            if (best === Infinity) {
              expect([aStar.status, aStar.cost, aStar.path.length]).toEqual(['unreachable', Infinity, 0]);
              continue;
            }
            expect(Math.abs(aStar.cost - best)).toBeLessThan(1e-9);
            expect(Math.abs(dijkstra.cost - best)).toBeLessThan(1e-9);
            expect(hurried.cost).toBeLessThanOrEqual(2 * best + 1e-9);
            expect(aStar.expanded).toBeLessThanOrEqual(dijkstra.expanded);
            expect(aStar.path[0]).toBe(start);
            expect(Math.abs(costOf(graph, aStar.path) - aStar.cost)).toBeLessThan(1e-9);
            expect(goal.distance(place(graph, aStar.path[aStar.path.length - 1]))).toBe(0);
          }
        }
      }
    },
  );

  it('expands fewer points than Dijkstra where there is a way to go', () => {
    const grid = Float64Array.from({ length: 1800 }, (_, i) =>
      i % 2 === 0 ? Math.floor(i / 60) : (i >> 1) % 30,
    );
    const graph = radiusGraph(grid, 2, 1.5);
    const goal = ballRegion([29, 29], 0.5);
    const aStar = findPath(graph, 0, goal);
    const dijkstra = findPath(graph, 0, goal, { weight: 0 });
    expect(aStar.cost).toBeCloseTo(29 * Math.SQRT2, 9);
    expect(dijkstra.cost).toBeCloseTo(aStar.cost, 9);
    expect(aStar.expanded).toBeLessThan(dijkstra.expanded / 5);
  });

  it('refuses a heuristic that overestimates instead of returning a dearer path', () => {
    // A direct dear edge and a cheap detour: an inflated heuristic would hide the detour.
    const graph = radiusGraph(Float64Array.of(0, 0, 1, 1, 2, 0), 2, 2.1);
    const truth = ballRegion([2, 0], 0.1);
    const inflated: Region = { distance: (p) => 4 * truth.distance(p) };
    expect(codeOf(() => findPath(graph, 0, inflated))).toBe('ASTAR_INADMISSIBLE');
    expect(codeOf(() => findPath(graph, 0, { distance: () => Number.NaN }))).toBe('ASTAR_INADMISSIBLE');
    expect(codeOf(() => findPath(graph, 0, { distance: () => -1 }))).toBe('ASTAR_INADMISSIBLE');
    expect(codeOf(() => findPath(graph, 0, truth, { cost: (_a, _b, length) => length / 2 }))).toBe(
      'ASTAR_COST_TOO_LOW',
    );
    const cheap = findPath(graph, 0, truth, { cost: (_a, _b, length) => length / 2, costFloor: 0.5 });
    expect(cheap.cost).toBeCloseTo(1, 12);
  });

  it('uses edge costs and takes the detour', () => {
    const graph = radiusGraph(Float64Array.of(0, 0, 1, 1, 2, 0), 2, 2.1);
    const toll = (from: number, to: number, length: number) =>
      from + to === 2 && from !== 1 ? 10 * length : length;
    const result = findPath(graph, 0, ballRegion([2, 0], 0.1), { cost: toll });
    expect(Array.from(result.path)).toEqual([0, 1, 2]);
    expect(result.cost).toBeCloseTo(2 * Math.SQRT2, 12);
  });

  it('is bounded, and answers degenerate questions', () => {
    const line = Float64Array.from({ length: 300 }, (_, i) => (i % 3 === 0 ? i / 3 : 0));
    const graph = radiusGraph(line, 3, 1);
    const far = ballRegion([99, 0, 0], 0);
    expect(findPath(graph, 0, far, { maxExpansions: 10 })).toMatchObject({
      status: 'exhausted',
      expanded: 10,
      cost: Infinity,
    });
    expect(findPath(graph, 0, far).path.length).toBe(100);
    expect(findPath(graph, 7, ballRegion([7, 0, 0], 1))).toMatchObject({
      status: 'found',
      cost: 0,
      expanded: 0,
    });
    expect(findPath(radiusGraph(line, 3, 0.5), 0, far).status).toBe('unreachable');
    const same = nearestGraph(new Float64Array(30).fill(5), 3, 3);
    expect(findPath(same, 0, ballRegion([6, 5, 5], 0)).status).toBe('unreachable');
    expect(codeOf(() => findPath(graph, 100, far))).toBe('ASTAR_BAD_START');
    expect(codeOf(() => findPath(graph, 0, far, { weight: Number.NaN }))).toBe('ASTAR_BAD_OPTION');
    expect(codeOf(() => ballRegion([0], -1))).toBe('REGION_BAD_RADIUS');
    expect(codeOf(() => placesRegion(new KdTree(new Float64Array(0), 2)))).toBe('REGION_EMPTY');
  });

  it('the nearest graph is symmetric and holds every point with its k nearest', () => {
    const random = seededRandom(seed);
    const points = pointSet('clustered', 150, 3, random);
    const graph = nearestGraph(points, 3, 5);
    for (let i = 0; i < 150; i++) {
      const { ids } = graph.edges(i);
      expect(ids.length).toBeGreaterThanOrEqual(5);
      for (const j of ids)
        if (!graph.edges(j).ids.includes(i)) throw new Error(`edge ${i}-${j} goes one way`);
    }
  });
});

describe(`regions are admissible and consistent (seed ${seed})`, () => {
  it('never more than the distance to any point inside, never falling faster than one walks', () => {
    const random = seededRandom(seed);
    const corners = pointSet('uniform', 25, 3, random).map((v) => 30 + 0.4 * v);
    const body = { points: corners, hull: convexHull3(corners) };
    const regions: [Region, (p: Float64Array) => boolean][] = [
      [ballRegion([50, 50, 50], 20), (p) => euclidean(p, [50, 50, 50]) <= 20],
      [boxRegion([40, 40, 40], [60, 60, 60]), (p) => distanceToBox(p, [40, 40, 40], [60, 60, 60]) === 0],
      [polytopeRegion(body), (p) => pointInPolytope(body, p[0], p[1], p[2]) > 0],
    ];
    for (const [region, holds] of regions) {
      const probes = Array.from({ length: 300 }, () => pointSet('uniform', 1, 3, random));
      const inside = probes.filter(holds);
      expect(inside.length).toBeGreaterThan(0);
      for (const p of probes) {
        expect(region.distance(p) > 1e-12).toBe(!holds(p));
        for (const q of inside)
          if (region.distance(p) > euclidean(p, q) + 1e-9) throw new Error('overestimates');
        const q = probes[Math.floor(random() * 300)];
        if (Math.abs(region.distance(p) - region.distance(q)) > euclidean(p, q) + 1e-9)
          throw new Error('jumps');
      }
    }
  });
});
