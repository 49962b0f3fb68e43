import { GeometryError } from './geometry-error.js';
import { requirePath, vertexGap } from './path.js';

/** A warping of two paths: vertex pairs in order, flat i, j, i, j. */
export interface Alignment {
  readonly distance: number;
  readonly pairs: Uint32Array;
}

/**
 * Dynamic time warping (Sakoe and Chiba 1978): the least sum of vertex distances over monotone alignments. Two rows
 * of memory. O(n m d), O(n band d) with a band.
 * @param band largest |i - j|, widened to |n - m| where it would admit no alignment; Infinity for none
 * @throws GeometryError PATH_*, PATH_BAD_BAND
 */
export function dtwDistance(a: Float64Array, b: Float64Array, dims: number, band = Infinity): number {
  const n = requirePath(a, dims);
  const m = requirePath(b, dims);
  const reach = requireBand(band, n, m);
  let previous = new Float64Array(m + 1).fill(Infinity);
  let current = new Float64Array(m + 1).fill(Infinity);
  previous[0] = 0;
  for (let i = 1; i <= n; i++) {
    const from = Math.max(1, i - reach);
    const to = Math.min(m, i + reach);
    current[from - 1] = Infinity;
    let left = Infinity;
    let corner = previous[from - 1];
    for (let j = from; j <= to; j++) {
      const up = previous[j];
      const least = up < corner ? (up < left ? up : left) : corner < left ? corner : left;
      left = least + vertexGap(a, i - 1, b, j - 1, dims);
      corner = up;
      current[j] = left;
    }
    if (to < m) current[to + 1] = Infinity;
    [previous, current] = [current, previous];
  }
  return previous[m];
}

/**
 * dtwDistance with the alignment that reaches it (diagonal steps first among equals). O(n m) memory.
 * @throws GeometryError PATH_*, PATH_BAD_BAND, PATH_TOO_LONG (more than 2^26 cells)
 */
export function dtwAlignment(a: Float64Array, b: Float64Array, dims: number, band = Infinity): Alignment {
  const n = requirePath(a, dims);
  const m = requirePath(b, dims);
  const reach = requireBand(band, n, m);
  if (n * m > 2 ** 26)
    throw new GeometryError('PATH_TOO_LONG', 'the alignment table would be too large', { n, m });
  const table = new Float64Array(n * m).fill(Infinity);
  const at = (i: number, j: number): number => (i < 0 || j < 0 ? (i === j ? 0 : Infinity) : table[i * m + j]);
  for (let i = 0; i < n; i++) {
    for (let j = Math.max(0, i - reach); j <= Math.min(m - 1, i + reach); j++) {
      table[i * m + j] = Math.min(at(i - 1, j - 1), at(i - 1, j), at(i, j - 1)) + vertexGap(a, i, b, j, dims);
    }
  }
  const pairs: number[] = [];
  for (let i = n - 1, j = m - 1; i >= 0;) {
    pairs.push(j, i);
    const [diagonal, up, left] = [at(i - 1, j - 1), at(i - 1, j), at(i, j - 1)];
    if (i === 0 && j === 0) break;
    if (diagonal <= up && diagonal <= left) {
      i--;
      j--;
    } else if (up <= left) i--;
    else j--;
  }
  return { distance: table[n * m - 1], pairs: Uint32Array.from(pairs.reverse()) };
}

/**
 * Discrete Frechet distance (Eiter and Mannila 1994): the shortest leash when both walk from vertex to vertex. Two
 * rows. O(n m d). @throws GeometryError PATH_*
 */
export function frechetDiscrete(a: Float64Array, b: Float64Array, dims: number): number {
  const n = requirePath(a, dims);
  const m = requirePath(b, dims);
  let row = new Float64Array(m);
  let next = new Float64Array(m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const gap = vertexGap(a, i, b, j, dims);
      const up = i > 0 ? row[j] : Infinity;
      const left = j > 0 ? next[j - 1] : Infinity;
      const corner = i > 0 && j > 0 ? row[j - 1] : i === 0 && j === 0 ? 0 : Infinity;
      next[j] = Math.max(gap, Math.min(up, left, corner));
    }
    [row, next] = [next, row];
  }
  return row[m - 1];
}

type Interval = readonly [number, number];
const NOWHERE: Interval = [NaN, NaN];

/** Bisections of the leash: enough for every bit of a double. */
const MAX_BISECTIONS = 64;

/**
 * Frechet distance of two polylines (Alt and Godau 1995): the shortest leash over continuous walks, by bisection of
 * the free-space decision between the distance of the ends and the discrete value; correct to `tolerance` relative
 * (touching collinear stretches only to about 1e-8 of their size, where squares cancel).
 * O(n m d log(1 / tolerance)). @throws GeometryError PATH_*
 */
