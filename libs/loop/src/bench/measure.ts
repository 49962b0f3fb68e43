/** Nearest-rank quantile. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Something that goes through four hops once; its time from the first message to the last commit, ms. */
export interface Chain {
  cycle(): Promise<number>;
}

const warmUp = 30;

/** Chains take turns cycle by cycle, so that the machine's other work falls on all of them alike. */
export async function interleave(chains: readonly Chain[], cycles: number): Promise<number[][]> {
  const tookMs = chains.map((): number[] => []);
  for (let i = -warmUp; i < cycles; i++) {
    for (const [at, chain] of chains.entries()) {
      const ms = await chain.cycle();
      if (i >= 0) tookMs[at]!.push(ms);
    }
  }
  return tookMs;
}
