import { requireInRange, requireInteger } from './preconditions.js';

/** Uniform draws in [0, 1). Every randomised routine of this library takes one as an argument. */
export type Rng = () => number;

/** State of a generator, to persist and resume: four unsigned 32-bit words, not all zero. */
export type RngState = readonly [number, number, number, number];

/** A generator whose state can be saved; it is itself the {@link Rng}. */
export interface SeededRng {
  (): number;
  /** Next 32 bits as an unsigned integer. */
  uint32(): number;
  /** Copy of the state; `resumeRng(state)` continues the same stream. */
  state(): RngState;
}

function splitMix32(seed: number): () => number {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

/**
 * xoshiro128** (Blackman & Vigna 2018) seeded by SplitMix32: period 2^128 - 1, integer arithmetic only, so the
 * stream is the same on every platform. A draw joins two outputs to 53 bits. Seeds are taken modulo 2^53 (both
 * halves are mixed in); equal seeds give equal streams.
 */
export function createRng(seed: number): SeededRng {
  requireInteger('RNG_SEED', 'seed', seed, 0);
  const low = splitMix32(seed >>> 0);
  const high = splitMix32((Math.floor(seed / 4294967296) ^ 0x6a09e667) >>> 0);
  const word = (): number => (low() ^ high()) >>> 0;
  return resumeRng([word(), word(), word(), word()]);
}

/** Continues a stream from a saved state. An all-zero state (a fixed point) is replaced by a constant. */
export function resumeRng(state: RngState): SeededRng {
  let [a, b, c, d] = state.map((word) => word | 0) as [number, number, number, number];
  if ((a | b | c | d) === 0) a = 0x9e3779b9 | 0;
  const uint32 = (): number => {
    const m = Math.imul(b, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const draw = (): number => {
    const hi = uint32() >>> 5;
    const lo = uint32() >>> 6;
    return (hi * 67108864 + lo) / 9007199254740992;
  };
  return Object.assign(draw, { uint32, state: (): RngState => [a >>> 0, b >>> 0, c >>> 0, d >>> 0] });
}

/** Uniform integer in [0, n). `n` <= 2^53. */
export function drawInteger(rng: Rng, n: number): number {
  return Math.floor(rng() * n);
}

/** Standard normal draw (mean 0, sd 1): Marsaglia's polar method, one of the pair (stateless). */
export function drawNormal(rng: Rng): number {
  for (;;) {
    const u = 2 * rng() - 1;
    const v = 2 * rng() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
  }
}

/** Fills `out` with standard normal draws, using both values of each polar pair. Returns `out`. */
export function fillNormal(rng: Rng, out: Float64Array | Float32Array): typeof out {
  let i = 0;
  while (i < out.length) {
    const u = 2 * rng() - 1;
    const v = 2 * rng() - 1;
    const s = u * u + v * v;
    if (s === 0 || s >= 1) continue;
    const f = Math.sqrt((-2 * Math.log(s)) / s);
    out[i++] = u * f;
    if (i < out.length) out[i++] = v * f;
  }
  return out;
}

/** Exponential draw with mean 1. */
export function drawExponential(rng: Rng): number {
  return -Math.log(1 - rng());
}

/** ln of a Gamma(shape, 1) draw: the logarithm does not underflow for tiny shapes. */
export function drawLogGamma(rng: Rng, shape: number): number {
  requireInRange('GAMMA_SHAPE', 'shape', shape, Number.MIN_VALUE, Number.MAX_VALUE);
  if (shape < 1) return drawLogGamma(rng, shape + 1) + Math.log(1 - rng()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(rng);
    const t = 1 + c * x;
    if (t <= 0) continue;
    const v = t * t * t;
    if (Math.log(1 - rng()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/** Gamma draw, mean `shape * scale`. Marsaglia & Tsang 2000; shapes below 1 by the power-of-uniform boost. */
export function drawGamma(rng: Rng, shape: number, scale = 1): number {
  return Math.exp(drawLogGamma(rng, shape)) * scale;
}

/**
 * Beta(alpha, beta) draw in [0, 1] as a ratio of Gammas taken in logarithms, so parameters down to 1e-300 stay
 * defined. Throws `GAMMA_SHAPE_INVALID` for parameters that are not positive.
 */
export function drawBeta(rng: Rng, alpha: number, beta: number): number {
  const a = drawLogGamma(rng, alpha);
  const b = drawLogGamma(rng, beta);
  if (a === b) return 0.5;
  return a > b ? 1 / (1 + Math.exp(b - a)) : Math.exp(a - b) / (1 + Math.exp(a - b));
}

/** Fisher-Yates shuffle in place; returns its argument. O(n). */
export function shuffle<T extends { [index: number]: unknown; length: number }>(rng: Rng, items: T): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(rng() * (i + 1));
    const kept = items[i];
    items[i] = items[j];
    items[j] = kept;
  }
  return items;
}

/** `count` distinct indices of [0, n), in random order. O(n) memory. Throws `SAMPLE_INVALID` for count > n. */
export function sampleIndices(rng: Rng, n: number, count: number): Uint32Array {
  requireInteger('SAMPLE', 'count', count, 0, n);
  const pool = new Uint32Array(n);
  for (let i = 0; i < n; i++) pool[i] = i;
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(rng() * (n - i));
    const kept = pool[i];
    pool[i] = pool[j];
    pool[j] = kept;
  }
  return pool.slice(0, count);
}
