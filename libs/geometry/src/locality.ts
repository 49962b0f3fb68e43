import { requireBits, curveDims, type CurveName } from './curve-cells.js';
import { orderByKey } from './curve-key.js';
import { boxRanges } from './curve-ranges.js';
import { GeometryError } from './geometry-error.js';
import { KdTree } from './kd-tree.js';
import { vertexGap } from './path.js';

/** How well an order on a line keeps what is near in space near. */
export interface LocalityReport {
  /** Pearson correlation of Euclidean distance and |rank difference| over random pairs; NaN when either is constant. */
  readonly distanceCorrelation: number;
  /** Mean share of a point's true k nearest that are among its k nearest by rank, [0, 1]. */
  readonly neighbourOverlap: number;
}

/**
 * Measures the order that `keys` give to n points. O(n log n + pairs + samples k).
 * @param points flat, n * dims, n >= 3
 * @param keys flat hi, lo, 2n
 * @param random seeded generator of numbers in [0, 1)
 * @throws GeometryError LOCALITY_BAD_SHAPE, LOCALITY_BAD_COUNT
 */
export function measureLocality(
  points: Float64Array,
  dims: number,
  keys: Uint32Array,
  random: () => number,
  { pairs = 20_000, samples = 500, k = 10 }: { pairs?: number; samples?: number; k?: number } = {},
): LocalityReport {
  const n = points.length / dims;
  if (!Number.isInteger(n) || n < 3 || keys.length !== 2 * n) {
    throw new GeometryError('LOCALITY_BAD_SHAPE', 'needs a key for each of three or more points', { n });
  }
  for (const count of [pairs, samples, k]) {
    if (!Number.isInteger(count) || count < 1)
      throw new GeometryError('LOCALITY_BAD_COUNT', 'counts are positive');
  }
  const order = orderByKey(keys);
  const rank = new Uint32Array(n);
  order.forEach((id, r) => (rank[id] = r));
  const distances = new Float64Array(pairs);
  const gaps = new Float64Array(pairs);
  for (let p = 0; p < pairs; p++) {
    const i = Math.floor(random() * n);
    const j = Math.floor(random() * n);
    distances[p] = vertexGap(points, i, points, j, dims);
    gaps[p] = Math.abs(rank[i] - rank[j]);
  }
  const tree = new KdTree(points, dims);
  const size = Math.min(k, n - 1);
  let shared = 0;
  for (let s = 0; s < samples; s++) {
    const i = Math.floor(random() * n);
    const near = tree.knn(points.subarray(i * dims, (i + 1) * dims), size + 1).ids.filter((j) => j !== i);
    const from = Math.max(0, Math.min(rank[i] - Math.floor(size / 2), n - 1 - size));
    const inWindow = (j: number): boolean => rank[j] >= from && rank[j] <= from + size;
    shared += near.subarray(0, size).filter(inWindow).length / size;
  }
  return { distanceCorrelation: pearson(distances, gaps), neighbourOverlap: shared / samples };
}

/**
 * Mean number of key ranges that a random cube of `side` cells falls into: the seeks of a range scan. Exact, without
 * a limit on ranges. O(samples * surface).
 * @throws GeometryError CURVE_BAD_BITS, LOCALITY_BAD_COUNT (side not in 1..2^bits, samples below 1)
 */
export function meanRangeCount(
  curve: CurveName,
  bits: number,
  side: number,
  samples: number,
  random: () => number,
): number {
  requireBits(bits);
  if (!Number.isInteger(side) || side < 1 || side > 2 ** bits || !Number.isInteger(samples) || samples < 1) {
    throw new GeometryError('LOCALITY_BAD_COUNT', 'side and samples are positive, side within the curve', {
      side,
    });
  }
  const dims = curveDims(curve);
  let sum = 0;
  for (let s = 0; s < samples; s++) {
    const min = Array.from({ length: dims }, () => Math.floor(random() * (2 ** bits - side + 1)));
    const max = min.map((m) => m + side - 1);
    sum += boxRanges(curve, min, max, bits, Number.MAX_SAFE_INTEGER).ranges.length / 4;
  }
  return sum / samples;
}

/** Pearson's r in two passes; NaN for constant input. */
function pearson(a: Float64Array, b: Float64Array): number {
  const n = a.length;
  let meanA = 0;
  let meanB = 0;
  for (let i = 0; i < n; i++) {
    meanA += a[i] / n;
    meanB += b[i] / n;
  }
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < n; i++) {
    ab += (a[i] - meanA) * (b[i] - meanB);
    aa += (a[i] - meanA) ** 2;
    bb += (b[i] - meanB) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
