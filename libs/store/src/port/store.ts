import type { EngineName, Feature } from './feature.js';
import type { AtomRepository, CorpusSearch, IngestionRepository } from './atoms.js';
import type { MapRepository, ModelRepository } from './models.js';
import type { OverlayRepository } from './overlays.js';
import type { TensorRepository } from './tensors.js';
import type { LayerRepository } from './layers.js';
import type { EmbeddingRepository } from './embeddings.js';
import type { TrainingRepository } from './training.js';
import type { UsageRepository } from './usage.js';
import type { CodeRepository } from './code.js';
import type { SnapshotRepository } from './snapshots.js';
import type { ProvenanceRepository } from './provenance.js';
import type { AnalysisRepository } from './analysis.js';
import type { ConceptRepository } from './concepts.js';
import type { CacheRepository, RequestRepository, WorkloadRepository } from './serving.js';
import type { ActionRepository, BeliefRepository, CycleRepository, HistoryRepository } from './loop.js';
import type { AuditLog, Inbox, Outbox, OutboxRow, SettingRepository, SystemPlumbing } from './plumbing.js';
import type { PrincipalRepository, TenantRepository } from './tenancy.js';
import type { SpanRepository } from './spans.js';
import type { ComputationOverview, ComputationRepository } from './compute.js';
import type { Maintenance } from './maintenance.js';

export interface TransactionOptions {
  /** `snapshot` = REPEATABLE READ on PostgreSQL, SNAPSHOT on SQL Server: one consistent view for Analyze. */
  isolation?: 'read-committed' | 'snapshot';
}

/** Everything one tenant may do; valid only inside the callback of `withTenant`. */
export interface TenantTransaction {
  readonly tenantId: string;
  /** The database clock: leases, expiry and windows are measured by it. */
  now(): Promise<Date>;
  readonly atoms: AtomRepository;
  readonly ingestion: IngestionRepository;
  readonly corpus: CorpusSearch;
  readonly map: MapRepository;
  readonly models: ModelRepository;
  readonly overlays: OverlayRepository;
  readonly tensors: TensorRepository;
  readonly layers: LayerRepository;
  readonly embeddings: EmbeddingRepository;
  readonly training: TrainingRepository;
  readonly usage: UsageRepository;
  readonly code: CodeRepository;
  readonly snapshots: SnapshotRepository;
  readonly provenance: ProvenanceRepository;
  readonly requests: RequestRepository;
  readonly workload: WorkloadRepository;
  readonly analysis: AnalysisRepository;
  readonly concepts: ConceptRepository;
  readonly cache: CacheRepository;
  readonly cycles: CycleRepository;
  readonly actions: ActionRepository;
  readonly beliefs: BeliefRepository;
  readonly history: HistoryRepository;
  readonly computations: ComputationRepository;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly audit: AuditLog;
  readonly settings: SettingRepository;
  readonly principals: PrincipalRepository;
}

/** What the plumbing may do across tenants; each use names its reason. */
export interface SystemTransaction {
  now(): Promise<Date>;
  readonly tenants: TenantRepository;
  readonly plumbing: SystemPlumbing;
  readonly spans: SpanRepository;
  readonly computations: ComputationOverview;
}

/**
 * The store. A callback may run more than once: deadlocks and serialisation faults are retried as a whole unit,
 * at most 3 times, so it must not have effects outside the transaction.
 */
export interface Store {
  readonly engine: EngineName;
  withTenant<T>(
    tenantId: string,
    work: (tx: TenantTransaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  withSystem<T>(reason: string, work: (tx: SystemTransaction) => Promise<T>): Promise<T>;
  readonly maintenance: Maintenance;
  /** The server's own version, as it writes it. */
  version(): Promise<string>;
  features(): Promise<Feature[]>;
  /** Called after each commit with the outbox rows it wrote, so that a relay need not wait for its poll. */
  onCommitted(listener: (rows: OutboxRow[]) => void): void;
  close(): Promise<void>;
}
