import { sieveBase64 } from './sieve-binary.js';

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/** What wasm/sieve.ts exports; pointers are byte offsets into `memory`. */
export interface SieveExports {
  readonly memory: WasmMemory;
  heapBase(): number;
  cross(kind: number, segment: number, primes: number, positions: number, count: number, end: number): void;
  crossLarge(
    segment: number,
    primes: number,
    positions: number,
    states: number,
    count: number,
    end: number,
    steps: number,
  ): void;
  layPatterns(to: number, bytes: number, starts: number, join: number): void;
  countBits(from: number, bytes: number): number;
  rewind(primes: number, positions: number, count: number, segmentBytes: number): void;
}

const PAGE = 65536;
let compiled: object | null | undefined;

function compiledModule(): object | null {
  if (compiled !== undefined) return compiled;
  if (typeof WebAssembly === 'undefined') return (compiled = null);
  const bytes = Buffer.from(sieveBase64, 'base64');
  return (compiled = WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : null);
}

/** True where WebAssembly with fixed-width SIMD runs. */
export function sieveSimdAvailable(): boolean {
  return compiledModule() !== null;
}

/** A fresh instance; null where SIMD cannot run. */
export function instantiateSieve(): SieveExports | null {
  const module = compiledModule();
  return module ? (new WebAssembly.Instance(module).exports as SieveExports) : null;
}

/** Hands out areas of one memory, 64-byte aligned; growing detaches earlier views. */
export class Areas {
  private next: number;

  constructor(private readonly run: SieveExports) {
    this.next = (run.heapBase() + 63) & ~63;
  }

  reserve(bytes: number): number {
    const at = this.next;
    this.next = Math.ceil((at + bytes) / 64) * 64;
    const needed = Math.ceil((this.next + 64) / PAGE);
    const present = this.run.memory.buffer.byteLength / PAGE;
    if (needed > present) this.run.memory.grow(needed - present);
    return at;
  }
}
