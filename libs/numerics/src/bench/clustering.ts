import { createRequire } from 'node:module';
import { dbscan } from '../dbscan.js';
import { localOutlierFactor } from '../lof.js';
import { pointsOf, type Distribution } from './distributions.js';
import { compare, cpuMs, npmVersion, type Bench, type BenchRow, type Peer } from './measure.js';
import { startPythonPeer } from './python-peer.js';

const LARGE = 100_000;
const SMALL = 5000;

/** Distribution, dimension and a radius that gives some tens of neighbours. */
const DBSCAN_CASES: readonly (readonly [Distribution, number, number])[] = [
  ['clustered', 2, 0.5],
  ['uniform', 2, 0.6],
  ['skewed', 2, 0.05],
  ['clustered', 3, 1.2],
  ['degenerate', 2, 1],
];
const MIN_POINTS = 10;

interface DensityClustering {
  DBSCAN: new () => { run(points: number[][], epsilon: number, minPoints: number): number[][] };
}

function densityClustering(points: Float64Array, dim: number, epsilon: number): Peer {
  const name = 'density-clustering';
  try {
    const load = createRequire(import.meta.url);
    const { DBSCAN } = load('density-clustering') as DensityClustering;
    const rows = Array.from({ length: points.length / dim }, (_, i) =>
      Array.from(points.subarray(i * dim, (i + 1) * dim)),
    );
    const run = (): number => cpuMs(() => new DBSCAN().run(rows, epsilon, MIN_POINTS));
    return { name, run, versions: { [name]: npmVersion(name) } };
  } catch (error) {
    return { name, run: () => 0, skipped: (error as Error).message };
  }
}

async function dbscanRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [kind, dim, epsilon] of DBSCAN_CASES) {
    const points = pointsOf(kind, LARGE, dim);
    const parameters = [epsilon, MIN_POINTS] as const;
    rows.push(
      await compare({
        bench: 'dbscan',
        case: `100 k ${kind} ${dim}-D`,
        ours: () => dbscan(points, dim, { epsilon, minPoints: MIN_POINTS, metric: 'euclidean' }),
        peer: await startPythonPeer('scikit-learn', { name: 'dbscan', points, dim, parameters }),
        target: 0.067,
      }),
    );
  }
  for (const kind of ['clustered', 'uniform', 'skewed'] as const) {
    const points = pointsOf(kind, SMALL, 2);
    const epsilon = kind === 'skewed' ? 0.2 : 2;
    rows.push(
      await compare({
        bench: 'dbscan',
        case: `5 k ${kind} 2-D`,
        ours: () => dbscan(points, 2, { epsilon, minPoints: MIN_POINTS, metric: 'euclidean' }),
        peer: { ...densityClustering(points, 2, epsilon), runs: 3 },
        target: 0.2,
      }),
    );
  }
  return rows;
}

const LOF_CASES: readonly (readonly [Distribution, number])[] = [
  ['clustered', 2],
  ['clustered', 4],
  ['uniform', 3],
  ['skewed', 2],
];

export const dbscanBench: Bench = {
  name: 'dbscan',
  run: dbscanRows,
};

export const lofBench: Bench = {
  name: 'lof',
  async run() {
    const rows = [];
    for (const [kind, dim] of LOF_CASES) {
      const points = pointsOf(kind, LARGE, dim);
      rows.push(
        await compare({
          bench: 'lof',
          case: `100 k ${kind} ${dim}-D, k = 20`,
          ours: () => localOutlierFactor(points, dim, { k: 20 }),
          peer: await startPythonPeer('scikit-learn', { name: 'lof', points, dim, parameters: [20, 0] }),
          target: 1,
        }),
      );
    }
    return rows;
  },
};
