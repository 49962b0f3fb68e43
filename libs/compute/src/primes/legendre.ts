import { integerRoot } from './wheel.js';
import { ChunkStopped } from '../stop.js';
import type { SieveControl } from './segments.js';

/** Bound once: a look-up of the global costs in hosts that intercept it, as test runners do. */
const { floor } = Math;

/** Above this bound the tables of {@link primePi} no longer pay: sqrt(n) entries each. */
export const LEGENDRE_MAX = 1e14;

interface Tables {
  n: number;
  root: number;
  /** Odd numbers of [3, i] that survive so far, the sieving primes included. */
  smalls: Int32Array;
  /** Surviving odd numbers of [1, root], ascending; the first `kept` are valid. */
  roughs: Int32Array;
  /** The same for n / roughs[k]. */
  larges: Float64Array;
  kept: number;
  /** Odd primes sieved so far. */
  sieved: number;
}

function createTables(n: number): Tables {
  const root = integerRoot(n);
  const smalls = new Int32Array(root + 1);
  for (let i = 1; i <= root; i++) smalls[i] = (i - 1) >>> 1;
  const kept = (root + 1) >>> 1;
  const roughs = new Int32Array(kept);
  const larges = new Float64Array(kept);
  for (let k = 0; k < kept; k++) {
    roughs[k] = 2 * k + 1;
    larges[k] = floor((floor(n / roughs[k]) - 1) / 2);
  }
  return { n, root, smalls, roughs, larges, kept, sieved: 0 };
}

/** One step of Legendre's recurrence phi(x, a) = phi(x, a - 1) - phi(x / p, a - 1), for all x = n / i at once. */
function sieveBy(p: number, tables: Tables, struck: Uint8Array): void {
  const { n, root, smalls, roughs, larges, sieved } = tables;
  struck[p] = 1;
  for (let i = p * p; i <= root; i += 2 * p) struck[i] = 1;
  let kept = 0;
  const share = n / p;
  for (let k = 0; k < tables.kept; k++) {
    const rough = roughs[k];
    if (struck[rough]) continue;
    const divisor = rough * p;
    const removed = divisor <= root ? larges[smalls[divisor] - sieved] : smalls[floor(share / rough)];
    larges[kept] = larges[k] - removed + sieved;
    roughs[kept++] = rough;
  }
  tables.kept = kept;
  for (let j = floor(root / p), i = root; j >= p; j--) {
    const removed = smalls[j] - sieved;
    for (const from = j * p; i >= from; i--) smalls[i] -= removed;
  }
  tables.sieved++;
}

/** What is left above n^(1/4) has at most two factors more: Meissel's P2 term takes them out. */
function secondTerm(tables: Tables): number {
  const { n, smalls, roughs, larges, kept, sieved } = tables;
  let total = larges[0] + ((kept + 2 * (sieved - 1)) * (kept - 1)) / 2;
  for (let k = 1; k < kept; k++) total -= larges[k];
  for (let l = 1; l < kept; l++) {
    const share = floor(n / roughs[l]);
    const end = smalls[floor(share / roughs[l])] - sieved;
    if (end < l + 1) break;
    let pairs = 0;
    for (let k = l + 1; k <= end; k++) pairs += smalls[floor(share / roughs[k])];
    total += pairs - (end - l) * (sieved + l - 1);
  }
  return total;
}

/**
 * pi(n), exact, without a sieve of [1, n]: Legendre's recurrence over the values n / i, with odd numbers only, up to
 * primes of n^(1/4), then Meissel's second term. O(n^(3/4) / log n) time, O(sqrt n) memory. n <= {@link LEGENDRE_MAX}.
 */
export function primePi(n: number, control: SieveControl = {}): number {
  if (n < 2) return 0;
  if (n < 9) return [2, 3, 5, 7].filter((p) => p <= n).length;
  const tables = createTables(n);
  const struck = new Uint8Array(tables.root + 1);
  for (let p = 3; p * p <= floor(n / (p * p)); p += 2) {
    if (struck[p]) continue;
    if (control.stopped?.()) throw new ChunkStopped('the count was given up');
    sieveBy(p, tables, struck);
    control.progress?.(Math.min(0.99, (p * p) / Math.sqrt(n)));
  }
  const total = secondTerm(tables) + 1;
  control.progress?.(1);
  return total;
}
