import * as robust from 'robust-predicates';

/**
 * Exact signs of small determinants (Shewchuk 1997, adaptive precision; through `robust-predicates`), with one
 * convention for the whole library: y points up, **positive means counter-clockwise / inside / below**.
 * Input must be finite; NaN gives NaN. Overflow or underflow of a product (|coordinates| beyond about 1e100, or
 * below about 1e-100) is outside the method's guarantee.
 */

/** > 0 when a, b, c turn left (counter-clockwise), < 0 when right, exactly 0 when collinear. O(1). */
export function orient2d(ax: number, ay: number, bx: number, by: number, cx: number, cy: number): number {
  return -robust.orient2d(ax, ay, bx, by, cx, cy);
}

/**
 * > 0 when d lies below the plane through a, b, c, where a, b, c appear counter-clockwise seen from above; 0 exactly
 * when coplanar. The value is about six times the signed volume. O(1).
 */
export function orient3d(
  ax: number,
  ay: number,
  az: number,
  bx: number,
  by: number,
  bz: number,
  cx: number,
  cy: number,
  cz: number,
  dx: number,
  dy: number,
  dz: number,
): number {
  return robust.orient3d(ax, ay, az, bx, by, bz, cx, cy, cz, dx, dy, dz);
}

/** > 0 when d lies inside the circle through the counter-clockwise a, b, c; 0 exactly when cocircular. O(1). */
export function incircle(
  ax: number,
  ay: number,
  bx: number,
  by: number,
  cx: number,
  cy: number,
  dx: number,
  dy: number,
): number {
  return robust.incircle(ax, ay, bx, by, cx, cy, dx, dy);
}

/** > 0 when e lies inside the sphere through a, b, c, d with orient3d(a, b, c, d) > 0; 0 when cospherical. O(1). */
export function insphere(
  ax: number,
  ay: number,
  az: number,
  bx: number,
  by: number,
  bz: number,
  cx: number,
  cy: number,
  cz: number,
  dx: number,
  dy: number,
  dz: number,
  ex: number,
  ey: number,
  ez: number,
): number {
  return -robust.insphere(ax, ay, az, bx, by, bz, cx, cy, cz, dx, dy, dz, ex, ey, ez);
}
