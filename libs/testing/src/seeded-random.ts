/** Uniform in [0, 1): mulberry32, period 2^32; the same seed gives the same numbers on every machine. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Seed of a property test: HARTO_TEST_SEED, or one from the clock; printed, so that a failure can be repeated. */
export function testSeed(): number {
  const given = Number(process.env.HARTO_TEST_SEED);
  const seed = process.env.HARTO_TEST_SEED && Number.isSafeInteger(given) ? given : Date.now() % 2 ** 31;
  process.stderr.write(`seed ${seed} (repeat with HARTO_TEST_SEED=${seed})\n`);
  return seed;
}