export function frechetDistance(a: Float64Array, b: Float64Array, dims: number, tolerance = 1e-12): number {
  const n = requirePath(a, dims);
  const m = requirePath(b, dims);
  let low = Math.max(vertexGap(a, 0, b, 0, dims), vertexGap(a, n - 1, b, m - 1, dims));
  if (frechetAtMost(a, b, dims, low)) return low;
  let high = frechetDiscrete(a, b, dims);
  for (let i = 0; i < MAX_BISECTIONS && high - low > tolerance * high; i++) {
    const middle = low + (high - low) / 2;
    if (frechetAtMost(a, b, dims, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** True when a leash of length `leash` suffices: reachability in the free-space diagram. O(n m d). @throws PATH_* */
export function frechetAtMost(a: Float64Array, b: Float64Array, dims: number, leash: number): boolean {
  const n = requirePath(a, dims);
  const m = requirePath(b, dims);
  if (vertexGap(a, 0, b, 0, dims) > leash || vertexGap(a, n - 1, b, m - 1, dims) > leash) return false;
  if (n === 1 || m === 1) {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++) if (vertexGap(a, i, b, j, dims) > leash) return false;
    return true;
  }
  // Reachable part of each cell's lower side (along a is fixed at vertex i) and left side (fixed at vertex j).
  let bottoms = new Float64Array(2 * (m - 1)).fill(NaN);
  let reachesStart = true;
  for (let j = 0; j < m - 1 && reachesStart; j++) {
    const [low, high] = freeInterval(a, 0, b, j, dims, leash);
    if (low !== 0) break;
    bottoms.set([low, high], 2 * j);
    reachesStart = high === 1;
  }
  let leftOpen = true;
  for (let i = 0; i < n - 1; i++) {
    const tops = new Float64Array(2 * (m - 1)).fill(NaN);
    const first: Interval = leftOpen ? freeInterval(b, 0, a, i, dims, leash) : NOWHERE;
    let left: Interval = first[0] === 0 ? first : NOWHERE;
    leftOpen = left[1] === 1;
    for (let j = 0; j < m - 1; j++) {
      const bottomLow = bottoms[2 * j];
      const [topLow, topHigh] = freeInterval(a, i + 1, b, j, dims, leash);
      const [rightLow, rightHigh] = freeInterval(b, j + 1, a, i, dims, leash);
      // From the left side every free point above is reachable; from the bottom only those not behind it.
      const topFrom = left[0] === left[0] ? topLow : Math.max(topLow, bottomLow);
      const rightFrom = bottomLow === bottomLow ? rightLow : Math.max(rightLow, left[0]);
      tops.set(topFrom <= topHigh ? [topFrom, topHigh] : NOWHERE, 2 * j);
      left = rightFrom <= rightHigh ? [rightFrom, rightHigh] : NOWHERE;
    }
    bottoms = tops;
    if (i === n - 2) return left[1] === 1 || tops[2 * (m - 1) - 1] === 1;
  }
  return false;
}

/** The t in [0, 1] for which b[j] + t (b[j + 1] - b[j]) is within `leash` of vertex i of a; NaN when none. */
function freeInterval(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  dims: number,
  leash: number,
): Interval {
  let length2 = 0;
  let along = 0;
  let gap2 = 0;
  for (let d = 0; d < dims; d++) {
    const edge = b[(j + 1) * dims + d] - b[j * dims + d];
    const gap = a[i * dims + d] - b[j * dims + d];
    length2 += edge * edge;
    along += edge * gap;
    gap2 += gap * gap;
  }
  const startFree = Math.sqrt(gap2) <= leash;
  const endFree = vertexGap(a, i, b, j + 1, dims) <= leash;
  if (length2 === 0) return startFree ? [0, 1] : NOWHERE;
  const middle = along / length2;
  const off2 = Math.max(0, gap2 - along * middle);
  const half2 = (leash * leash - off2) / length2;
  if (half2 < 0 && !startFree && !endFree) return NOWHERE;
  const half = Math.sqrt(Math.max(0, half2));
  const low = startFree ? 0 : middle - half;
  const high = endFree ? 1 : middle + half;
  if (low > 1 || high < 0) return NOWHERE;
  return [Math.max(0, low), Math.min(1, high)];
}

function requireBand(band: number, n: number, m: number): number {
  if (!(band >= 0)) throw new GeometryError('PATH_BAD_BAND', 'a band is not negative', { band });
  return Math.max(band === Infinity ? n + m : Math.floor(band), Math.abs(n - m));
}
