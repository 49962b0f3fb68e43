import {
  cusum,
  fitAutoregression,
  forecastAutoregression,
  median,
  selectArOrder,
} from '@hartonomous/numerics';
import type { CountedFinding } from '../name-rows.js';
import { lnQuantile, nameOf, stratumKey, total, type StratumTable } from './latency-table.js';
import { durationOf, percentOf } from './wording.js';

const slotsMin = 16;
const requestsASlotMin = 5;
const orderMax = 4;
/** Two-sided tabular CUSUM on robust z-scores: reference value and decision interval of the textbook. */
const slack = 0.5;
const threshold = 5;
const scaleMin = 0.05;
/** Change of the level that matters, ln. */
const changeMin = Math.log(1.1);

/** One slot with enough requests: how many slots back it lies, and its level, ln. */
interface Level {
  slot: number;
  value: number;
}

/** Latency and volume of a stratum, slot by slot: where a forecast would put them, and where the level changed. */
export function trendFindings(table: StratumTable, slots: number, slotMs: number): CountedFinding[] {
  // The last slot is still filling, as a rule; the oldest is cut by the window's start.
  const filled = Array.from({ length: slots }, (_, i) => slots - 1 - i)
    .map((slot) => ({ slot, buckets: table.slots.get(slot) ?? new Map<number, number>() }))
    .filter(({ buckets }) => total(buckets) >= requestsASlotMin);
  if (filled.length < slotsMin) return [];
  const levels = (valueOf: (buckets: Map<number, number>) => number): Level[] =>
    filled.map(({ slot, buckets }) => ({ slot, value: valueOf(buckets) }));
  const latency = levels((buckets) => lnQuantile(buckets, 0.5));
  const volume = levels((buckets) => Math.log(total(buckets)));
  return [
    seriesFinding(table, 'latency', latency, slotMs),
    seriesFinding(table, 'volume', volume, slotMs),
  ].filter((f) => f !== null);
}

function seriesFinding(
  table: StratumTable,
  metric: 'latency' | 'volume',
  levels: Level[],
  slotMs: number,
): CountedFinding | null {
  const values = levels.map((l) => l.value);
  const history = values.slice(0, -1);
  const last = values.at(-1)!;
  const half = history.slice(0, Math.ceil(history.length / 2));
  const level = median(half);
  const scale = Math.max(scaleMin, 1.4826 * median(half.map((v) => Math.abs(v - level))));
  const [change] = cusum(
    values.map((v) => (v - level) / scale),
    { target: 0, slack, threshold },
  );
  const after = change ? median(values.slice(change.start)) : level;
  const forecast = forecastOf(history);
  const outside = forecast !== null && (last < forecast.low || last > forecast.high);
  const changed = change !== undefined && Math.abs(after - level) > changeMin;
  if (!changed && !(outside && Math.abs(last - forecast.value) > changeMin)) return null;
  const slotsBack = 1 + (changed ? levels[change.start]! : levels.at(-1)!).slot;
  const finding: CountedFinding['finding'] = {
    kind: 'trend',
    summary: changed
      ? `${metric} of ${nameOf(table)} ${moved(after - level)} about ${durationOf(slotsBack * slotMs)} ago`
      : `${metric} of ${nameOf(table)} is ${apartFrom(last - forecast!.value)} its forecast`,
    severity: Math.min(1, Math.abs(changed ? after - level : last - forecast!.value) / 3),
    rowIds: [],
    rowCount: table.count,
    facts: {
      scope: `stratum:${stratumKey(table)}`,
      metric,
      slotMs,
      slots: values.length,
      changePoint: changed ? { slotsAgo: slotsBack, direction: change.direction } : null,
      forecast: forecast && { ...forecast, observed: last, unit: 'ln' },
    },
  };
  return { finding, table, slotsBack, failed: false };
}

const moved = (ln: number): string => `${ln > 0 ? 'rose' : 'fell'} by ${percentOf(Math.abs(Math.expm1(ln)))}`;

const apartFrom = (ln: number): string =>
  `${percentOf(Math.abs(Math.expm1(ln)))} ${ln > 0 ? 'above' : 'below'}`;

/** One step ahead with its 95 % interval; null where the series is too short or constant. */
function forecastOf(history: number[]): { value: number; low: number; high: number } | null {
  if (history.every((v) => v === history[0])) return null;
  const order = selectArOrder(history, orderMax);
  const model = fitAutoregression(history, order);
  const ahead = forecastAutoregression(model, history, 1);
  return { value: ahead.mean[0]!, low: ahead.low[0]!, high: ahead.high[0]! };
}
