// AssemblyScript: one sweep of one-sided Jacobi (Hestenes 1958) over the rows of a matrix. The TypeScript twin in
// src/svd.ts has the same two lanes (even and odd columns), so results agree bit for bit.

/** Sum of the lanes' products, the last column of an odd width into the even lane. */
function dotRows(a: usize, b: usize, width: i32): f64 {
  const whole = width & ~1;
  let sum = f64x2.splat(0);
  for (let i = 0; i < whole; i += 2) {
    const at = (<usize>i) << 3;
    sum = f64x2.add(sum, f64x2.mul(v128.load(a + at), v128.load(b + at)));
  }
  let even = f64x2.extract_lane(sum, 0);
  const last = (<usize>whole) << 3;
  if (whole < width) even += load<f64>(a + last) * load<f64>(b + last);
  return even + f64x2.extract_lane(sum, 1);
}

/** (a, b) <- (c a - s b, s a + c b). */
function rotateRows(a: usize, b: usize, width: i32, c: f64, s: f64): void {
  const cosine = f64x2.splat(c);
  const sine = f64x2.splat(s);
  const whole = width & ~1;
  for (let i = 0; i < whole; i += 2) {
    const at = (<usize>i) << 3;
    const x = v128.load(a + at);
    const y = v128.load(b + at);
    v128.store(a + at, f64x2.sub(f64x2.mul(cosine, x), f64x2.mul(sine, y)));
    v128.store(b + at, f64x2.add(f64x2.mul(sine, x), f64x2.mul(cosine, y)));
  }
  if (whole < width) {
    const at = (<usize>whole) << 3;
    const x = load<f64>(a + at);
    const y = load<f64>(b + at);
    store<f64>(a + at, c * x - s * y);
    store<f64>(b + at, s * x + c * y);
  }
}

/**
 * Rotates every pair of the n rows of w (`width` doubles each) whose cosine exceeds `tolerance`, and with them the
 * rows of `also`. `norms` has room for n doubles. Returns the number of rotations.
 */
export function jacobiSweep(
  w: usize,
  n: i32,
  width: i32,
  also: usize,
  alsoWidth: i32,
  norms: usize,
  tolerance: f64,
): i32 {
  const stride = (<usize>width) << 3;
  const alsoStride = (<usize>alsoWidth) << 3;
  let rotations = 0;
  for (let p = 0; p < n; p++) {
    const row = w + <usize>p * stride;
    store<f64>(norms + ((<usize>p) << 3), dotRows(row, row, width));
  }
  for (let p = 0; p < n - 1; p++) {
    const a = w + <usize>p * stride;
    const normA = norms + ((<usize>p) << 3);
    for (let q = p + 1; q < n; q++) {
      const b = w + <usize>q * stride;
      const normB = norms + ((<usize>q) << 3);
      const dot = dotRows(a, b, width);
      if (Math.abs(dot) <= tolerance * Math.sqrt(load<f64>(normA)) * Math.sqrt(load<f64>(normB))) continue;
      rotations++;
      const zeta = (load<f64>(normB) - load<f64>(normA)) / (2 * dot);
      const t = (zeta < 0 ? -1.0 : 1.0) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
      const c = 1 / Math.sqrt(1 + t * t);
      rotateRows(a, b, width, c, c * t);
      rotateRows(also + <usize>p * alsoStride, also + <usize>q * alsoStride, alsoWidth, c, c * t);
      store<f64>(normA, dotRows(a, a, width));
      store<f64>(normB, dotRows(b, b, width));
    }
  }
  return rotations;
}
