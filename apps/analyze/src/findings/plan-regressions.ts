import type { Finding } from '@hartonomous/contracts';
import { median } from '@hartonomous/numerics';
import type { MetricRow, StatementUse } from '@hartonomous/store';
import { durationOf } from './wording.js';

/** Names of the series that one observation leaves behind for the next. */
export const statementCalls = 'statement.calls';
export const statementTotal = 'statement.total-ms';

const callsMin = 20;
const intervalsMin = 4;
const deviations = 3;
/** Least deviation as a share of the median: a constant statement has none of its own. */
const deviationMin = 0.05;

export const statementMetrics = (cycleId: string, statements: readonly StatementUse[]): MetricRow[] =>
  statements.flatMap(({ id, calls, totalMs }) => {
    const row = { cycleId, label: id, low: null, high: null };
    return [
      { ...row, name: statementCalls, value: calls },
      { ...row, name: statementTotal, value: totalMs },
    ];
  });

/** Means of each interval between two snapshots of cumulative counters, oldest first; a reset starts anew. */
export function intervalMeans(calls: readonly number[], totals: readonly number[]): number[] {
  const means: number[] = [];
  for (let i = 1; i < calls.length; i++) {
    const n = calls[i]! - calls[i - 1]!;
    const ms = totals[i]! - totals[i - 1]!;
    if (n >= callsMin && ms >= 0) means.push(ms / n);
  }
  return means;
}

/** Statements whose mean time is more than 3 median absolute deviations above their own history. */
export function planRegressions(
  statements: readonly StatementUse[],
  seriesOf: (name: string, id: string) => readonly number[],
): Finding[] {
  return statements.flatMap((statement) => {
    const means = intervalMeans(
      [...seriesOf(statementCalls, statement.id), statement.calls],
      [...seriesOf(statementTotal, statement.id), statement.totalMs],
    );
    const history = means.slice(0, -1);
    const now = means.at(-1);
    if (now === undefined || history.length < intervalsMin) return [];
    const ordinary = median(history);
    const deviation = Math.max(deviationMin * ordinary, median(history.map((m) => Math.abs(m - ordinary))));
    if (now - ordinary <= deviations * deviation) return [];
    return [findingOf(statement, ordinary, now, deviation, history.length)];
  });
}

function findingOf(
  statement: StatementUse,
  ordinaryMs: number,
  nowMs: number,
  deviationMs: number,
  intervals: number,
): Finding {
  const tables = statement.tables
    .map((t) => ({ ...t, analyzedAt: t.analyzedAt?.toISOString() ?? null }))
    .sort((a, b) => changedShare(b) - changedShare(a));
  return {
    kind: 'plan-regression',
    summary:
      `a statement takes ${durationOf(nowMs)} on average; over ${intervals} earlier intervals it took ` +
      `${durationOf(ordinaryMs)} (${statement.statement.replaceAll(/\s+/g, ' ').slice(0, 80)})`,
    severity: Math.min(1, (nowMs - ordinaryMs) / 1_000),
    rowIds: [statement.id],
    rowCount: statement.calls,
    facts: {
      scope: `statement:${statement.id}`,
      statementId: statement.id,
      ordinaryMs,
      nowMs,
      deviationMs,
      intervals,
      tables,
    },
  };
}

/** Share of a table's rows that changed since its statistics were gathered. */
const changedShare = (t: { rows: number; rowsModified: number }): number =>
  t.rowsModified / Math.max(1, t.rows);
