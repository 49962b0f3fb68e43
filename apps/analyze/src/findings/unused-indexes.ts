import type { Finding } from '@hartonomous/contracts';
import type { IndexUse, MetricRow } from '@hartonomous/store';
import { durationOf, sizeOf } from './wording.js';

export const indexScans = 'index.scans';
const snapshotsMin = 3;
/** Unscaled hours without a scan. */
const idleHours = 24;

const isEarned = (index: IndexUse): boolean =>
  index.name.startsWith('earned_') && index.valid && !index.unique;

export const indexMetrics = (cycleId: string, indexes: readonly IndexUse[]): MetricRow[] =>
  indexes
    .filter(isEarned)
    .map((i) => ({ cycleId, name: indexScans, label: i.name, value: i.scans, low: null, high: null }));

/** Indexes that the loop earned and that no statement has used for a day. `series` is oldest first. */
export function unusedIndexFindings(
  indexes: readonly IndexUse[],
  seriesOf: (name: string) => readonly { value: number; at: Date }[],
  nowMs: number,
  scale: number,
): Finding[] {
  return indexes.filter(isEarned).flatMap((index) => {
    const series = seriesOf(index.name);
    const idle: (typeof series)[number][] = [];
    for (const row of series.toReversed()) {
      if (row.value !== index.scans) break;
      idle.push(row);
    }
    const since = idle.at(-1)?.at.getTime() ?? nowMs;
    const hours = ((nowMs - since) / 3_600_000) * scale;
    if (idle.length < snapshotsMin || hours < idleHours) return [];
    return [
      {
        kind: 'unused-index' as const,
        summary: `index ${index.name} on ${index.table} takes ${sizeOf(index.sizeBytes)} and was not used for ${durationOf(hours * 3_600_000)}`,
        severity: Math.min(1, index.sizeBytes / 2 ** 30),
        rowIds: [index.name],
        rowCount: 1,
        facts: { scope: `table:${index.table}`, ...index, idleHours: hours },
      },
    ];
  });
}
