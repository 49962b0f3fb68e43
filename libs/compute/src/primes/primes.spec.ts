import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countPrimes, listPrimes, unpackGaps } from './count.js';
import { primePi } from './legendre.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

/** Trial division: the oracle for small numbers. */
function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}

const known: [number, number][] = [
  [1e6, 78_498],
  [1e7, 664_579],
  [1e8, 5_761_455],
  [1e9, 50_847_534],
];

describe('prime counting', () => {
  it('agrees with trial division for every bound up to 3000, by both sieves and by the recurrence', () => {
    let count = 0;
    for (let n = 0; n <= 3000; n++) {
      if (isPrime(n)) count++;
      expect([countPrimes(0, n), countPrimes(0, n, {}, 'twin'), primePi(n)]).toEqual([count, count, count]);
    }
  });

  it.each(known)('pi(%d) = %d by the sieve', (n, pi) => {
    expect(countPrimes(1, n)).toBe(pi);
  });

  it.each([...known, [1e10, 455_052_511], [1e11, 4_118_054_813]])(
    'pi(%d) = %d by the recurrence',
    (n, pi) => {
      expect(primePi(n)).toBe(pi);
    },
  );

  it('twin and kernels agree where primes exceed a segment, up to 2^53 - 1', () => {
    // Counts of the same ranges by Debian's primesieve 11.0.
    const top = Number.MAX_SAFE_INTEGER;
    for (const [lo, hi, count] of [
      [1e11, 1e11 + 1e7, 394_401],
      [1e13, 1e13 + 1e6, 33_456],
      [top - 1e6, top, 27_396],
    ]) {
      expect(countPrimes(lo, hi)).toBe(count);
    }
    expect(countPrimes(1e13, 1e13 + 1e6, {}, 'twin')).toBe(33_456);
  });

  it('a range split anywhere has the same primes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: 0, max: 300_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (lo, length, share) => {
          const cut = lo + Math.floor(length * share);
          const whole = countPrimes(lo, lo + length);
          expect(countPrimes(lo, cut) + countPrimes(cut + 1, lo + length)).toBe(whole);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lists what it counts, in order, and unpacks what it packed', () => {
    const small = unpackGaps(listPrimes(0, 2000));
    expect(small).toEqual(Array.from({ length: 2001 }, (_, n) => n).filter(isPrime));
    const far = unpackGaps(listPrimes(1e12, 1e12 + 20_000));
    expect(far).toHaveLength(countPrimes(1e12, 1e12 + 20_000));
    expect(far.every((p, i) => p >= 1e12 && (i === 0 || p > far[i - 1]))).toBe(true);
    expect(unpackGaps(listPrimes(24, 28))).toEqual([]);
  });

  it('gives up at the next segment when told to', () => {
    let asked = 0;
    expect(() => countPrimes(1, 1e9, { stopped: () => ++asked > 3 })).toThrow('given up');
    expect(asked).toBe(4);
  });
});
