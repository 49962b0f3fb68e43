import { basePrimes } from './base-primes.js';
import { ChunkStopped } from '../stop.js';
import type { Segment, SieveControl } from './segments.js';
import { WHEEL, integerRoot, maskFrom, maskTo, wheelIndex } from './wheel.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { floor, max } = Math;

const SEGMENT = 256 * 1024;
const PATTERN_PRIMES = [7, 11, 13, 17];

let pattern: Uint8Array | undefined;

/** Period 7 * 11 * 13 * 17, the primes themselves included. */
function smallPattern(): Uint8Array {
  if (pattern) return pattern;
  const bytes = new Uint8Array(17_017).fill(0xff);
  for (let n = 1; n < bytes.length * 30; n += 2) {
    const bit = wheelIndex[n % 30];
    if (bit >= 0 && PATTERN_PRIMES.some((p) => n % p === 0)) bytes[floor(n / 30)] &= ~(1 << bit);
  }
  return (pattern = bytes);
}

const bitsOf: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>>= 1) count += rest & 1;
  return count;
});

/** Multiples of p from p^2 on: eight streams, one for each residue. */
function crossOff(bytes: Uint8Array, length: number, base: number, p: number): void {
  const r = floor(p / 30);
  const q = p % 30;
  const start = p * max(r, floor(base / p)) - base;
  for (const w of WHEEL) {
    const keep = 0xff ^ (1 << wheelIndex[(q * w) % 30]);
    let at = start + r * w + floor((q * w) / 30);
    while (at < 0) at += p;
    for (; at < length; at += p) bytes[at] &= keep;
  }
}

/**
 * The sieve in plain TypeScript, for hosts without SIMD and as a second opinion in verification: it shares the wheel
 * with {@link WheelSieve} and nothing else. 7 <= lo <= hi <= 2^53 - 1.
 */
export function visitByTwin(
  lo: number,
  hi: number,
  visit: (segment: Segment) => void,
  control: SieveControl = {},
): void {
  const primes = basePrimes(integerRoot(hi));
  const periodic = smallPattern();
  const first = floor(lo / 30);
  const end = floor(hi / 30) + 1;
  const bytes = new Uint8Array(Math.min(SEGMENT, end - first));
  for (let base = first; base < end; base += SEGMENT) {
    if (control.stopped?.()) throw new ChunkStopped('the range was given up');
    const length = Math.min(SEGMENT, end - base);
    for (let i = 0, at = base % periodic.length; i < length; i++) {
      bytes[i] = periodic[at];
      if (++at === periodic.length) at = 0;
    }
    const top = (base + length) * 30;
    for (let k = 0; k < primes.length && primes[k] * primes[k] < top; k++) {
      if (primes[k] > 17) crossOff(bytes, length, base, primes[k]);
    }
    // Primes below 30 cross themselves off; 1 is the only other number of the first byte.
    if (base === 0) bytes[0] = 0xfe;
    if (base === first) bytes[0] &= maskFrom(lo % 30);
    if (base + length === end) bytes[length - 1] &= maskTo(hi % 30);
    let count = 0;
    for (let i = 0; i < length; i++) count += bitsOf[bytes[i]];
    visit({ bytes: bytes.subarray(0, length), base, count });
    control.progress?.((base + length - first) / (end - first));
  }
}
