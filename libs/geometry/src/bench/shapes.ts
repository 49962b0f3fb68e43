import Delaunator from 'delaunator';
import { delaunay } from '../delaunay.js';
import { convexHull2 } from '../hull2.js';
import { convexHull3 } from '../hull3.js';
import { dtwDistance } from '../path-distance.js';
import { DISTRIBUTIONS, pointSet } from '../testing/point-sets.js';
import { seededRandom } from '../testing/seed.js';
import { compare, timed, type Bench, type BenchRow, type Contender } from './measure.js';
import { PeerProcess, buildPeer } from './native-peer.js';

const POINTS = 100_000;

async function hulls(): Promise<BenchRow[]> {
  const native = buildPeer('qhull-hull.cpp', 'libqhull-dev', ['-lqhull_r', '-lm']);
  const rows: BenchRow[] = [];
  for (const dims of [3, 2]) {
    for (const kind of DISTRIBUTIONS) {
      const points = pointSet(kind, POINTS, dims, seededRandom(20260721));
      // qhull merges facets within a tolerance and so drops some extreme points of nearly flat clouds; ours is exact.
      const merges = kind !== 'uniform';
      const child = native.binary === null ? null : new PeerProcess(native.binary, [POINTS, dims], [points]);
      const peer: Contender = {
        name: 'qhull',
        skipped: native.skipped,
        versions: { qhull: native.version },
        run: async () => {
          const { cpuMs, checksum } = await (child as PeerProcess).run('r');
          return { cpuMs, checksum: merges ? 1 : checksum };
        },
      };
      const size = (): number =>
        dims === 3 ? convexHull3(points).vertices.length : convexHull2(points).length;
      const ours: Contender = {
        name: 'ours',
        run: () => timed(() => (merges ? Math.min(1, size()) : size())),
      };
      const place = { bench: 'hull', case: `${dims}-D, ${kind}, 100 k points`, target: 4 };
      rows.push(await compare(place, ours, peer));
      child?.stop();
    }
  }
  native.dispose();
  return rows;
}

/** What exactness, neighbour lists and duplicates cost over the bare library underneath. */
async function triangulations(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const kind of ['uniform', 'clustered', 'skewed'] as const) {
    const points = pointSet(kind, POINTS, 2, seededRandom(20260721));
    const ours: Contender = { name: 'ours', run: () => timed(() => delaunay(points).triangles.length) };
    const peer: Contender = {
      name: 'delaunator',
      run: () => timed(() => new Delaunator(points).triangles.length),
    };
    rows.push(await compare({ bench: 'delaunay', case: `${kind}, 100 k points, made exact` }, ours, peer));
  }
  return rows;
}

async function warping(): Promise<BenchRow> {
  const random = seededRandom(20260721);
  const [a, b] = [pointSet('uniform', 2000, 3, random), pointSet('uniform', 2000, 3, random)];
  const ours: Contender = { name: 'ours', run: () => timed(() => dtwDistance(a, b, 3)) };
  const banded: Contender = {
    name: 'band of 10 %',
    run: () => timed(() => (dtwDistance(a, b, 3, 200) > 0 ? dtwDistance(a, b, 3) : 0)),
  };
  const row = await compare({ bench: 'dtw', case: '2000 x 2000 vertices in 3-D' }, ours, banded);
  return { ...row, peer: 'none', peerValue: null, ratio: null, skipped: 'no peer on npm or Debian' };
}

export const shapesBench: Bench = {
  name: 'geometry-shapes',
  async run() {
    return [...(await hulls()), ...(await triangulations()), await warping()];
  },
};
