import { kernelsBase64 } from './kernels-binary.js';
import { NumericsError } from '../errors.js';

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/** What the compiled kernels export; pointers are byte offsets into `memory`. See wasm/*.ts. */
export interface KernelExports {
  readonly memory: WasmMemory;
  heapBase(): number;
  dotScanF32(query: number, rows: number, count: number, dim: number, out: number): void;
  dotScanI8(query: number, rows: number, count: number, dim: number, out: number): void;
  hammingScan(query: number, rows: number, count: number, bytes: number, out: number): void;
  sumSquaresF32(rows: number, count: number, dim: number, out: number): void;
  clampedF32(values: number, count: number, samples: number, steps: number, lo: number, hi: number): void;
  clampedF64(values: number, count: number, samples: number, steps: number, lo: number, hi: number): void;
  gemmF32: GemmKernel;
  /** The last argument: 0, {@link SYMMETRIC} or {@link UPPER_B}. */
  gemmF64(...operands: [...Parameters<GemmKernel>, number]): void;
  jacobiSweep(
    w: number,
    n: number,
    width: number,
    also: number,
    alsoWidth: number,
    norms: number,
    tolerance: number,
  ): number;
}

/** Only the lower triangle of a symmetric product is computed. */
export const SYMMETRIC = 1;
/** The right operand is upper triangular. */
export const UPPER_B = 2;

/** a, aRow, aCol, b, bRow, bCol, m, k, n, c, ldc, work */
export type GemmKernel = (
  a: number,
  aRow: number,
  aCol: number,
  b: number,
  bRow: number,
  bCol: number,
  m: number,
  k: number,
  n: number,
  c: number,
  ldc: number,
  work: number,
) => void;

/** Which implementation runs: the compiled kernels, their TypeScript twin, or the kernels where they can run. */
export type Engine = 'auto' | 'wasm' | 'twin';

const PAGE = 65536;
const PAGES_MAX = 65536;

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

let compiled: object | null | undefined;

function compiledModule(): object | null {
  if (compiled !== undefined) return compiled;
  if (typeof WebAssembly === 'undefined') return (compiled = null);
  const bytes = decodeBase64(kernelsBase64);
  compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null;
  return compiled;
}

/** True where WebAssembly with fixed-width SIMD runs. */
export function simdAvailable(): boolean {
  return compiledModule() !== null;
}

/** One instance of the kernels with its own memory, laid out by {@link Kernels.reserve}. */
export class Kernels {
  private next: number;
  private readonly base: number;

  constructor(readonly run: KernelExports) {
    this.base = (run.heapBase() + 63) & ~63;
    this.next = this.base;
  }

  /** Forgets all reservations; the memory stays grown. */
  reset(): void {
    this.next = this.base;
  }

  /** Byte offset of a fresh 64-byte aligned area; may grow (and so detach earlier views of) the memory. */
  reserve(bytes: number): number {
    const at = this.next;
    this.next = Math.ceil((at + bytes) / 64) * 64;
    const needed = Math.ceil((this.next + 64) / PAGE);
    const present = this.run.memory.buffer.byteLength / PAGE;
    if (needed > PAGES_MAX) {
      throw new NumericsError('KERNEL_MEMORY_LIMIT', `${this.next} bytes exceed 4 GiB`, {
        sizeBytes: this.next,
      });
    }
    if (needed > present) this.run.memory.grow(needed - present);
    return at;
  }

  f32(at: number, length: number): Float32Array {
    return new Float32Array(this.run.memory.buffer, at, length);
  }

  f64(at: number, length: number): Float64Array {
    return new Float64Array(this.run.memory.buffer, at, length);
  }

  i32(at: number, length: number): Int32Array {
    return new Int32Array(this.run.memory.buffer, at, length);
  }

  u8(at: number, length: number): Uint8Array {
    return new Uint8Array(this.run.memory.buffer, at, length);
  }
}

/** A new instance, or null for the twin. Throws `KERNEL_UNAVAILABLE` when 'wasm' is demanded but cannot run. */
export function createKernels(engine: Engine): Kernels | null {
  if (engine === 'twin') return null;
  const module = compiledModule();
  if (module) return new Kernels(new WebAssembly.Instance(module).exports as KernelExports);
  if (engine === 'wasm') throw new NumericsError('KERNEL_UNAVAILABLE', 'WebAssembly SIMD cannot run here');
  return null;
}

let scratch: Kernels | null | undefined;

/** The instance for work that copies in and out, reset; null for the twin. */
export function scratchKernels(engine: Engine): Kernels | null {
  if (engine === 'twin') return null;
  scratch ??= createKernels(engine);
  scratch?.reset();
  return scratch;
}
