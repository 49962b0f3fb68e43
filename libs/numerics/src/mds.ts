import { leadingEigen } from './leading-eigen.js';
import { NumericsError } from './errors.js';
import {
  requireFinite,
  requireInRange,
  requireInteger,
  requireSameLength,
  rowCount,
} from './preconditions.js';

/** Coordinates (n x dims, row-major), one eigenvalue per axis (negative or tiny ones give a zero axis). */
export interface MdsResult {
  coordinates: Float64Array;
  eigenvalues: Float64Array;
}

/** Eigenvalues below this share of the largest are taken as zero: their axes would be rounding noise. */
const RANK_TOLERANCE = 1e-10;

function requireDistances(distances: ArrayLike<number>): void {
  requireFinite('MDS', distances);
  for (let i = 0; i < distances.length; i++) {
    if (distances[i] < 0) throw new NumericsError('MDS_INVALID', 'a distance is negative', { index: i });
  }
}

/** B = -J D^2 J / 2 and the mean squared distance of each point. */
function doubleCentre(distances: ArrayLike<number>, n: number): { gram: Float64Array; means: Float64Array } {
  const gram = new Float64Array(n * n);
  const means = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const squared = (distances[i * n + j] ** 2 + distances[j * n + i] ** 2) / 2;
      gram[i * n + j] = squared;
      means[i] += squared / n;
    }
    total += means[i] / n;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) gram[i * n + j] = -(gram[i * n + j] - means[i] - means[j] + total) / 2;
  }
  return { gram, means };
}

/** A fitted landmark layout; plain data to store with its version. */
export interface LandmarkMds extends MdsResult {
  readonly dims: number;
  /** Number of landmarks L. */
  readonly landmarks: number;
  /** dims x L: row a maps centred squared distances to axis a. */
  readonly projection: Float64Array;
  /** Mean squared distance of each landmark to all landmarks. */
  readonly meanSquared: Float64Array;
}

/**
 * Classical MDS of L landmarks (`distances`: L x L, symmetrised) and the map that places any other point from its
 * L distances (de Silva & Tenenbaum 2004). Each axis is signed so that its component of largest magnitude is
 * positive. Fewer than `dims` positive eigenvalues leave zero axes. O(L^2 dims) to O(L^3).
 * Throws `MDS_SHAPE`, `MDS_NOT_FINITE`, `MDS_INVALID` (a negative distance).
 */
export function fitLandmarkMds(distances: ArrayLike<number>, landmarks: number, dims: number): LandmarkMds {
  requireInteger('MDS', 'dims', dims, 1);
  requireInteger('MDS', 'landmarks', landmarks, 0);
  requireSameLength('MDS', distances, { length: landmarks * landmarks });
  requireDistances(distances);
  const n = landmarks;
  const { gram, means } = doubleCentre(distances, n);
  const kept = Math.min(dims, n);
  const eigen = leadingEigen(gram, n, kept);
  const eigenvalues = new Float64Array(dims);
  eigenvalues.set(eigen.values);
  const coordinates = new Float64Array(n * dims);
  const projection = new Float64Array(dims * n);
  const least = RANK_TOLERANCE * Math.max(0, eigenvalues[0]);
  for (let axis = 0; axis < kept; axis++) {
    if (!(eigenvalues[axis] > least)) continue;
    const root = Math.sqrt(eigenvalues[axis]);
    for (let i = 0; i < n; i++) {
      const v = eigen.vectors[axis * n + i];
      coordinates[i * dims + axis] = v * root;
      projection[axis * n + i] = -v / (2 * root);
    }
  }
  return { dims, landmarks, coordinates, eigenvalues, projection, meanSquared: means };
}

/**
 * Classical (Torgerson) multidimensional scaling of an n x n distance matrix: centred coordinates whose Euclidean
 * distances approach the given ones; exact for Euclidean distances of rank <= dims. See {@link fitLandmarkMds}.
 */
