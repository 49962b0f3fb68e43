import { etaOf, progressOf, type Eta } from '@hartonomous/compute';
import type { ChunkTallies, ComputationRow, TenantTransaction } from '@hartonomous/store';

const recent = 32;

export interface ShownComputation extends Omit<ComputationRow, 'work' | 'revision' | 'totalCost' | 'spanId'> {
  round: number | null;
  chunks: Pick<ChunkTallies, 'pending' | 'leased' | 'done' | 'parked' | 'verified'> & {
    planned: number;
    /** Leases handed out: one a chunk, and one more for each that was lost, failed or given back. */
    attempts: number;
  };
  cpuSeconds: number;
  wallSeconds: number | null;
  /** Numbers (or points) a second of wall time, over the finished chunks; null before the first. */
  rate: number | null;
  eta: Eta | null;
}

/** A computation as the API shows it, with live progress and the time that is left. */
export async function showComputation(tx: TenantTransaction, row: ComputationRow): Promise<ShownComputation> {
  const { work, revision: _revision, totalCost, spanId: _spanId, ...rest } = row;
  const tallies = await tx.computations.tallies(row.id);
  const running = [
    { cost: tallies.runningCost, share: tallies.partlyCost / Math.max(1, tallies.runningCost) },
  ];
  const live = row.state === 'Running' || row.state === 'Pausing';
  const progress = live
    ? progressOf({ totalCost, doneCost: tallies.doneCost, running, previous: row.progress })
    : row.progress;
  const left = Math.max(0, totalCost - tallies.doneCost - tallies.partlyCost);
  const until = row.finishedAt ?? (await tx.now());
  const wallSeconds = row.startedAt ? (until.getTime() - row.startedAt.getTime()) / 1000 : null;
  const workers = Math.max(1, tallies.leased);
  const covered = work && work.round === 0 && totalCost > 0 ? (work.hi - work.lo + 1) * progress : null;
  return {
    ...rest,
    progress,
    round: work?.round ?? null,
    chunks: {
      planned: work?.planned ?? 0,
      pending: tallies.pending,
      leased: tallies.leased,
      done: tallies.done,
      parked: tallies.parked,
      verified: tallies.verified,
      attempts: tallies.claims,
    },
    cpuSeconds: tallies.cpuMs / 1000,
    wallSeconds,
    rate: covered !== null && wallSeconds ? covered / wallSeconds : null,
    eta: live ? etaOf(left, await tx.computations.timings(row.id, recent), workers) : null,
  };
}
