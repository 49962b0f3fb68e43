import type { SystemTransaction, TenantTransaction } from '../port/store.js';
import { actionRepository } from './actions.js';
import { analysisRepository } from './analysis.js';
import { atomRepository } from './atoms.js';
import { cacheRepository } from './cache.js';
import { codeRepository } from './code.js';
import { computationOverview } from './computation-overview.js';
import { computationRepository } from './computations.js';
import { conceptRepository } from './concepts.js';
import type { SystemContext, TenantContext } from './context.js';
import { corpusSearch } from './corpus-search.js';
import { cycleRepository } from './cycles.js';
import { embeddingRepository } from './embeddings.js';
import { ingestionRepository } from './ingestion.js';
import { beliefRepository, historyRepository } from './learning.js';
import { layerRepository } from './layers.js';
import { mapRepository } from './map.js';
import { modelRepository } from './models.js';
import { overlayRepository } from './overlays.js';
import { auditLog, inboxRepository, outboxRepository, settingRepository } from './plumbing.js';
import { provenanceRepository } from './provenance.js';
import { requestRepository } from './requests.js';
import { snapshotRepository } from './snapshots.js';
import { spanRepository } from './spans.js';
import { systemPlumbing } from './system-plumbing.js';
import { tensorRepository } from './tensors.js';
import { principalRepository, tenantRepository } from './tenancy.js';
import { trainingRepository } from './training.js';
import { usageRepository } from './usage.js';
import { workloadRepository } from './workload.js';

const clockOf =
  ({ db, sql }: SystemContext) =>
  async (): Promise<Date> => {
    const [row] = await db.rows<{ at: Date }>(`select ${sql.now} as "at"`);
    return row.at;
  };

const factories = {
  atoms: atomRepository,
  ingestion: ingestionRepository,
  corpus: corpusSearch,
  map: mapRepository,
  models: modelRepository,
  overlays: overlayRepository,
  tensors: tensorRepository,
  layers: layerRepository,
  embeddings: embeddingRepository,
  training: trainingRepository,
  usage: usageRepository,
  code: codeRepository,
  snapshots: snapshotRepository,
  provenance: provenanceRepository,
  requests: requestRepository,
  workload: workloadRepository,
  analysis: analysisRepository,
  concepts: conceptRepository,
  cache: cacheRepository,
  cycles: cycleRepository,
  actions: actionRepository,
  beliefs: beliefRepository,
  history: historyRepository,
  computations: computationRepository,
  outbox: outboxRepository,
  inbox: inboxRepository,
  audit: auditLog,
  settings: settingRepository,
  principals: principalRepository,
};

const systemFactories = {
  tenants: tenantRepository,
  plumbing: systemPlumbing,
  spans: spanRepository,
  computations: computationOverview,
};

/** Repositories are made when first asked for: a hop needs three of them. */
function lazily<C extends object, T>(
  context: C,
  made: object,
  all: Record<string, (context: C) => unknown>,
): T {
  for (const [name, create] of Object.entries(all)) {
    Object.defineProperty(made, name, {
      enumerable: true,
      configurable: true,
      get() {
        const value = create(context);
        Object.defineProperty(made, name, { value, enumerable: true });
        return value;
      },
    });
  }
  return made as T;
}

export function tenantTransaction(context: TenantContext): TenantTransaction {
  return lazily(context, { tenantId: context.tenantId, now: clockOf(context) }, factories);
}

export function systemTransaction(context: SystemContext): SystemTransaction {
  return lazily(context, { now: clockOf(context) }, systemFactories);
}
