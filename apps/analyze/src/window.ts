import type { RequestPick } from '@hartonomous/store';
import type { StratumTable } from './findings/latency-table.js';

/** What one observation looks at, and the slots that its series are cut into. */
export interface Window {
  from: Date;
  to: Date;
  slotMs: number;
}

/** All requests of a stratum, or of its hits or misses, that have a duration to speak of. */
export const pickOf = (
  { operation, model, cacheHit, sizeClass }: StratumTable,
  { from, to, aboveMs = -1 }: { from: Date; to: Date; aboveMs?: number },
): RequestPick => ({ operation, model, cacheHit, sizeClass, failed: false, aboveMs, from, to });
