import type { Finding } from '@hartonomous/contracts';
import {
  cusum,
  fitAutoregression,
  forecastAutoregression,
  median,
  selectArOrder,
} from '@hartonomous/numerics';
import { lnQuantile, stratumKey, total, type StratumTable } from './latency-table.js';

const slotsMin = 16;
const requestsASlotMin = 5;
const orderMax = 4;
/** Two-sided tabular CUSUM on robust z-scores: reference value and decision interval of the textbook. */
const slack = 0.5;
const threshold = 5;
const scaleMin = 0.05;
/** Change of the level that matters, ln. */
const changeMin = Math.log(1.1);

/** Latency and volume of a stratum, slot by slot: where a forecast would put them, and where the level changed. */
export function trendFindings(table: StratumTable, slots: number, slotMs: number): Finding[] {
  // The last slot is still filling, as a rule; the oldest is cut by the window's start.
  const series = Array.from(
    { length: slots },
    (_, i) => table.slots.get(slots - 1 - i) ?? new Map<number, number>(),
  );
  const filled = series.filter((b) => total(b) >= requestsASlotMin);
  if (filled.length < slotsMin) return [];
  const latency = seriesFinding(
    table,
    'latency',
    filled.map((b) => lnQuantile(b, 0.5)),
    slotMs,
  );
  const volume = seriesFinding(
    table,
    'volume',
    filled.map((b) => Math.log(total(b))),
    slotMs,
  );
  return [latency, volume].filter((f) => f !== null);
}

function seriesFinding(
  table: StratumTable,
  metric: 'latency' | 'volume',
  values: number[],
  slotMs: number,
): Finding | null {
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
  const percent = (d: number): string => `${((Math.exp(d) - 1) * 100).toFixed(0)} %`;
  const summary = changed
    ? `${metric} of ${table.operation} changed by ${percent(after - level)} ${values.length - change.start} slots ago`
    : `${metric} of ${table.operation} is ${percent(last - forecast!.value)} off its forecast`;
  return {
    kind: 'trend',
    summary,
    severity: Math.min(1, Math.abs(changed ? after - level : last - forecast!.value) / 3),
    rowIds: [],
    rowCount: table.count,
    facts: {
      scope: `stratum:${stratumKey(table)}`,
      metric,
      slotMs,
      slots: values.length,
      changePoint: changed ? { slotsAgo: values.length - change.start, direction: change.direction } : null,
      forecast: forecast && { ...forecast, observed: last, unit: 'ln' },
    },
  };
}

/** One step ahead with its 95 % interval; null where the series is too short or constant. */
function forecastOf(history: number[]): { value: number; low: number; high: number } | null {
  if (history.every((v) => v === history[0])) return null;
  const order = selectArOrder(history, orderMax);
  const model = fitAutoregression(history, order);
  const ahead = forecastAutoregression(model, history, 1);
  return { value: ahead.mean[0]!, low: ahead.low[0]!, high: ahead.high[0]! };
}
