// AssemblyScript. Compiled by build.mjs to WebAssembly SIMD; src/primes/sieve-twin.ts is the TypeScript twin. All pointers
// are byte offsets into this instance's memory, laid out by src/primes/sieve-memory.ts.
// Wheel 30: byte b stands for 30b + {1, 7, 11, 13, 17, 19, 23, 29}, one bit each, 1 = not crossed off.

// The modules cross-1 to cross-29 are made from cross.ts by build.mjs.
import { crossClass as cross1 } from './cross-1';
import { crossClass as cross7 } from './cross-7';
import { crossClass as cross11 } from './cross-11';
import { crossClass as cross13 } from './cross-13';
import { crossClass as cross17 } from './cross-17';
import { crossClass as cross19 } from './cross-19';
import { crossClass as cross23 } from './cross-23';
import { crossClass as cross29 } from './cross-29';

/** First byte that the caller may use. */
export function heapBase(): usize {
  return __heap_base;
}

/** Crosses off for primes of one class; see cross.ts. `kind` = index of their residue in the wheel. */
export function cross(
  kind: i32,
  segment: usize,
  primes: usize,
  positions: usize,
  count: i32,
  end: i32,
): void {
  switch (kind) {
    case 0:
      return cross1(segment, primes, positions, count, end);
    case 1:
      return cross7(segment, primes, positions, count, end);
    case 2:
      return cross11(segment, primes, positions, count, end);
    case 3:
      return cross13(segment, primes, positions, count, end);
    case 4:
      return cross17(segment, primes, positions, count, end);
    case 5:
      return cross19(segment, primes, positions, count, end);
    case 6:
      return cross23(segment, primes, positions, count, end);
    default:
      return cross29(segment, primes, positions, count, end);
  }
}

/**
 * Primes larger than the room beside a segment: one multiple at a time, `steps[64]` = (wheel step, carry, mask, next)
 * by (class, multiple of the wheel). States are class * 8 + wheel place.
 */
export function crossLarge(
  segment: usize,
  primes: usize,
  positions: usize,
  states: usize,
  count: i32,
  end: i32,
  steps: usize,
): void {
  for (let i = 0; i < count; i++) {
    let at = load<i32>(positions + ((<usize>i) << 2));
    if (at < end) {
      const r = load<u32>(primes + ((<usize>i) << 2)) / 30;
      let state: u32 = load<u8>(states + <usize>i);
      do {
        const step = load<u32>(steps + ((<usize>state) << 2));
        const byte = segment + <usize>at;
        store<u8>(byte, load<u8>(byte) & ((step >>> 16) & 0xff));
        at += r * (step & 0xff) + ((step >>> 8) & 0xff);
        state = step >>> 24;
      } while (at < end);
      store<u8>(states + <usize>i, <u8>state);
    }
    store<i32>(positions + ((<usize>i) << 2), at - end);
  }
}

/**
 * `to[0, bytes)` = AND of nine periodic patterns, each readable `bytes` past the given place (a multiple of 16);
 * `starts` holds nine pointers. With `join` the result is ANDed to what stands there.
 */
export function layPatterns(to: usize, bytes: i32, starts: usize, join: i32): void {
  const t0 = <usize>load<u32>(starts);
  const t1 = <usize>load<u32>(starts, 4);
  const t2 = <usize>load<u32>(starts, 8);
  const t3 = <usize>load<u32>(starts, 12);
  const t4 = <usize>load<u32>(starts, 16);
  const t5 = <usize>load<u32>(starts, 20);
  const t6 = <usize>load<u32>(starts, 24);
  const t7 = <usize>load<u32>(starts, 28);
  const t8 = <usize>load<u32>(starts, 32);
  for (let i: usize = 0; i < <usize>bytes; i += 16) {
    const a = v128.and(v128.load(t0 + i), v128.load(t1 + i));
    const b = v128.and(v128.load(t2 + i), v128.load(t3 + i));
    const c = v128.and(v128.load(t4 + i), v128.load(t5 + i));
    const d = v128.and(v128.load(t6 + i), v128.load(t7 + i));
    let all = v128.and(v128.and(v128.and(a, b), v128.and(c, d)), v128.load(t8 + i));
    if (join) all = v128.and(all, v128.load(to + i));
    v128.store(to + i, all);
  }
}

/** Number of set bits in [from, from + bytes); the room up to the next multiple of 16 must be zero. */
export function countBits(from: usize, bytes: i32): i32 {
  const stop = from + <usize>bytes;
  let sum = i32x4.splat(0);
  while (from < stop) {
    // 31 vectors of at most 8 a lane stay below 256.
    const pause = min(from + 31 * 16, stop);
    let part = i8x16.splat(0);
    for (; from < pause; from += 16) part = i8x16.add(part, i8x16.popcnt(v128.load(from)));
    sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(part)));
  }
  return (
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3)
  );
}

/** Positions for the next segment: the block that straddled the end of this one is done again there. */
export function rewind(primes: usize, positions: usize, count: i32, segmentBytes: i32): void {
  const stop = positions + ((<usize>count) << 2);
  for (; positions < stop; positions += 4, primes += 4) {
    store<i32>(positions, load<i32>(positions) - load<i32>(primes) - segmentBytes);
  }
}
