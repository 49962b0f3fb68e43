import { WHEEL } from './wheel.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { floor } = Math;

/** Primes 7 to 163, smallest with largest, so that the periods are of like length: eighteen patterns, 60 KB. */
const preSieved = [
  [7, 163],
  [11, 157],
  [13, 151],
  [17, 149],
  [19, 139],
  [23, 137],
  [29, 131],
  [31, 127],
  [37, 113],
  [41, 109],
  [43, 107],
  [47, 103],
  [53, 101],
  [59, 97],
  [61, 89],
  [67, 83],
  [71, 79],
  [73],
] as const;

/** Largest prime whose multiples the patterns cross off. */
export const PRE_SIEVED_MAX = 163;

export interface Pattern {
  /** Bytes after which it repeats. */
  period: number;
  bytes: Uint8Array;
}

/** Multiples of the given primes crossed off, themselves included; readable `extra` bytes beyond the period. */
function patternOf(primes: readonly number[], extra: number): Pattern {
  const period = primes.reduce((product, p) => product * p, 1);
  const bytes = new Uint8Array(period + extra).fill(0xff);
  for (const p of primes) {
    WHEEL.forEach((w) => {
      const at = floor((p * w) / 30);
      const keep = 0xff ^ (1 << WHEEL.indexOf(((p * w) % 30) as (typeof WHEEL)[number]));
      for (let i = at; i < bytes.length; i += p) bytes[i] &= keep;
    });
  }
  return { period, bytes };
}

export function preSievePatterns(extra: number): Pattern[] {
  return preSieved.map((primes) => patternOf(primes, extra));
}

/** Puts the pre-sieved primes back that their own patterns crossed off, and takes 1 out. */
export function restoreSmall(bytes: Uint8Array, base: number, smallMax: number, small: Uint32Array): void {
  if (base === 0 && bytes.length > 0) bytes[0] &= 0xfe;
  for (const p of small) {
    if (p > smallMax) return;
    const at = floor(p / 30) - base;
    if (p > 5 && at >= 0 && at < bytes.length) {
      bytes[at] |= 1 << WHEEL.indexOf((p % 30) as (typeof WHEEL)[number]);
    }
  }
}
