import type { Finding } from '@hartonomous/contracts';
import type { MetricRow, Store } from '@hartonomous/store';
import { missingIndexFindings } from './findings/missing-indexes.js';
import {
  planRegressions,
  statementCalls,
  statementMetrics,
  statementTotal,
} from './findings/plan-regressions.js';
import { slowPlaceFindings } from './findings/slow-places.js';
import { indexMetrics, indexScans, unusedIndexFindings } from './findings/unused-indexes.js';

const missingIndexOptions = { limit: 20, minMeanMs: 0.5, minCalls: 20 };
const statementOptions = { limit: 40, minCalls: 20 };
/** Rows of a series that are read back: about this many statements or indexes times the snapshots in use. */
const metricsMax = 1_000;

type Series = (MetricRow & { at: Date })[];

export interface EngineObservation {
  findings: Finding[];
  unavailable: string[];
  metrics: MetricRow[];
}

/** What the engine's own statistics say: missing and unused indexes, statements that became slower. */
export async function observeEngine(
  store: Store,
  tenantId: string,
  cycleId: string,
  at: Date,
  scale: number,
): Promise<EngineObservation> {
  const [missing, statements, indexes] = [
    await store.maintenance.missingIndexes(missingIndexOptions),
    await store.maintenance.statistics.statements(statementOptions),
    await store.maintenance.indexes(),
  ];
  const series: Record<string, Series> = await store.withTenant(tenantId, async (tx) => ({
    [statementCalls]: await tx.analysis.metrics(statementCalls, metricsMax),
    [statementTotal]: await tx.analysis.metrics(statementTotal, metricsMax),
    [indexScans]: await tx.analysis.metrics(indexScans, metricsMax),
  }));
  // Stored newest first; a series is read oldest first.
  const seriesOf = (name: string, label: string) =>
    (series[name] ?? []).filter((row) => row.label === label).reverse();
  const valuesOf = (name: string, label: string) => seriesOf(name, label).map((row) => row.value);
  const unavailable = [missing, statements].flatMap((r) => ('unavailable' in r ? [r.unavailable] : []));
  const known = 'unavailable' in statements ? [] : statements;
  return {
    unavailable,
    findings: [
      ...('unavailable' in missing ? [] : missingIndexFindings(missing)),
      ...planRegressions(known, valuesOf),
      ...slowPlaceFindings(known, indexes),
      ...unusedIndexFindings(indexes, (name) => seriesOf(indexScans, name), at.getTime(), scale),
    ],
    metrics: [...statementMetrics(cycleId, known), ...indexMetrics(cycleId, indexes)],
  };
}
