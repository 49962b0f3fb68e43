import type { Finding } from '@hartonomous/contracts';
import type { RequestPick, SlowRequests } from '@hartonomous/store';
import { limitAbove, type StratumTable } from './findings/latency-table.js';
import { pickOf, type Window } from './window.js';

const idsMax = 200;

/** A finding made of counts alone, and which requests it rests on. */
export interface CountedFinding {
  finding: Finding;
  table: StratumTable;
  /** Slots back from the end of the window; Infinity for all of it. */
  slotsBack: number;
  /** The failed ones, or else the slowest. */
  failed: boolean;
}

/** The slowest requests of a stratum in the last slots: a limit first, so that the engine ranks few rows. */
export function slowestOf(
  table: StratumTable,
  window: Window,
  slotsBack: number,
  count: number,
): RequestPick {
  const ms = window.to.getTime() - slotsBack * window.slotMs;
  const from = new Date(Math.max(window.from.getTime(), ms));
  return pickOf(table, { from, to: window.to, aboveMs: limitAbove(table, slotsBack, count) });
}

export function rowsOf({ table, slotsBack, failed }: CountedFinding, window: Window): RequestPick {
  const pick = slowestOf(table, window, slotsBack, idsMax);
  return failed ? { ...pick, failed, aboveMs: -1 } : pick;
}

export const named = ({ finding, failed }: CountedFinding, { ids }: SlowRequests): Finding => ({
  ...finding,
  rowIds: ids,
  facts: { ...finding.facts, rows: failed ? 'those that failed' : 'the slowest' },
});
