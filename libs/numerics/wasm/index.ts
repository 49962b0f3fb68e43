// AssemblyScript entry: everything that src/wasm/ calls.
export { dotScanF32, dotScanI8, hammingScan, heapBase, sumSquaresF32 } from './kernels';
export { clampedF32, clampedF64 } from './clamped';
export { gemmF32, gemmF64 } from './gemm';
export { jacobiSweep } from './jacobi';
