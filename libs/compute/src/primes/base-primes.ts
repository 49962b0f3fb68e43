let known: Uint32Array = new Uint32Array(0);
let knownTo = 1;

/** Primes up to `limit` (at most sqrt(2^53) = 94,906,265), odd-only sieve; kept for the next call. */
export function basePrimes(limit: number): Uint32Array {
  if (limit > knownTo) {
    known = sieveOdd(limit);
    knownTo = limit;
  }
  if (limit === knownTo) return known;
  return known.subarray(0, countUpTo(known, limit));
}

function countUpTo(sorted: Uint32Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function sieveOdd(limit: number): Uint32Array {
  if (limit < 2) return new Uint32Array(0);
  // Index i stands for 2i + 1; index 0 for the prime 2.
  const size = (limit + 1) >>> 1;
  const composite = new Uint8Array(size);
  for (let i = 1; (2 * i + 1) ** 2 <= limit; i++) {
    if (composite[i]) continue;
    const step = 2 * i + 1;
    for (let j = (step * step) >>> 1; j < size; j += step) composite[j] = 1;
  }
  let count = 0;
  for (let i = 0; i < size; i++) count += 1 - composite[i];
  const primes = new Uint32Array(count);
  primes[0] = 2;
  for (let i = 1, k = 1; i < size; i++) if (!composite[i]) primes[k++] = 2 * i + 1;
  return primes;
}
