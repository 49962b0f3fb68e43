// AssemblyScript: C += A B on packed panels, Goto's scheme (Goto & van de Geijn 2008) cut to one core. A is packed
// in panels of 4 rows, B in panels of 8 (f32) or 4 (f64) columns, both padded with zeros; C is padded likewise.

const KC: i32 = 256;
/** Rows of A packed at once: a line of the cache of a transposed A is read whole. */
const MC: i32 = 16;

/** What is known of the operands: nothing, C is symmetric (its lower triangle is wanted), B is upper triangular. */
const SYMMETRIC: i32 = 1;
const UPPER_B: i32 = 2;

/** Packs rows [i0, i0 + 4) x [k0, k0 + kc) of A with element strides (rowStep, colStep), one row-quadruple per k. */
function packAF32(a: usize, m: i32, i0: i32, k0: i32, kc: i32, rowStep: i32, colStep: i32, out: usize): void {
  const step = (<usize>colStep) << 2;
  const origin = a + ((<usize>i0 * <usize>rowStep + <usize>k0 * <usize>colStep) << 2);
  if (rowStep === 1 && i0 + 4 <= m) {
    let from = origin;
    for (let to = out; to < out + ((<usize>kc) << 4); to += 16) {
      v128.store(to, v128.load(from));
      from += step;
    }
    return;
  }
  for (let r = 0; r < 4; r++) {
    let from = origin + ((<usize>r * <usize>rowStep) << 2);
    const to = out + ((<usize>r) << 2);
    for (let k = 0; k < kc; k++) {
      store<f32>(to + ((<usize>k) << 4), i0 + r < m ? load<f32>(from) : 0);
      from += step;
    }
  }
}

/** Packs rows [i0, i0 + MC) as panels of 4, one after the other. */
function packBlockF32(
  a: usize,
  m: i32,
  i0: i32,
  k0: i32,
  kc: i32,
  rowStep: i32,
  colStep: i32,
  out: usize,
): void {
  const panel = (<usize>kc) << 4;
  if (rowStep !== 1 || i0 + MC > m) {
    for (let i = i0; i < min(m, i0 + MC); i += 4) {
      packAF32(a, m, i, k0, kc, rowStep, colStep, out + <usize>((i - i0) >> 2) * panel);
    }
    return;
  }
  let from = a + ((<usize>i0 + <usize>k0 * <usize>colStep) << 2);
  for (let to = out; to < out + panel; to += 16) {
    v128.store(to, v128.load(from));
    v128.store(to + panel, v128.load(from, 16));
    v128.store(to + 2 * panel, v128.load(from, 32));
    v128.store(to + 3 * panel, v128.load(from, 48));
    from += (<usize>colStep) << 2;
  }
}

function packBF32(b: usize, n: i32, j0: i32, k0: i32, kc: i32, rowStep: i32, colStep: i32, out: usize): void {
  for (let k = 0; k < kc; k++) {
    const row = b + ((<usize>(k0 + k) * <usize>rowStep) << 2);
    const to = out + ((<usize>k) << 5);
    if (colStep === 1 && j0 + 8 <= n) {
      v128.store(to, v128.load(row + ((<usize>j0) << 2)));
      v128.store(to, v128.load(row + ((<usize>j0) << 2), 16), 16);
      continue;
    }
    for (let c = 0; c < 8; c++) {
      const j = j0 + c;
      store<f32>(to + ((<usize>c) << 2), j < n ? load<f32>(row + ((<usize>j * <usize>colStep) << 2)) : 0);
    }
  }
}

