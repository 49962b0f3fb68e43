import type { TenantTransaction } from '../port/store.js';

/** Ids of everything that one tenant owns; those of another one, or of nobody, are what a sweep tries. */
export interface SweepIds {
  modelId: string;
  versionId: string;
  atomId: string;
  cycleId: string;
  hypothesisId: string;
  observationId: string;
  actionId: string;
  cacheAction: string;
  inputHash: string;
  conceptId: string;
  keyId: string;
  principalId: string;
  computationId: string;
  requestId: string;
  sessionId: string;
  messageId: string;
  pruneId: string;
  layerId: string;
  jobId: string;
  sampleId: string;
  snapshotId: string;
}

export type SweepCase = (tx: TenantTransaction, o: SweepIds) => Promise<unknown>;
