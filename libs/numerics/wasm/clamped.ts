// AssemblyScript: x <- min(hi, max(lo, a x + b)) for every sample in order, atoms kept in registers.
// pmax(lo, y) is `lo < y ? y : lo`, so a NaN becomes lo, as in the TypeScript twin.

function stepF32(x: v128, a: v128, b: v128, lo: v128, hi: v128): v128 {
  return f32x4.pmin(hi, f32x4.pmax(lo, f32x4.add(f32x4.mul(a, x), b)));
}

/** In place over `count` floats (a multiple of 4); `samples` pairs (slope, offset) of f32, interleaved. */
export function clampedF32(values: usize, count: i32, samples: usize, steps: i32, lo: f32, hi: f32): void {
  const low = f32x4.splat(lo);
  const high = f32x4.splat(hi);
  const end = samples + ((<usize>steps) << 3);
  let i = 0;
  for (; i + 31 < count; i += 32) {
    const at = values + ((<usize>i) << 2);
    let x0 = v128.load(at);
    let x1 = v128.load(at, 16);
    let x2 = v128.load(at, 32);
    let x3 = v128.load(at, 48);
    let x4 = v128.load(at, 64);
    let x5 = v128.load(at, 80);
    let x6 = v128.load(at, 96);
    let x7 = v128.load(at, 112);
    for (let s = samples; s < end; s += 8) {
      const a = v128.load32_splat(s);
      const b = v128.load32_splat(s, 4);
      x0 = stepF32(x0, a, b, low, high);
      x1 = stepF32(x1, a, b, low, high);
      x2 = stepF32(x2, a, b, low, high);
      x3 = stepF32(x3, a, b, low, high);
      x4 = stepF32(x4, a, b, low, high);
      x5 = stepF32(x5, a, b, low, high);
      x6 = stepF32(x6, a, b, low, high);
      x7 = stepF32(x7, a, b, low, high);
    }
    v128.store(at, x0);
    v128.store(at, x1, 16);
    v128.store(at, x2, 32);
    v128.store(at, x3, 48);
    v128.store(at, x4, 64);
    v128.store(at, x5, 80);
    v128.store(at, x6, 96);
    v128.store(at, x7, 112);
  }
  for (; i < count; i += 4) {
    const at = values + ((<usize>i) << 2);
    let x = v128.load(at);
    for (let s = samples; s < end; s += 8)
      x = stepF32(x, v128.load32_splat(s), v128.load32_splat(s, 4), low, high);
    v128.store(at, x);
  }
}

function stepF64(x: v128, a: v128, b: v128, lo: v128, hi: v128): v128 {
  return f64x2.pmin(hi, f64x2.pmax(lo, f64x2.add(f64x2.mul(a, x), b)));
}

/** In place over `count` doubles (a multiple of 2); `samples` pairs (slope, offset) of f64, interleaved. */
export function clampedF64(values: usize, count: i32, samples: usize, steps: i32, lo: f64, hi: f64): void {
  const low = f64x2.splat(lo);
  const high = f64x2.splat(hi);
  const end = samples + ((<usize>steps) << 4);
  let i = 0;
  for (; i + 15 < count; i += 16) {
    const at = values + ((<usize>i) << 3);
    let x0 = v128.load(at);
    let x1 = v128.load(at, 16);
    let x2 = v128.load(at, 32);
    let x3 = v128.load(at, 48);
    let x4 = v128.load(at, 64);
    let x5 = v128.load(at, 80);
    let x6 = v128.load(at, 96);
    let x7 = v128.load(at, 112);
    for (let s = samples; s < end; s += 16) {
      const a = v128.load64_splat(s);
      const b = v128.load64_splat(s, 8);
      x0 = stepF64(x0, a, b, low, high);
      x1 = stepF64(x1, a, b, low, high);
      x2 = stepF64(x2, a, b, low, high);
      x3 = stepF64(x3, a, b, low, high);
      x4 = stepF64(x4, a, b, low, high);
      x5 = stepF64(x5, a, b, low, high);
      x6 = stepF64(x6, a, b, low, high);
      x7 = stepF64(x7, a, b, low, high);
    }
    v128.store(at, x0);
    v128.store(at, x1, 16);
    v128.store(at, x2, 32);
    v128.store(at, x3, 48);
    v128.store(at, x4, 64);
    v128.store(at, x5, 80);
    v128.store(at, x6, 96);
    v128.store(at, x7, 112);
  }
  for (; i < count; i += 2) {
    const at = values + ((<usize>i) << 3);
    let x = v128.load(at);
    for (let s = samples; s < end; s += 16)
      x = stepF64(x, v128.load64_splat(s), v128.load64_splat(s, 8), low, high);
    v128.store(at, x);
  }
}
