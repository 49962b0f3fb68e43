import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dijkstra, pathTo } from './dijkstra.js';
import { buildGraph, type Graph } from './graph.js';
import { pageRank } from './pagerank.js';
import { strongComponents } from './strong-components.js';
import { codeOf, difference, fixture, property } from './spec/support.js';

interface GraphFixture {
  n: number;
  sources: number[];
  targets: number[];
  weights: number[];
  distances: number[];
  components: number;
  labels: number[];
  ranks: number[];
}
const expected = fixture<GraphFixture>('graphs');
const graph = buildGraph(expected.n, expected.sources, expected.targets, expected.weights);

const edgeLists = fc
  .integer({ min: 1, max: 14 })
  .chain((n) =>
    fc.tuple(
      fc.constant(n),
      fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1), fc.integer({ min: 0, max: 9 })), { maxLength: 40 }),
    ),
  );

function graphOf(n: number, edges: [number, number, number][]): Graph {
  return buildGraph(
    n,
    edges.map((e) => e[0]),
    edges.map((e) => e[1]),
    edges.map((e) => e[2]),
  );
}

/** All-pairs distances by Floyd and Warshall. */
function floyd(n: number, edges: [number, number, number][]): number[][] {
  const d = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 0 : Infinity)),
  );
  for (const [i, j, w] of edges) d[i][j] = Math.min(d[i][j], w);
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) d[i][j] = Math.min(d[i][j], d[i][k] + d[k][j]);
  }
  return d;
}

// Oracles: SciPy csgraph (Dijkstra, strong components), a dense linear solve for PageRank, Floyd-Warshall.
describe('PageRank', () => {
  it('solves the linear system, dangling nodes included', () => {
    const result = pageRank(graph, { tolerance: 1e-14 });
    expect(result.converged).toBe(true);
    expect(difference(result.ranks, expected.ranks, 1e-12)).toBe('');
  });

  it('keeps the mass of dangling nodes: the ranks sum to 1 at every damping', () => {
    fc.assert(
      fc.property(edgeLists, fc.constantFrom(0, 0.5, 0.85, 1), ([n, edges], damping) => {
        const { ranks } = pageRank(graphOf(n, edges), { damping });
        expect(ranks.reduce((sum, rank) => sum + rank, 0)).toBeCloseTo(1, 12);
        expect(ranks.every((rank) => rank >= 0)).toBe(true);
      }),
      property(),
    );
    const chain = pageRank(buildGraph(2, [0], [1]));
    expect(chain.ranks[0] + chain.ranks[1]).toBeCloseTo(1, 14);
    expect(chain.ranks[1]).toBeGreaterThan(chain.ranks[0]);
    expect(chain.ranks[0]).toBeCloseTo(1 / (2 + 0.85), 9);
  });

  it('restarts where asked, and permutes with its nodes', () => {
    const restart = new Float64Array(expected.n);
    restart[7] = 2;
    const { ranks } = pageRank(graph, { restart, damping: 0 });
    expect(ranks[7]).toBe(1);
    const flip = (i: number): number => expected.n - 1 - i;
    const mirrored = buildGraph(
      expected.n,
      expected.sources.map(flip),
      expected.targets.map(flip),
      expected.weights,
    );
    expect(difference(pageRank(mirrored).ranks.reverse(), pageRank(graph).ranks, 1e-9)).toBe('');
  });

  it('has defined degenerate results and typed errors', () => {
    expect(pageRank(buildGraph(0, [], [])).ranks).toHaveLength(0);
    expect(difference(pageRank(buildGraph(3, [], [])).ranks, [1 / 3, 1 / 3, 1 / 3], 1e-12)).toBe('');
    expect(codeOf(() => pageRank(buildGraph(2, [0], [1], [-1])))).toBe('PAGERANK_INVALID');
    expect(codeOf(() => pageRank(graph, { restart: new Float64Array(expected.n) }))).toBe('PAGERANK_INVALID');
    expect(codeOf(() => pageRank(graph, { restart: [1] }))).toBe('PAGERANK_SHAPE');
    expect(codeOf(() => buildGraph(2, [0], [2]))).toBe('GRAPH_INVALID');
    expect(codeOf(() => buildGraph(2, [0], []))).toBe('GRAPH_SHAPE');
    expect(pageRank(graph, { maxIterations: 1 }).converged).toBe(false);
  });
});

