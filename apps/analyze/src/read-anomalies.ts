import type { Finding } from '@hartonomous/contracts';
import type { SampledRequest, SlowRequests, TenantTransaction } from '@hartonomous/store';
import {
  anomalousRequests,
  baselineMin,
  forestTrees,
  sampleSize,
  type SlowLimit,
} from './findings/anomalous-requests.js';
import { slotsBackFor, type StratumTable } from './findings/latency-table.js';
import { pickOf, type Window } from './window.js';

/** A sample before the window is looked for in so many times the span that the window's own rate would need. */
const spanSlack = 3;

export interface Anomalies {
  findings: Finding[];
  /** Part by part: the newest requests of the window, and those before it. */
  samples: SampledRequest[][];
  baselines: SampledRequest[][];
}

/** Requests out of line, part by part; as many passes over the table, however many strata there are. */
export async function readAnomalies(
  tx: TenantTransaction,
  window: Window,
  limits: readonly SlowLimit[],
  slow: readonly SlowRequests[],
  context: { lookBackMs: number; seed: string },
): Promise<Anomalies> {
  const size = sampleSize(limits.length);
  const samples = await tx.analysis.newestRequests(
    limits.map(({ table }) => pickOf(table, { from: sampleStart(table, window, size), to: window.to })),
    size,
  );
  const baselines = await readBaselines(tx, window, limits, context.lookBackMs);
  const trees = forestTrees(limits.length);
  const findings = limits.map((limit, i) =>
    anomalousRequests(limit, slow[i]!, { sample: samples[i]!, baseline: baselines[i]!, trees }, context.seed),
  );
  return { findings: findings.filter((f) => f !== null), samples, baselines };
}

/** Late enough that the engine ranks few rows, early enough that the sample is full; counted in whole slots. */
function sampleStart(table: StratumTable, { from, to, slotMs }: Window, size: number): Date {
  const ms = to.getTime() - slotsBackFor(table, size) * slotMs;
  return new Date(Math.max(from.getTime(), ms));
}

/** The newest requests before the window; where the guess by the window's rate finds too few, all of the look-back. */
async function readBaselines(
  tx: TenantTransaction,
  { from, to }: Window,
  limits: readonly SlowLimit[],
  lookBackMs: number,
): Promise<SampledRequest[][]> {
  const size = sampleSize(limits.length);
  const earliest = from.getTime() - lookBackMs;
  const guessed = limits.map(({ table }) => {
    const spanMs = ((to.getTime() - from.getTime()) / table.count) * size * spanSlack;
    return pickOf(table, { from: new Date(Math.max(earliest, from.getTime() - spanMs)), to: from });
  });
  const found = await tx.analysis.newestRequests(guessed, size);
  const short = guessed.flatMap((pick, i) =>
    found[i]!.length < baselineMin && pick.from.getTime() > earliest ? [i] : [],
  );
  const whole = short.map((i) => ({ ...guessed[i]!, from: new Date(earliest) }));
  const more = await tx.analysis.newestRequests(whole, size);
  short.forEach((i, at) => (found[i] = more[at]!));
  return found;
}
