import { createDotScan, selectTop, stress } from '@hartonomous/numerics';

/** How far the map alone keeps what the vectors say; shares in [0, 1]. */
export interface MapReport extends Record<string, number> {
  /** Points compared with one another. */
  sample: number;
  /** Venna & Kaski 2001, k = 10, of the planar layout. */
  trustworthiness: number;
  /** Kruskal's stress-1 of the planar layout at its best scale. */
  stress: number;
  /** Share of the true 10 nearest among the 10 nearest on the 3-D map. */
  recallAt10: number;
  /** Share of the true 10 nearest among the closest 1 % on the 3-D map (at least 10 points). */
  recallClosest1Percent: number;
  /** Share of the placed points that lay outside the map and were clamped. */
  clampedShare: number;
}

const NEIGHBOURS = 10;
/** Points below which the figures mean nothing. */
const SAMPLE_MIN = 50;
/** Points that are asked for their neighbours. */
const ASKED_MAX = 300;

/**
 * Compares neighbourhoods of unit vectors with those of their map points. O(asked x n x dimensions).
 * @param vectors n x dimensions
 * @param points n x 3
 */
export function mapQuality(
  vectors: Float32Array,
  dimensions: number,
  points: Float64Array,
  clampedShare: number,
): MapReport {
  const n = points.length / 3;
  const report = {
    sample: n,
    trustworthiness: 0,
    stress: 0,
    recallAt10: 0,
    recallClosest1Percent: 0,
    clampedShare,
  };
  if (n < SAMPLE_MIN) return report;
  const scan = createDotScan(vectors, dimensions);
  const asked = Math.min(ASKED_MAX, n);
  const closest = Math.max(NEIGHBOURS, Math.floor(n / 100));
  let penalty = 0;
  let found10 = 0;
  let found1Percent = 0;
  const original: number[] = [];
  const laidOut: number[] = [];
  const ranks = new Int32Array(n);
  for (let i = 0; i < asked; i++) {
    const cosines = scan.scores(vectors.subarray(i * dimensions, (i + 1) * dimensions));
    cosines[i] = -2;
    const order = selectTop(cosines, n);
    order.forEach((j, rank) => (ranks[j] = rank + 1));
    const planar = squaredDistances(points, i, 2);
    const spatial = squaredDistances(points, i, 3);
    for (const j of selectTop(planar, NEIGHBOURS, true)) penalty += Math.max(0, ranks[j] - NEIGHBOURS);
    const near = selectTop(spatial, closest, true);
    near.forEach((j, at) => {
      if (ranks[j] > NEIGHBOURS) return;
      found1Percent++;
      if (at < NEIGHBOURS) found10++;
    });
    for (let j = 0; j < n; j += 7) {
      if (j === i) continue;
      original.push(Math.sqrt(Math.max(0, 2 - 2 * cosines[j])));
      laidOut.push(Math.sqrt(planar[j]));
    }
  }
  report.trustworthiness = 1 - (2 * penalty) / (asked * NEIGHBOURS * (2 * n - 3 * NEIGHBOURS - 1));
  report.stress = stress(original, bestScaled(original, laidOut));
  report.recallAt10 = found10 / (asked * NEIGHBOURS);
  report.recallClosest1Percent = found1Percent / (asked * NEIGHBOURS);
  return report;
}

/** Squared distances of point i to all others over the first `axes` coordinates; to itself infinite. */
function squaredDistances(points: Float64Array, i: number, axes: number): Float64Array {
  const n = points.length / 3;
  const out = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    for (let a = 0; a < axes; a++) out[j] += (points[i * 3 + a] - points[j * 3 + a]) ** 2;
  }
  out[i] = Infinity;
  return out;
}

/** The layout's distances times the factor that brings them closest to the original ones. */
function bestScaled(original: readonly number[], laidOut: readonly number[]): number[] {
  let cross = 0;
  let square = 0;
  for (let i = 0; i < original.length; i++) {
    cross += original[i] * laidOut[i];
    square += laidOut[i] * laidOut[i];
  }
  const factor = square > 0 ? cross / square : 0;
  return laidOut.map((distance) => distance * factor);
}
