import { GeometryError } from './geometry-error.js';

/** Anything indexable with numbers; typed arrays are the fast case. */
export type Vector = ArrayLike<number>;

/** Sum of products. O(d). @throws GeometryError VECTOR_LENGTH_MISMATCH */
export function dot(a: Vector, b: Vector): number {
  const n = sameLength(a, b);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/** Euclidean length; rescaled when the squares would overflow or vanish. O(d). */
export function norm(a: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * a[i];
  return isPlainSquare(sum) ? Math.sqrt(sum) : scaledNorm(a.length, (i) => a[i]);
}

/** Euclidean distance; rescaled when the squares would overflow or vanish. O(d). @throws VECTOR_LENGTH_MISMATCH */
export function euclidean(a: Vector, b: Vector): number {
  const n = sameLength(a, b);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const gap = a[i] - b[i];
    sum += gap * gap;
  }
  return isPlainSquare(sum) ? Math.sqrt(sum) : scaledNorm(n, (i) => a[i] - b[i]);
}

/**
 * Cosine of the angle, in [-1, 1]; 0 when either vector is zero (no direction, so no similarity). O(d).
 * @throws GeometryError VECTOR_LENGTH_MISMATCH
 */
export function cosine(a: Vector, b: Vector): number {
  const n = sameLength(a, b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < n; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  if (isPlainSquare(aa) && isPlainSquare(bb)) return clampCosine(ab / (Math.sqrt(aa) * Math.sqrt(bb)));
  const normA = norm(a);
  const normB = norm(b);
  if (normA === 0 || normB === 0) return 0;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (a[i] / normA) * (b[i] / normB);
  return clampCosine(sum);
}

/** a + b into `out`. O(d). @throws GeometryError VECTOR_LENGTH_MISMATCH */
export function add(a: Vector, b: Vector, out = new Float64Array(a.length)): Float64Array {
  const n = sameLength(a, b);
  for (let i = 0; i < n; i++) out[i] = a[i] + b[i];
  return out;
}

/** a - b into `out`. O(d). @throws GeometryError VECTOR_LENGTH_MISMATCH */
export function subtract(a: Vector, b: Vector, out = new Float64Array(a.length)): Float64Array {
  const n = sameLength(a, b);
  for (let i = 0; i < n; i++) out[i] = a[i] - b[i];
  return out;
}

/** factor * a into `out`. O(d). */
export function scale(a: Vector, factor: number, out = new Float64Array(a.length)): Float64Array {
  for (let i = 0; i < a.length; i++) out[i] = a[i] * factor;
  return out;
}

/** a / |a| into `out`. O(d). @throws GeometryError VECTOR_NO_DIRECTION for a zero, infinite or NaN vector */
export function normalise(a: Vector, out = new Float64Array(a.length)): Float64Array {
  const length = norm(a);
  if (!(length > 0 && length < Infinity)) {
    throw new GeometryError('VECTOR_NO_DIRECTION', 'only a finite non-zero vector has a direction', {
      length,
    });
  }
  for (let i = 0; i < a.length; i++) out[i] = a[i] / length;
  return out;
}

/** a + t (b - a), exactly a at t = 0 and b at t = 1. O(d). @throws GeometryError VECTOR_LENGTH_MISMATCH */
export function lerp(a: Vector, b: Vector, t: number, out = new Float64Array(a.length)): Float64Array {
  const n = sameLength(a, b);
  for (let i = 0; i < n; i++) out[i] = t === 0 ? a[i] : t === 1 ? b[i] : a[i] + t * (b[i] - a[i]);
  return out;
}

/**
 * Component-wise mean of n vectors stored flat (length n d), by a running mean, which cannot overflow. O(n d).
 * @throws GeometryError VECTOR_EMPTY (no vector), VECTOR_BAD_SHAPE (length no multiple of dims)
 */
export function mean(points: Vector, dims: number, out = new Float64Array(dims)): Float64Array {
  if (!Number.isInteger(dims) || dims < 1 || points.length % dims !== 0) {
    throw new GeometryError('VECTOR_BAD_SHAPE', 'length is no multiple of the dimension', { dims });
  }
  const n = points.length / dims;
  if (n === 0) throw new GeometryError('VECTOR_EMPTY', 'the mean of nothing');
  out.fill(0);
  for (let i = 0; i < n; i++) {
    for (let d = 0; d < dims; d++) out[d] += (points[i * dims + d] - out[d]) / (i + 1);
  }
  return out;
}

function sameLength(a: Vector, b: Vector): number {
  if (a.length !== b.length) {
    throw new GeometryError('VECTOR_LENGTH_MISMATCH', 'vectors differ in length', {
      a: a.length,
      b: b.length,
    });
  }
  return a.length;
}

/** False for sums that lost their meaning to overflow or underflow, and for 0 and NaN. */
function isPlainSquare(sum: number): boolean {
  return sum > 1e-280 && sum < 1e300;
}

function scaledNorm(n: number, component: (i: number) => number): number {
  let largest = 0;
  for (let i = 0; i < n; i++) {
    const size = Math.abs(component(i));
    if (size !== size) return NaN;
    if (size > largest) largest = size;
  }
  if (largest === 0 || largest === Infinity) return largest;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const part = component(i) / largest;
    sum += part * part;
  }
  return largest * Math.sqrt(sum);
}

function clampCosine(value: number): number {
  return value > 1 ? 1 : value < -1 ? -1 : value;
}
