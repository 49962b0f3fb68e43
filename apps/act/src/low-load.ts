import type { TenantTransaction } from '@hartonomous/store';

const hourMs = 3_600_000;
const lookBackHours = 7 * 24;
/** Fewer whole hours say nothing of what is usual at this time of the day. */
const hoursMin = 24;

export interface LoadWindow {
  isLow: boolean;
  /** One clause for the operator. */
  said: string;
}

/** Requests of the last hour against the median hour of the seven days before it, counted over all rows. */
export async function loadWindow(tx: TenantTransaction, now: Date): Promise<LoadWindow> {
  const from = new Date(now.getTime() - lookBackHours * hourMs);
  const perHour = new Map<number, number>();
  for (const { slot, count } of await tx.analysis.latencyCounts(from, now, hourMs)) {
    perHour.set(slot, (perHour.get(slot) ?? 0) + count);
  }
  // The oldest hour has begun before the first request: it is not whole.
  const wholeHours = Math.max(0, ...perHour.keys()) - 1;
  const current = perHour.get(0) ?? 0;
  if (wholeHours < hoursMin) {
    const said = `load not known (${Math.max(0, wholeHours)} whole hours of history, ${hoursMin} needed), so allowed`;
    return { isLow: true, said };
  }
  const hours = Array.from({ length: wholeHours }, (_, i) => perHour.get(i + 1) ?? 0).sort((a, b) => a - b);
  const usual = hours[Math.floor((wholeHours - 1) / 2)]!;
  return {
    isLow: current <= usual,
    said: `${current} requests in the last hour, ${usual} in the median of ${wholeHours} hours`,
  };
}
