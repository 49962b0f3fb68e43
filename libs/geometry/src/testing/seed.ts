/**
 * The seed of this run's property tests: HARTO_SEED, passed as `asked`, when set ("random" draws one), else a fixed
 * one. Suites print it in their titles, so a failure can be repeated with HARTO_SEED=<seed>.
 */
export function testSeed(asked: string | undefined): number {
  if (asked === 'random') return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(asked ?? 20260721);
  if (!Number.isInteger(seed)) throw new Error(`HARTO_SEED must be an integer or "random", not ${asked}`);
  return seed | 0;
}

/** A seeded generator of numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
