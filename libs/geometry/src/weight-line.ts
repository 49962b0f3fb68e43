import { GeometryError } from './geometry-error.js';

/** A LINESTRING ZM: flat x, y, z, m per vertex; NaN stands for a missing z or m. */
export interface LineZm {
  /** Spatial reference, 0 for the plane of weights. */
  readonly srid: number;
  readonly coords: Float64Array;
}

/** A run of a tensor's weights, element `start` first. */
export interface TensorSegment {
  /** Element index of the first weight, an integer below 2^53. */
  readonly start: number;
  readonly weights: ArrayLike<number>;
  /** One per weight, or one for all; NaN when unknown. */
  readonly importance?: ArrayLike<number> | number;
  /** Milliseconds since the epoch of the last change; one per weight, or one for all; NaN when unknown. */
  readonly time?: ArrayLike<number> | number;
}

/** What a line holds, back as arrays. */
export interface WeightRun {
  readonly start: number;
  readonly weights: Float64Array;
  readonly importance: Float64Array;
  readonly time: Float64Array;
}

const STRIDE = 4;

/**
 * A segment as a line: x element index, y weight, z importance, m time. A lone weight becomes two equal vertices,
 * for a line needs two. Exact for float32 and float64 weights. O(n).
 * @throws GeometryError WEIGHTLINE_BAD_START, WEIGHTLINE_BAD_SHAPE, WEIGHTLINE_NOT_FINITE (a weight; no line can
 *   carry it on either engine)
 */
export function lineFromSegment(segment: TensorSegment): LineZm {
  const { start, weights, importance = NaN, time = NaN } = segment;
  const n = weights.length;
  if (!Number.isSafeInteger(start) || start < 0 || !Number.isSafeInteger(start + n)) {
    throw new GeometryError('WEIGHTLINE_BAD_START', 'start is an element index', { start });
  }
  for (const column of [importance, time]) {
    if (typeof column !== 'number' && column.length !== n) {
      throw new GeometryError('WEIGHTLINE_BAD_SHAPE', 'importance and time have one value per weight', { n });
    }
  }
  const coords = new Float64Array(STRIDE * (n === 1 ? 2 : n));
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(weights[i])) {
      throw new GeometryError('WEIGHTLINE_NOT_FINITE', 'a weight is not finite', { element: start + i });
    }
    const at = STRIDE * i;
    coords[at] = start + i;
    coords[at + 1] = weights[i];
    coords[at + 2] = typeof importance === 'number' ? importance : importance[i];
    coords[at + 3] = typeof time === 'number' ? time : time[i];
  }
  if (n === 1) coords.copyWithin(STRIDE, 0, STRIDE);
  return { srid: 0, coords };
}

/**
 * The segment that a line holds: the exact inverse of lineFromSegment. O(n).
 * @throws GeometryError WEIGHTLINE_BAD_SHAPE, WEIGHTLINE_GAP (indices do not follow each other: a simplified line,
 *   see fillSimplified)
 */
export function segmentFromLine(line: LineZm): WeightRun {
  const vertices = vertexCount(line);
  const { coords } = line;
  const lone = vertices === 2 && coords[0] === coords[STRIDE];
  const n = lone ? 1 : vertices;
  const run = emptyRun(n, n === 0 ? 0 : coords[0]);
  for (let i = 0; i < n; i++) {
    if (coords[STRIDE * i] !== run.start + i) {
      throw new GeometryError('WEIGHTLINE_GAP', 'element indices do not follow each other', { vertex: i });
    }
    run.weights[i] = coords[STRIDE * i + 1];
    run.importance[i] = coords[STRIDE * i + 2];
    run.time[i] = coords[STRIDE * i + 3];
  }
  return run;
}

/**
 * All elements from the first to the last vertex of a simplified line: weights between vertices by linear
 * interpolation, importance and time of the vertex before. A lossy copy's weights, exact at its vertices. O(elements).
 * @param maxElements refuse longer spans; default 2^26
 * @throws GeometryError WEIGHTLINE_BAD_SHAPE, WEIGHTLINE_GAP (indices that are no ascending integers),
 *   WEIGHTLINE_TOO_LONG
 */
export function fillSimplified(line: LineZm, maxElements = 2 ** 26): WeightRun {
  const vertices = vertexCount(line);
  const { coords } = line;
  if (vertices === 0) return emptyRun(0, 0);
  const first = coords[0];
  const n = coords[STRIDE * (vertices - 1)] - first + 1;
  if (n > maxElements)
    throw new GeometryError('WEIGHTLINE_TOO_LONG', 'the line spans too many elements', { n });
  if (vertices === 2 && n === 1) return segmentFromLine(line);
  for (let v = 0; v < vertices; v++) {
    const x = coords[STRIDE * v];
    if (!Number.isSafeInteger(x) || (v > 0 && x <= coords[STRIDE * (v - 1)])) {
      throw new GeometryError('WEIGHTLINE_GAP', 'element indices must be ascending integers', { vertex: v });
    }
  }
  const run = emptyRun(n, first);
  for (let v = 0; v < vertices; v++) {
    const at = STRIDE * v;
    const from = coords[at];
    const to = v + 1 < vertices ? coords[at + STRIDE] : from + 1;
    const next = v + 1 < vertices ? coords[at + STRIDE + 1] : coords[at + 1];
    for (let x = from; x < to; x++) {
      run.weights[x - first] = coords[at + 1] + ((x - from) / (to - from)) * (next - coords[at + 1]);
      run.importance[x - first] = coords[at + 2];
      run.time[x - first] = coords[at + 3];
    }
  }
  return run;
}

/**
 * Starts and ends of the pieces in which a tensor of `total` elements is kept: [start, end) pairs, flat. No piece
 * but a lone element's has fewer than two, so that each is a line. O(pieces).
 * @param pieceLength elements per piece, at least 2
 * @throws GeometryError WEIGHTLINE_BAD_PIECE
 */
export function pieceBounds(total: number, pieceLength: number): Float64Array {
  if (!Number.isSafeInteger(total) || total < 0 || !Number.isSafeInteger(pieceLength) || pieceLength < 2) {
    throw new GeometryError('WEIGHTLINE_BAD_PIECE', 'pieces hold two elements or more', {
      total,
      pieceLength,
    });
  }
  const bounds: number[] = [];
  for (let from = 0; from < total;) {
    const rest = total - from;
    const to = rest <= pieceLength + 1 ? total : from + pieceLength;
    bounds.push(from, to);
    from = to;
  }
  return Float64Array.from(bounds);
}

/** Number of vertices. @throws GeometryError WEIGHTLINE_BAD_SHAPE */
export function vertexCount({ coords }: LineZm): number {
  if (coords.length % STRIDE !== 0) {
    throw new GeometryError('WEIGHTLINE_BAD_SHAPE', 'a line has four numbers per vertex', {
      length: coords.length,
    });
  }
  return coords.length / STRIDE;
}

function emptyRun(n: number, start: number): WeightRun {
  return { start, weights: new Float64Array(n), importance: new Float64Array(n), time: new Float64Array(n) };
}
