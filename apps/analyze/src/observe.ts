import type { ObservationDocument } from '@hartonomous/contracts';
import type { CycleRow, NoticedRequest, Store } from '@hartonomous/store';
import { frequentReadFinding } from './findings/frequent-reads.js';
import { missingIndexFindings } from './findings/missing-indexes.js';

export interface Observed {
  document: ObservationDocument;
  windowFrom: Date;
  windowTo: Date;
  /** The request whose trace the cycle continues: the slowest one that the findings rest on. */
  noticed: NoticedRequest | null;
}

const fullLookBackHours = 24;
const topKeysMax = 300;
const missingIndexOptions = { limit: 20, minMeanMs: 0.5, minCalls: 20 };

/** Reads what happened in the window: all counts over all rows, one consistent snapshot. */
export async function observe(store: Store, tenantId: string, cycle: CycleRow): Promise<Observed> {
  const read = await store.withTenant(
    tenantId,
    async (tx) => {
      const to = await tx.now();
      const watermark = cycle.scope === 'full' ? null : await tx.cycles.watermark();
      const from = watermark ?? new Date(to.getTime() - fullLookBackHours * 3_600_000);
      const model = (await tx.models.resolve('serving')) ?? (await tx.models.ensureNative());
      return {
        from,
        to,
        model,
        corpusVersion: await tx.ingestion.corpusVersion(),
        strata: await tx.workload.strata(from, to),
        keys: await tx.workload.topKeys(from, to, topKeysMax),
        slowest: await tx.workload.slowest(from, to, 5),
      };
    },
    { isolation: 'snapshot' },
  );
  const unavailable: string[] = [];
  const missing = await store.maintenance.missingIndexes(missingIndexOptions);
  if ('unavailable' in missing) unavailable.push(missing.unavailable);
  const context = { modelId: read.model.id, corpusVersion: read.corpusVersion };
  const frequent = frequentReadFinding(read.keys, context);
  const findings = [
    ...('unavailable' in missing ? [] : missingIndexFindings(missing)),
    ...(frequent ? [frequent] : []),
  ];
  return {
    document: {
      scope: cycle.scope,
      windowFrom: read.from.toISOString(),
      windowTo: read.to.toISOString(),
      strata: read.strata,
      findings,
      unavailable,
    },
    windowFrom: read.from,
    windowTo: read.to,
    noticed: read.slowest.find((r) => r.traceId !== null && r.spanId !== null) ?? null,
  };
}
