import type { Finding } from '@hartonomous/contracts';
import type { RequestPick, SlowRequests } from '@hartonomous/store';
import { limitAbove, slotsBackFor, type StratumTable } from './findings/latency-table.js';
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

/** The slowest requests of a stratum in the last slots, chosen so that the engine ranks few rows. */
export function slowestOf(
  table: StratumTable,
  window: Window,
  slotsBack: number,
  count: number,
): RequestPick {
  const aboveMs = limitAbove(table, slotsBack, count);
  // Too many are equally slow: any of them will do, and the newest are at hand.
  const slots = aboveMs === null ? slotsBackFor(table, count) : slotsBack;
  const ms = window.to.getTime() - slots * window.slotMs;
  const from = new Date(Math.max(window.from.getTime(), ms));
  return pickOf(table, { from, to: window.to, aboveMs: aboveMs ?? -1 });
}

export function rowsOf({ table, slotsBack, failed }: CountedFinding, window: Window): RequestPick {
  const pick = slowestOf(table, window, slotsBack, idsMax);
  return failed ? { ...pick, failed, aboveMs: -1, from: window.from } : pick;
}

export const named = ({ finding, failed }: CountedFinding, { ids }: SlowRequests): Finding => ({
  ...finding,
  rowIds: ids,
  facts: { ...finding.facts, rows: failed ? 'those that failed' : 'the slowest' },
});
