import { NumericsError } from './errors.js';

/** Flat numeric input: row-major, any floating point width. */
export type Floats = Float64Array | Float32Array;

/** Throws `${stage}_NOT_FINITE` at the first NaN or infinity. O(n). */
export function requireFinite(stage: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new NumericsError(`${stage}_NOT_FINITE`, `value ${values[i]} at index ${i}`, { index: i });
    }
  }
}

/** Throws `${stage}_EMPTY` for an empty input. */
export function requireNonEmpty(stage: string, values: ArrayLike<unknown>): void {
  if (values.length === 0) throw new NumericsError(`${stage}_EMPTY`, 'at least one value is needed');
}

/** Throws `${stage}_INVALID` unless `min <= value <= max` (NaN is refused). */
export function requireInRange(stage: string, name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) {
    throw new NumericsError(`${stage}_INVALID`, `${name} = ${value} is outside [${min}, ${max}]`, {
      name,
      value,
      min,
      max,
    });
  }
}

/** Throws `${stage}_INVALID` unless `value` is an integer in [min, max]. */
export function requireInteger(
  stage: string,
  name: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value)) {
    throw new NumericsError(`${stage}_INVALID`, `${name} = ${value} is not an integer`, { name, value });
  }
  requireInRange(stage, name, value, min, max);
}

/** Throws `${stage}_INVALID` unless lo < value < hi. */
export function requireInside(stage: string, name: string, value: number, lo: number, hi: number): void {
  if (!(value > lo && value < hi)) {
    throw new NumericsError(`${stage}_INVALID`, `${name} = ${value} is not inside (${lo}, ${hi})`, {
      name,
      value,
    });
  }
}

/** Number of rows of a flat row-major array; throws `${stage}_SHAPE` when `dim` does not divide its length. */
export function rowCount(stage: string, values: ArrayLike<number>, dim: number): number {
  requireInteger(stage, 'dim', dim, 1);
  const rows = values.length / dim;
  if (!Number.isInteger(rows)) {
    throw new NumericsError(`${stage}_SHAPE`, `${values.length} values are not rows of ${dim}`, {
      length: values.length,
      dim,
    });
  }
  return rows;
}

/** Throws `${stage}_SHAPE` unless both lengths agree. */
export function requireSameLength(stage: string, a: ArrayLike<unknown>, b: ArrayLike<unknown>): void {
  if (a.length !== b.length) {
    throw new NumericsError(`${stage}_SHAPE`, `lengths ${a.length} and ${b.length} differ`, {
      left: a.length,
      right: b.length,
    });
  }
}