/** 4 x 8 block of C (row stride ldc floats) += packed A panel x packed B panel over kc. */
function tileF32(a: usize, b: usize, kc: i32, c: usize, ldc: i32): void {
  const step = (<usize>ldc) << 2;
  const c1 = c + step;
  const c2 = c1 + step;
  const c3 = c2 + step;
  let s00 = v128.load(c);
  let s01 = v128.load(c, 16);
  let s10 = v128.load(c1);
  let s11 = v128.load(c1, 16);
  let s20 = v128.load(c2);
  let s21 = v128.load(c2, 16);
  let s30 = v128.load(c3);
  let s31 = v128.load(c3, 16);
  const end = a + ((<usize>kc) << 4);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(a0, b0));
    s01 = f32x4.add(s01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    s10 = f32x4.add(s10, f32x4.mul(a1, b0));
    s11 = f32x4.add(s11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    s20 = f32x4.add(s20, f32x4.mul(a2, b0));
    s21 = f32x4.add(s21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    s30 = f32x4.add(s30, f32x4.mul(a3, b0));
    s31 = f32x4.add(s31, f32x4.mul(a3, b1));
    a += 16;
    b += 32;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/**
 * C (zeroed, padded to multiples of 4 rows and 8 columns, row stride ldc) += A (m x k) B (k x n). Strides are in
 * elements, so a transposed operand is only another pair of strides. `work` holds (ceil(n / 8) * 8 + 16) * 256 floats.
 * Sums run over k in blocks of 256, in order within a block.
 */
export function gemmF32(
  a: usize,
  aRow: i32,
  aCol: i32,
  b: usize,
  bRow: i32,
  bCol: i32,
  m: i32,
  k: i32,
  n: i32,
  c: usize,
  ldc: i32,
  work: usize,
): void {
  const panel = (<usize>KC) << 5;
  const panels = (n + 7) >> 3;
  const packedA = work + <usize>panels * panel;
  for (let k0 = 0; k0 < k; k0 += KC) {
    const kc = min(KC, k - k0);
    for (let p = 0; p < panels; p++) packBF32(b, n, p << 3, k0, kc, bRow, bCol, work + <usize>p * panel);
    for (let i0 = 0; i0 < m; i0 += MC) {
      packBlockF32(a, m, i0, k0, kc, aRow, aCol, packedA);
      for (let i = i0; i < min(m, i0 + MC); i += 4) {
        const rows = packedA + ((<usize>(i - i0) * <usize>kc) << 2);
        const row = c + ((<usize>i * <usize>ldc) << 2);
        for (let p = 0; p < panels; p++) {
          tileF32(rows, work + <usize>p * panel, kc, row + ((<usize>p) << 5), ldc);
        }
      }
    }
  }
}

function packAF64(a: usize, m: i32, i0: i32, k0: i32, kc: i32, rowStep: i32, colStep: i32, out: usize): void {
  const step = (<usize>colStep) << 3;
  const origin = a + ((<usize>i0 * <usize>rowStep + <usize>k0 * <usize>colStep) << 3);
  if (rowStep === 1 && i0 + 4 <= m) {
    let from = origin;
    for (let to = out; to < out + ((<usize>kc) << 5); to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += step;
    }
    return;
  }
  for (let r = 0; r < 4; r++) {
    let from = origin + ((<usize>r * <usize>rowStep) << 3);
    const to = out + ((<usize>r) << 3);
    for (let k = 0; k < kc; k++) {
      store<f64>(to + ((<usize>k) << 5), i0 + r < m ? load<f64>(from) : 0);
      from += step;
    }
  }
}

function packBlockF64(
  a: usize,
  m: i32,
  i0: i32,
  k0: i32,
  kc: i32,
  rowStep: i32,
  colStep: i32,
  out: usize,
): void {
  const panel = (<usize>kc) << 5;
  if (rowStep !== 1 || i0 + MC > m) {
    for (let i = i0; i < min(m, i0 + MC); i += 4) {
      packAF64(a, m, i, k0, kc, rowStep, colStep, out + <usize>((i - i0) >> 2) * panel);
    }
    return;
  }
  let from = a + ((<usize>i0 + <usize>k0 * <usize>colStep) << 3);
  for (let to = out; to < out + panel; to += 32) {
    for (let p: usize = 0; p < 4; p++) {
      v128.store(to + p * panel, v128.load(from + (p << 5)));
      v128.store(to + p * panel, v128.load(from + (p << 5), 16), 16);
    }
    from += (<usize>colStep) << 3;
  }
}

function packBF64(b: usize, n: i32, j0: i32, k0: i32, kc: i32, rowStep: i32, colStep: i32, out: usize): void {
  for (let k = 0; k < kc; k++) {
    const row = b + ((<usize>(k0 + k) * <usize>rowStep) << 3);
    const to = out + ((<usize>k) << 5);
    for (let c = 0; c < 4; c++) {
      const j = j0 + c;
      store<f64>(to + ((<usize>c) << 3), j < n ? load<f64>(row + ((<usize>j * <usize>colStep) << 3)) : 0);
    }
  }
}

function tileF64(a: usize, b: usize, kc: i32, c: usize, ldc: i32): void {
  const step = (<usize>ldc) << 3;
  const c1 = c + step;
  const c2 = c1 + step;
  const c3 = c2 + step;
  let s00 = v128.load(c);
  let s01 = v128.load(c, 16);
  let s10 = v128.load(c1);
  let s11 = v128.load(c1, 16);
  let s20 = v128.load(c2);
  let s21 = v128.load(c2, 16);
  let s30 = v128.load(c3);
  let s31 = v128.load(c3, 16);
  const end = a + ((<usize>kc) << 5);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    s00 = f64x2.add(s00, f64x2.mul(a0, b0));
    s01 = f64x2.add(s01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    s10 = f64x2.add(s10, f64x2.mul(a1, b0));
    s11 = f64x2.add(s11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    s20 = f64x2.add(s20, f64x2.mul(a2, b0));
    s21 = f64x2.add(s21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    s30 = f64x2.add(s30, f64x2.mul(a3, b0));
    s31 = f64x2.add(s31, f64x2.mul(a3, b1));
    a += 32;
    b += 32;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c1, s10);
  v128.store(c1, s11, 16);
  v128.store(c2, s20);
  v128.store(c2, s21, 16);
  v128.store(c3, s30);
  v128.store(c3, s31, 16);
}

/**
 * As gemmF32 in double precision: C padded to multiples of 4 and 4, `work` holds (ceil(n / 4) * 4 + 16) * 256 doubles.
 * With structure 1 only the tiles that touch the lower triangle of C are computed; with 2, zeros of B are skipped.
 */
export function gemmF64(
  a: usize,
  aRow: i32,
  aCol: i32,
  b: usize,
  bRow: i32,
  bCol: i32,
  m: i32,
  k: i32,
  n: i32,
  c: usize,
  ldc: i32,
  work: usize,
  structure: i32,
): void {
  const panel = (<usize>KC) << 5;
  const panels = (n + 3) >> 2;
  const packedA = work + <usize>panels * panel;
  for (let k0 = 0; k0 < k; k0 += KC) {
    const kc = min(KC, k - k0);
    for (let p = 0; p < panels; p++) packBF64(b, n, p << 2, k0, kc, bRow, bCol, work + <usize>p * panel);
    for (let i0 = 0; i0 < m; i0 += MC) {
      packBlockF64(a, m, i0, k0, kc, aRow, aCol, packedA);
      for (let i = i0; i < min(m, i0 + MC); i += 4) {
        const rows = packedA + ((<usize>(i - i0) * <usize>kc) << 3);
        const row = c + ((<usize>i * <usize>ldc) << 3);
        const last = structure === SYMMETRIC ? min(panels, (i >> 2) + 1) : panels;
        for (let p = 0; p < last; p++) {
          const depth = structure === UPPER_B ? min(kc, (p << 2) + 4 - k0) : kc;
          if (depth > 0) tileF64(rows, work + <usize>p * panel, depth, row + ((<usize>p) << 5), ldc);
        }
      }
    }
  }
}