export function classicalMds(distances: ArrayLike<number>, n: number, dims: number): MdsResult {
  const { coordinates, eigenvalues } = fitLandmarkMds(distances, n, dims);
  return { coordinates, eigenvalues };
}

/**
 * Coordinates (m x dims) of points given by their distances to the landmarks (m x L, row-major). A landmark's own
 * distances give its own coordinates. O(m L dims). Throws `MDS_SHAPE`, `MDS_NOT_FINITE`, `MDS_INVALID`.
 */
export function placeByLandmarks(
  model: LandmarkMds,
  distances: ArrayLike<number>,
  out?: Float64Array,
): Float64Array {
  const { dims, landmarks, projection, meanSquared } = model;
  if (landmarks === 0) throw new NumericsError('MDS_EMPTY', 'the model has no landmarks');
  const m = rowCount('MDS', distances, landmarks);
  requireDistances(distances);
  const placed = out ?? new Float64Array(m * dims);
  requireSameLength('MDS', placed, { length: m * dims });
  const centred = new Float64Array(landmarks);
  for (let p = 0; p < m; p++) {
    for (let l = 0; l < landmarks; l++) centred[l] = distances[p * landmarks + l] ** 2 - meanSquared[l];
    for (let axis = 0; axis < dims; axis++) {
      let sum = 0;
      const row = axis * landmarks;
      for (let l = 0; l < landmarks; l++) sum += projection[row + l] * centred[l];
      placed[p * dims + axis] = sum;
    }
  }
  return placed;
}

/** Writes the distances of item `i` to all n items into `out`. */
export type DistanceRow = (i: number, out: Float64Array) => void;

/**
 * Farthest-first traversal (Gonzalez 1985): from `start`, each next landmark is the item farthest from those
 * chosen; ties go to the lowest index. Stops early when every item coincides with a landmark, so the result has
 * at most `count` indices. O(count n) distances. Throws `FARTHEST_FIRST_INVALID`.
 */
export function farthestFirst(
  n: number,
  count: number,
  start: number,
  distanceRow: DistanceRow,
): Uint32Array {
  if (n === 0 || count === 0) return new Uint32Array(0);
  requireInteger('FARTHEST_FIRST', 'count', count, 0);
  requireInteger('FARTHEST_FIRST', 'start', start, 0, n - 1);
  const nearest = new Float64Array(n).fill(Infinity);
  const row = new Float64Array(n);
  const chosen: number[] = [];
  let next = start;
  while (chosen.length < Math.min(count, n)) {
    chosen.push(next);
    distanceRow(next, row);
    nearest[next] = 0;
    let best = 0;
    for (let i = 0; i < n; i++) {
      if (row[i] < nearest[i]) nearest[i] = row[i];
      if (nearest[i] > best) {
        best = nearest[i];
        next = i;
      }
    }
    if (best === 0) break;
  }
  return Uint32Array.from(chosen);
}

/** Euclidean {@link DistanceRow} over row-major points. */
export function euclideanRows(points: ArrayLike<number>, dim: number): DistanceRow {
  const n = rowCount('DISTANCE_ROWS', points, dim);
  return (i, out) => {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let t = 0; t < dim; t++) {
        const delta = points[i * dim + t] - points[j * dim + t];
        sum += delta * delta;
      }
      out[j] = Math.sqrt(sum);
    }
  };
}

/**
 * Kruskal's stress-1 of a layout: sqrt(sum (d - e)^2 / sum d^2) over the pairs of two distance lists of equal
 * length (original d, laid out e); 0 when all are 0.
 */
export function stress(original: ArrayLike<number>, laidOut: ArrayLike<number>): number {
  requireSameLength('STRESS', original, laidOut);
  let errors = 0;
  let total = 0;
  for (let i = 0; i < original.length; i++) {
    requireInRange('STRESS', 'distance', original[i], 0, Number.MAX_VALUE);
    errors += (original[i] - laidOut[i]) ** 2;
    total += original[i] ** 2;
  }
  return total === 0 ? 0 : Math.sqrt(errors / total);
}
