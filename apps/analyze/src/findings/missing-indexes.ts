import type { Finding } from '@hartonomous/contracts';
import type { MissingIndex } from '@hartonomous/store';
import { durationOf, percentOf } from './wording.js';

/** Severity 1 = a statement that takes a second a call. */
const severityOf = (index: MissingIndex): number => Math.min(1, (index.meanMs * index.impact) / 1_000);

/** One finding per missing index; its rows are the engine's statement ids. */
export function missingIndexFindings(indexes: MissingIndex[]): Finding[] {
  return indexes.map((index) => ({
    kind: 'missing-index',
    summary:
      `${index.calls} calls of a statement that takes ${durationOf(index.meanMs)} scan all ` +
      `${Math.round(index.tableRows)} rows of ${index.definition.table}; an index on ` +
      `(${index.definition.columns.join(', ')}) would visit ${percentOf(index.selectivity)} of them`,
    severity: severityOf(index),
    rowIds: index.statementIds.slice(0, 200),
    rowCount: index.calls,
    facts: { ...index },
  }));
}
