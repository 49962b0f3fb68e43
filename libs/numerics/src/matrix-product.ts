import { requireInteger, requireSameLength } from './preconditions.js';
import { scratchKernels, type Engine } from './wasm/kernels.js';
import { gemmTwin } from './wasm/twins.js';

/** Which operands are given transposed, and which engine runs. */
export interface ProductOptions {
  /** `a` is stored k x m. */
  transposeA?: boolean;
  /** `b` is stored n x k. */
  transposeB?: boolean;
  engine?: Engine;
}

/** Rows packed together by the kernels. */
const TILE_ROWS = 4;
const BLOCK_DEPTH = 256;

function multiply<T extends Float32Array | Float64Array>(
  a: T,
  b: T,
  m: number,
  k: number,
  n: number,
  options: ProductOptions,
  single: boolean,
  out: T,
): T {
  for (const [name, size] of Object.entries({ m, k, n }))
    requireInteger('PRODUCT', name, size, 0, 0x3fffffff);
  requireSameLength('PRODUCT', a, { length: m * k });
  requireSameLength('PRODUCT', b, { length: k * n });
  if (m === 0 || n === 0 || k === 0) return out;
  const [aRow, aCol] = options.transposeA ? [1, m] : [k, 1];
  const [bRow, bCol] = options.transposeB ? [1, k] : [n, 1];
  const kernels = scratchKernels(options.engine ?? 'auto');
  if (!kernels) {
    gemmTwin(a, aRow, aCol, b, bRow, bCol, m, k, n, out);
    return out;
  }
  const unit = single ? 4 : 8;
  const tileColumns = single ? 8 : 4;
  const ldc = Math.ceil(n / tileColumns) * tileColumns;
  const rows = Math.ceil(m / TILE_ROWS) * TILE_ROWS;
  const aAt = kernels.reserve(unit * m * k);
  const bAt = kernels.reserve(unit * k * n);
  const cAt = kernels.reserve(unit * rows * ldc);
  const workAt = kernels.reserve(unit * BLOCK_DEPTH * (ldc + TILE_ROWS));
  const view = (at: number, length: number): Float32Array | Float64Array =>
    single ? kernels.f32(at, length) : kernels.f64(at, length);
  view(aAt, m * k).set(a);
  view(bAt, k * n).set(b);
  const c = view(cAt, rows * ldc).fill(0);
  const kernel = single ? kernels.run.gemmF32 : kernels.run.gemmF64;
  kernel(aAt, aRow, aCol, bAt, bRow, bCol, m, k, n, cAt, ldc, workAt);
  for (let i = 0; i < m; i++) out.set(c.subarray(i * ldc, i * ldc + n), i * n);
  return out;
}

/**
 * Product of row-major matrices, a (m x k) times b (k x n), in single precision: packed panels and a 4 x 8 register
 * tile in WebAssembly SIMD; relative error about k x 6e-8 against exact sums. O(m k n). Throws `PRODUCT_SHAPE`,
 * `PRODUCT_INVALID`, `KERNEL_MEMORY_LIMIT`.
 */
export function multiplyF32(
  a: Float32Array,
  b: Float32Array,
  m: number,
  k: number,
  n: number,
  options: ProductOptions = {},
): Float32Array {
  return multiply(a, b, m, k, n, options, true, new Float32Array(m * n));
}

/** As {@link multiplyF32} in double precision (4 x 4 tile). */
export function multiplyF64(
  a: Float64Array,
  b: Float64Array,
  m: number,
  k: number,
  n: number,
  options: ProductOptions = {},
): Float64Array {
  return multiply(a, b, m, k, n, options, false, new Float64Array(m * n));
}