describe('Dijkstra', () => {
  it('agrees with SciPy', () => {
    const { distances } = dijkstra(graph, 0);
    expect(
      difference(
        Array.from(distances, (d) => (d === Infinity ? -1 : d)),
        expected.distances,
        1e-12,
      ),
    ).toBe('');
  });

  it('equals Floyd-Warshall, and its paths have the length it says', () => {
    fc.assert(
      fc.property(edgeLists, ([n, edges]) => {
        const all = floyd(n, edges);
        const g = graphOf(n, edges);
        const paths = dijkstra(g, 0);
        expect(Array.from(paths.distances)).toEqual(all[0]);
        for (let target = 0; target < n; target++) {
          const nodes = pathTo(paths, target);
          if (all[0][target] === Infinity) {
            expect(nodes).toHaveLength(0);
            continue;
          }
          let length = 0;
          for (let i = 1; i < nodes.length; i++) {
            const steps = edges.filter(([a, b]) => a === nodes[i - 1] && b === nodes[i]).map((e) => e[2]);
            length += Math.min(...steps);
          }
          expect(length).toBe(all[0][target]);
          expect(dijkstra(g, 0, target).distances[target]).toBe(all[0][target]);
        }
      }),
      property(),
    );
  });

  it('takes several sources and refuses what it cannot do', () => {
    const line = buildGraph(5, [0, 1, 2, 3], [1, 2, 3, 4]);
    expect(Array.from(dijkstra(line, [0, 3]).distances)).toEqual([0, 1, 2, 0, 1]);
    expect(codeOf(() => dijkstra(line, 5))).toBe('DIJKSTRA_INVALID');
    expect(codeOf(() => dijkstra(buildGraph(2, [0], [1], [-1]), 0))).toBe('DIJKSTRA_INVALID');
    expect(codeOf(() => dijkstra(buildGraph(2, [0], [1], [NaN]), 0))).toBe('DIJKSTRA_INVALID');
    expect(dijkstra(buildGraph(3, [], []), []).distances.every((d) => d === Infinity)).toBe(true);
  });
});

describe('strongly connected components', () => {
  const together = (labels: ArrayLike<number>, i: number, j: number): boolean => labels[i] === labels[j];

  it('agrees with SciPy', () => {
    const { labels, count } = strongComponents(graph);
    expect(count).toBe(expected.components);
    for (let i = 0; i < expected.n; i++) {
      for (let j = 0; j < i; j++) expect(together(labels, i, j)).toBe(together(expected.labels, i, j));
    }
  });

  it('joins exactly the mutually reachable, numbered against the edges', () => {
    fc.assert(
      fc.property(edgeLists, ([n, edges]) => {
        const { labels } = strongComponents(graphOf(n, edges));
        const reach = floyd(n, edges);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            expect(together(labels, i, j)).toBe(reach[i][j] < Infinity && reach[j][i] < Infinity);
          }
        }
        for (const [i, j] of edges) expect(labels[i]).toBeGreaterThanOrEqual(labels[j]);
      }),
      property(),
    );
  });

  it('walks a path and a ring of 200,000 nodes without recursion', () => {
    const n = 200_000;
    const sources = Uint32Array.from({ length: n }, (_, i) => i);
    const targets = Uint32Array.from({ length: n }, (_, i) => (i + 1) % n);
    expect(strongComponents(buildGraph(n, sources, targets)).count).toBe(1);
    const path = buildGraph(n, sources.subarray(0, n - 1), targets.subarray(0, n - 1));
    expect(strongComponents(path).count).toBe(n);
    expect(strongComponents(buildGraph(0, [], [])).count).toBe(0);
  });
});
