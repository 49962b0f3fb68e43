import { newId } from '@hartonomous/contracts';
import { inputHashOf } from '@hartonomous/retrieval';
import type { RequestRecord } from '@hartonomous/store';
import type { Rig } from './rig.js';

const requestOf = (modelId: string, query: string): RequestRecord => ({
  id: newId(),
  modelId,
  operation: 'search',
  inputHash: inputHashOf({ query, limit: 10 }),
  input: { query, limit: 10 },
  startedAt: new Date(),
  durationMs: 10,
  status: 'ok',
  cacheHit: false,
  actionId: null,
  blockNo: null,
  arm: null,
  sessionId: null,
  traceId: null,
  spanId: null,
  resultCount: 1,
  steps: [],
  point: null,
});

/** One served request a query, to be captured and replayed. */
export const recordRequests = (rig: Rig, tenantId: string, queries: string[]): Promise<void> =>
  rig.store.withTenant(tenantId, async (tx) => {
    const model = await tx.models.ensureNative();
    await tx.requests.record(queries.map((query) => requestOf(model.id, query)));
  });
