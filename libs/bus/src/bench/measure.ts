/** Nearest-rank quantile. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return sorted[rank] ?? Number.NaN;
}

export interface Timings {
  /** From the commit that a message belongs to until its handler runs, ms. */
  hopMs: number[];
  /** From the commit of the first message until the last hop's commit, ms. */
  cycleMs: number[];
}

/** A chain of four hops that can be sent through once. */
export interface Chain {
  /** Runs one cycle: its time from the first message on, ms; its hop times are pushed to `hopMs`. */
  cycle(hopMs: number[]): Promise<number>;
}

const warmUp = 30;

/** Chains take turns cycle by cycle, so that the machine's other work falls on all of them alike. */
export async function interleave(chains: readonly Chain[], cycles: number): Promise<Timings[]> {
  const timings = chains.map((): Timings => ({ hopMs: [], cycleMs: [] }));
  for (let i = -warmUp; i < cycles; i++) {
    for (const [at, chain] of chains.entries()) {
      const { hopMs, cycleMs } = timings[at]!;
      const hops: number[] = [];
      const tookMs = await chain.cycle(hops);
      if (i < 0) continue;
      cycleMs.push(tookMs);
      hopMs.push(...hops);
    }
  }
  return timings;
}
