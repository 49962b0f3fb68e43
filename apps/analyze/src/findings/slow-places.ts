import type { Finding } from '@hartonomous/contracts';
import type { IndexUse, StatementUse } from '@hartonomous/store';
import { countOf, durationOf } from './wording.js';

const table = 'tensor_atom';
/** A statement about places that takes less is quick enough; a table of fewer rows is read whole in as much. */
const meanMsMin = 0.5;
const rowsMin = 500;

export type SpatialStrategy = 'tree' | 'hilbert';

/** How a statement of ours finds places of the map, by its normalised text; null when it does not look for any. */
export function placeQueryOf(statement: string): { strategy: SpatialStrategy; query: string } | null {
  const text = statement.replaceAll(/\s+/g, ' ').toLowerCase();
  if (!/\btensor_atom\b/.test(text)) return null;
  const sorted = / order by .*$/.exec(text)?.[0] ?? '';
  if (/<->|stdistance\(/.test(sorted) || /\.x - .{1,40}\) \* \(\w+\.x - /.test(sorted)) {
    return { strategy: 'tree', query: 'nearest neighbours' };
  }
  if (/\bhilbert (between|>=?|<=?) /.test(text)) return { strategy: 'hilbert', query: 'ranges of the curve' };
  const bounded = (axis: string): boolean => new RegExp(`\\b${axis} (between|>=?|<=?) `).test(text);
  return bounded('x') && bounded('y') ? { strategy: 'tree', query: 'boxes of the map' } : null;
}

/** An index that already serves the strategy, by the columns of its key; a tree stands over an expression of them. */
const servedBy = (indexes: readonly IndexUse[], strategy: SpatialStrategy): IndexUse | undefined =>
  indexes.find(
    (i) =>
      i.table === table &&
      i.valid &&
      (strategy === 'hilbert' ? i.columns.includes('hilbert') : i.name.endsWith('_tree')),
  );

/** Slow requests on places of the map, as the engine counts our own statements; one finding for each way to serve them. */
export function slowPlaceFindings(
  statements: readonly StatementUse[],
  indexes: readonly IndexUse[],
): Finding[] {
  const slow = statements.flatMap((use) => {
    const found = placeQueryOf(use.statement);
    const rows = use.tables.find((t) => t.table === table)?.rows ?? 0;
    const meanMs = use.totalMs / Math.max(1, use.calls);
    return found && meanMs >= meanMsMin && rows >= rowsMin ? [{ ...found, use, rows }] : [];
  });
  return (['tree', 'hilbert'] as const).flatMap((strategy) => {
    const own = slow.filter((s) => s.strategy === strategy);
    if (own.length === 0) return [];
    const calls = own.reduce((sum, { use }) => sum + use.calls, 0);
    const meanMs = own.reduce((sum, { use }) => sum + use.totalMs, 0) / calls;
    const tableRows = Math.max(...own.map((s) => s.rows));
    const queries = [...new Set(own.map((s) => s.query))].join(' and ');
    const index = servedBy(indexes, strategy);
    return [
      {
        kind: 'slow-places' as const,
        summary:
          `${countOf(calls, 'call')} for ${queries} among ${tableRows} places take ${durationOf(meanMs)} on ` +
          `average${index ? `, though ${index.name} is there` : ''}`,
        severity: Math.min(1, meanMs / 1_000),
        rowIds: own.map(({ use }) => use.id).slice(0, 200),
        rowCount: calls,
        facts: {
          scope: `table:${table}`,
          strategy,
          queries,
          calls,
          meanMs,
          tableRows,
          servedBy: index?.name ?? null,
          // An ordinary distance is no expression that a tree could order by.
          indexable:
            strategy === 'hilbert' || own.some(({ use }) => /cube\s*\(|stdistance/i.test(use.statement)),
        },
      },
    ];
  });
}
