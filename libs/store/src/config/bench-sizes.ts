export interface BenchSizes {
  /** Tensor atoms, and a tenth of them as texts to merge. */
  atoms: number;
  /** Runs of each side, in turns. */
  rounds: number;
}

/** HARTO_BENCH_ATOMS shortens the run; the target is stated for a million. */
export function benchSizes(): BenchSizes {
  const atoms = Number(process.env.HARTO_BENCH_ATOMS ?? 1_000_000);
  const rounds = Number(process.env.HARTO_BENCH_ROUNDS ?? 3);
  return { atoms: Math.max(1_000, Math.trunc(atoms) || 0), rounds: Math.max(1, Math.trunc(rounds) || 0) };
}
