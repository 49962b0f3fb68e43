/** Numbers below 30 without a factor 2, 3 or 5: byte b of a sieve holds 30b + these, lowest bit first. */
export const WHEEL = [1, 7, 11, 13, 17, 19, 23, 29] as const;

/** Bit index of each residue modulo 30, or -1. */
export const wheelIndex: Int8Array = Int8Array.from({ length: 30 }, (_, n) =>
  WHEEL.indexOf(n as (typeof WHEEL)[number]),
);

/** Largest bound of every prime task: integers stay exact. */
export const NUMBER_MAX = Number.MAX_SAFE_INTEGER;

/** Mask of the residues >= n mod 30 (for the first byte of a range). */
export function maskFrom(residue: number): number {
  return WHEEL.reduce((mask, w, bit) => (w >= residue ? mask | (1 << bit) : mask), 0);
}

/** Mask of the residues <= n mod 30 (for the last byte of a range). */
export function maskTo(residue: number): number {
  return WHEEL.reduce((mask, w, bit) => (w <= residue ? mask | (1 << bit) : mask), 0);
}

/** Which of 2, 3 and 5, the primes that the wheel leaves out, lie in [lo, hi]. */
export function wheelPrimes(lo: number, hi: number): number[] {
  return [2, 3, 5].filter((p) => p >= lo && p <= hi);
}

/** floor(sqrt(n)), exact up to 2^53. */
export function integerRoot(n: number): number {
  let root = Math.floor(Math.sqrt(n));
  while (root * root > n) root--;
  while ((root + 1) * (root + 1) <= n) root++;
  return root;
}
