import { z } from 'zod';
import { LEGENDRE_MAX } from '../primes/legendre.js';
import { NUMBER_MAX } from '../primes/wheel.js';

const whole = z.int('must be a whole number').min(0).max(NUMBER_MAX);

const range = { lo: whole.default(1), hi: whole };
const ordered = ({ lo, hi }: { lo: number; hi: number }): boolean => lo <= hi;
const order = { message: 'lo must not exceed hi', path: ['lo'] };

export const countParams = z
  .strictObject({ ...range, method: z.enum(['sieve', 'legendre']).default('sieve') })
  .refine(ordered, order)
  .refine(({ method, hi }) => method !== 'legendre' || hi <= LEGENDRE_MAX, {
    message: `the legendre method goes to ${LEGENDRE_MAX}`,
    path: ['hi'],
  });
export type CountParams = z.infer<typeof countParams>;

export const listParams = z.strictObject(range).refine(ordered, order);
export type ListParams = z.infer<typeof listParams>;

/** Nanoseconds a number, measured: the share of primes that leave the first-level cache grows with the root. */
const nsPerNumber = (hi: number): number => 0.09 * (1 + 0.35 * Math.max(0, Math.log10(hi) - 9));

/** Cost of sieving [lo, hi]; each chunk also needs the primes up to the root. */
export function sieveCost(lo: number, hi: number, top: number): number {
  return 1000 + (hi - lo + 1) * nsPerNumber(Math.max(10, top)) + 6 * Math.sqrt(top);
}

/** Work up to which the slower sieve may give the second opinion, nanoseconds of a usual core. */
const twinCostMax = 0.5e9;

/** Sieve for a second opinion: the plain one, four times slower, unless that would delay the result. */
export const secondSieve = (cost: number): 'twin' | 'auto' => (cost <= twinCostMax ? 'twin' : 'auto');

/** Cost of pi(n) by the recurrence, measured at 1e9 (2 ms) to 1e13 (0.9 s). */
export const legendreCost = (n: number): number => 1000 + 0.17 * Math.max(1, n) ** 0.745;

/** About pi(hi) - pi(lo - 1), never below it by more than a few per cent: x / (ln x - 1.1). */
export function primesAbout(lo: number, hi: number): number {
  const below = (x: number): number => (x < 20 ? Math.max(0, x / 2.2) : x / (Math.log(x) - 1.1));
  return Math.ceil(Math.max(0, below(hi) - below(Math.max(0, lo - 1)))) + 1;
}
