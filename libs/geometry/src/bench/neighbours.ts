import createStaticTree from 'static-kdtree';
import { KdTree } from '../kd-tree.js';
import { DISTRIBUTIONS, pointSet, type Distribution } from '../testing/point-sets.js';
import { seededRandom } from '../testing/seed.js';
import { compare, timed, type Bench, type BenchRow, type Contender } from './measure.js';
import { PeerProcess, buildPeer, type NativePeer } from './native-peer.js';

const POINTS = 1_000_000;
const QUERIES = 50_000;
const STATIC_QUERIES = 5_000;

interface Data {
  readonly kind: Distribution;
  readonly points: Float64Array;
  readonly queries: Float64Array;
}

function dataOf(kind: Distribution): Data {
  const all = pointSet(kind, POINTS + QUERIES, 3, seededRandom(20260721));
  return { kind, points: all.slice(0, 3 * POINTS), queries: all.slice(3 * POINTS) };
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}

function oneByOne(tree: KdTree, queries: Float64Array, k: number): Contender {
  const distances = new Float64Array(k);
  const ids = new Uint32Array(k);
  const query = new Float64Array(3);
  return {
    name: 'ours',
    run: () =>
      timed(() => {
        let total = 0;
        for (let i = 0; i < queries.length; i += 3) {
          query[0] = queries[i];
          query[1] = queries[i + 1];
          query[2] = queries[i + 2];
          tree.knnInto(query, k, distances, ids);
          total += sum(distances);
        }
        return total;
      }),
  };
}

async function againstNanoflann(native: NativePeer, data: Data): Promise<BenchRow[]> {
  const { kind, points, queries } = data;
  const tree = new KdTree(points, 3);
  const rows: BenchRow[] = [];
  const versions = { nanoflann: native.version };
  // A third of the degenerate points are equal, and nanoflann visits every tie: some queries cost it a full scan.
  const asked = kind === 'degenerate' ? queries.slice(0, 300) : queries;
  for (const k of kind === 'uniform' ? [10, 50] : [10]) {
    const child =
      native.binary === null
        ? null
        : new PeerProcess(native.binary, [POINTS, asked.length / 3, k], [points, asked]);
    const peer = (command: string): Contender => ({
      name: 'nanoflann -O3',
      skipped: native.skipped,
      versions,
      run: () => (child as PeerProcess).run(command),
    });
    const target = kind === 'degenerate' ? undefined : 1 / 1.3;
    const what = `${kind}, 1 M points, ${asked.length / 3} queries, k = ${k}`;
    rows.push(
      await compare(
        { bench: 'knn', case: `${what}, one by one`, target },
        oneByOne(tree, asked, k),
        peer('q'),
      ),
    );
    const batch: Contender = { name: 'ours', run: () => timed(() => sum(tree.knnBatch(asked, k).distances)) };
    rows.push(await compare({ bench: 'knn', case: `${what}, batch`, target }, batch, peer('q')));
    if (k === 10) {
      const build: Contender = { name: 'ours', run: () => timed(() => new KdTree(points, 3).n) };
      rows.push(
        await compare({ bench: 'knn-build', case: `${kind}, 1 M points`, target: 1 }, build, peer('b')),
      );
    }
    child?.stop();
  }
  return rows;
}

async function againstStatic({ kind, points, queries }: Data): Promise<BenchRow> {
  const few = queries.slice(0, 3 * STATIC_QUERIES);
  const peerTree = createStaticTree(
    Array.from({ length: POINTS }, (_, i) => Array.from(points.subarray(3 * i, 3 * i + 3))),
  );
  const peer: Contender = {
    name: 'static-kdtree',
    run: () =>
      timed(() => {
        let total = 0;
        for (let i = 0; i < few.length; i += 3) {
          for (const id of peerTree.knn([few[i], few[i + 1], few[i + 2]], 10)) {
            const [dx, dy, dz] = [0, 1, 2].map((d) => points[3 * id + d] - few[i + d]);
            total += Math.sqrt(dx * dx + dy * dy + dz * dz);
          }
        }
        return total;
      }),
  };
  const place = {
    bench: 'knn',
    case: `${kind}, 1 M points, ${STATIC_QUERIES} queries, k = 10, one by one`,
    target: 1 / 5,
  };
  return compare(place, oneByOne(new KdTree(points, 3), few, 10), peer);
}

function memoryRow({ points }: Data): BenchRow {
  const tree = new KdTree(points, 3);
  const ours = tree.sizeBytes / tree.n;
  return {
    bench: 'knn-memory',
    case: '1 M points in 3-D',
    ours,
    peer: 'the limit of the specification',
    peerValue: 30,
    unit: 'bytes per point',
    ratio: ours / 30,
    target: '<=1',
    holds: ours <= 30,
    versions: { node: process.versions.node },
  };
}

export const neighboursBenches: Bench[] = DISTRIBUTIONS.map((kind) => ({
  name: `geometry-knn-${kind}`,
  async run() {
    const native = buildPeer('nanoflann-knn.cpp', 'libnanoflann-dev');
    const data = dataOf(kind);
    const rows = await againstNanoflann(native, data);
    if (kind === 'uniform') rows.push(memoryRow(data), await againstStatic(data));
    native.dispose();
    return rows;
  },
}));
