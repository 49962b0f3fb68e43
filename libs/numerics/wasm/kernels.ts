// AssemblyScript. Compiled by build.mjs to WebAssembly SIMD; TypeScript twins in src/wasm/*-twin.ts compute the
// same sums in the same order. All pointers are byte offsets into this instance's memory, laid out by the caller.

/** First byte that the caller may use. */
export function heapBase(): usize {
  return __heap_base;
}

function sumLanes(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

/**
 * out[r] = sum_i query[i] rows[r][i]. Lane l of one accumulator takes i = l mod 4 in order; the tail (dim mod 4)
 * is added last.
 */
export function dotScanF32(query: usize, rows: usize, count: i32, dim: i32, out: usize): void {
  const whole = dim & ~3;
  const stride = (<usize>dim) << 2;
  let r = 0;
  for (; r + 3 < count; r += 4) {
    const row0 = rows + <usize>r * stride;
    const row1 = row0 + stride;
    const row2 = row1 + stride;
    const row3 = row2 + stride;
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      const at = (<usize>i) << 2;
      const q = v128.load(query + at);
      s0 = f32x4.add(s0, f32x4.mul(q, v128.load(row0 + at)));
      s1 = f32x4.add(s1, f32x4.mul(q, v128.load(row1 + at)));
      s2 = f32x4.add(s2, f32x4.mul(q, v128.load(row2 + at)));
      s3 = f32x4.add(s3, f32x4.mul(q, v128.load(row3 + at)));
    }
    const to = out + ((<usize>r) << 2);
    store<f32>(to, tail(sumLanes(s0), query, row0, whole, dim));
    store<f32>(to + 4, tail(sumLanes(s1), query, row1, whole, dim));
    store<f32>(to + 8, tail(sumLanes(s2), query, row2, whole, dim));
    store<f32>(to + 12, tail(sumLanes(s3), query, row3, whole, dim));
  }
  for (; r < count; r++) {
    const row = rows + <usize>r * stride;
    let s = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      const at = (<usize>i) << 2;
      s = f32x4.add(s, f32x4.mul(v128.load(query + at), v128.load(row + at)));
    }
    store<f32>(out + ((<usize>r) << 2), tail(sumLanes(s), query, row, whole, dim));
  }
}

function tail(sum: f32, query: usize, row: usize, whole: i32, dim: i32): f32 {
  for (let i = whole; i < dim; i++) {
    const at = (<usize>i) << 2;
    sum += load<f32>(query + at) * load<f32>(row + at);
  }
  return sum;
}

/** out[r] = sum_i query[i] rows[r][i] over signed bytes, exact in 32 bits for dim <= 131072. */
export function dotScanI8(query: usize, rows: usize, count: i32, dim: i32, out: usize): void {
  const whole = dim & ~15;
  for (let r = 0; r < count; r++) {
    const row = rows + <usize>r * <usize>dim;
    let s = i32x4.splat(0);
    for (let i = 0; i < whole; i += 16) {
      const a = v128.load(query + <usize>i);
      const b = v128.load(row + <usize>i);
      s = i32x4.add(s, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(a), i16x8.extend_low_i8x16_s(b)));
      s = i32x4.add(s, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(a), i16x8.extend_high_i8x16_s(b)));
    }
    let sum =
      i32x4.extract_lane(s, 0) +
      i32x4.extract_lane(s, 1) +
      i32x4.extract_lane(s, 2) +
      i32x4.extract_lane(s, 3);
    for (let i = whole; i < dim; i++) {
      sum += <i32>load<i8>(query + <usize>i) * <i32>load<i8>(row + <usize>i);
    }
    store<i32>(out + ((<usize>r) << 2), sum);
  }
}

/** out[r] = number of differing bits between the query and row r, `bytes` bytes each. */
export function hammingScan(query: usize, rows: usize, count: i32, bytes: i32, out: usize): void {
  const whole = bytes & ~15;
  for (let r = 0; r < count; r++) {
    const row = rows + <usize>r * <usize>bytes;
    let s = i32x4.splat(0);
    let i = 0;
    while (i < whole) {
      let counts = i8x16.splat(0);
      const end = min(whole, i + 16 * 31);
      for (; i < end; i += 16) {
        const differ = v128.xor(v128.load(query + <usize>i), v128.load(row + <usize>i));
        counts = i8x16.add(counts, i8x16.popcnt(differ));
      }
      s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counts)));
    }
    let sum =
      i32x4.extract_lane(s, 0) +
      i32x4.extract_lane(s, 1) +
      i32x4.extract_lane(s, 2) +
      i32x4.extract_lane(s, 3);
    for (i = whole; i < bytes; i++) {
      sum += <i32>popcnt<u32>(<u32>(load<u8>(query + <usize>i) ^ load<u8>(row + <usize>i)));
    }
    store<i32>(out + ((<usize>r) << 2), sum);
  }
}

/** out[r] = sum of squares of row r in double precision, two lanes by i mod 2 over two accumulators. */
export function sumSquaresF32(rows: usize, count: i32, dim: i32, out: usize): void {
  const whole = dim & ~7;
  for (let r = 0; r < count; r++) {
    const row = rows + ((<usize>r * <usize>dim) << 2);
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (let i = 0; i < whole; i += 8) {
      const at = row + ((<usize>i) << 2);
      const a = f64x2.promote_low_f32x4(v128.load64_zero(at));
      const b = f64x2.promote_low_f32x4(v128.load64_zero(at, 8));
      const c = f64x2.promote_low_f32x4(v128.load64_zero(at, 16));
      const d = f64x2.promote_low_f32x4(v128.load64_zero(at, 24));
      s0 = f64x2.add(s0, f64x2.mul(a, a));
      s1 = f64x2.add(s1, f64x2.mul(b, b));
      s2 = f64x2.add(s2, f64x2.mul(c, c));
      s3 = f64x2.add(s3, f64x2.mul(d, d));
    }
    const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
    for (let i = whole; i < dim; i++) {
      const x = <f64>load<f32>(row + ((<usize>i) << 2));
      sum += x * x;
    }
    store<f64>(out + ((<usize>r) << 3), sum);
  }
}
