/** What a library's `bench` entry returns for one case. */
export interface BenchResult {
  case: string;
  ours: number | null;
  unit: string;
  peer?: string | null;
  peerValue?: number | null;
  /** Bound on ours / peerValue, or on `ours` where there is no peer; the sign first: `<=0.77`. */
  target?: string | null;
  /** Why a peer or the case could not run here. */
  skipped?: string;
}

/** One row of `npm run bench -- NAME --json`: kept stable. */
export interface BenchRow {
  bench: string;
  case: string;
  ours: number | null;
  peer: string | null;
  peerValue: number | null;
  unit: string;
  ratio: number | null;
  target: string | null;
  holds: boolean | null;
  skipped?: string;
}

const targetPattern = /^(<=|>=|<|>)\s*(-?\d+(?:\.\d+)?)$/;

/** Whether a value is within a bound; null when there is no bound or no value. */
export function holdsTarget(value: number | null, target: string | null): boolean | null {
  if (value === null || target === null) return null;
  const [, sign, text] = targetPattern.exec(target) ?? [];
  if (!sign) throw new Error(`a target begins with its sign, as in <=0.77; this one is ${target}`);
  const bound = Number(text);
  if (sign === '<=') return value <= bound;
  if (sign === '>=') return value >= bound;
  return sign === '<' ? value < bound : value > bound;
}

export function toRow(bench: string, result: BenchResult): BenchRow {
  const { ours, unit } = result;
  const peer = result.peer ?? null;
  const peerValue = result.peerValue ?? null;
  const target = result.target ?? null;
  const ratio = ours !== null && peerValue !== null && peerValue !== 0 ? ours / peerValue : null;
  return {
    bench,
    case: result.case,
    ours,
    peer,
    peerValue,
    unit,
    ratio,
    target,
    holds: holdsTarget(peer === null ? ours : ratio, target),
    ...(result.skipped === undefined ? {} : { skipped: result.skipped }),
  };
}
