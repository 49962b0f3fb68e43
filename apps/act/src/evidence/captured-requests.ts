import { sha256Hex } from '@hartonomous/contracts';
import type { EvidenceStep, ExecutorDeps } from '../executors/executor.js';

const capturedMax = 60;
const lookBackHours = 24;

/** A seeded sample of the requests of the last day, to be replayed; the first step of a replay design. */
export async function capturedRequests(
  deps: ExecutorDeps,
  tenantId: string,
  actionId: string,
  requestsMin: number,
  patch: Record<string, unknown> = {},
): Promise<EvidenceStep> {
  const requests = await sampleRequests(deps, tenantId, actionId);
  if (requests.length < requestsMin) {
    return { kind: 'no-data', reason: `only ${requests.length} requests of the last day`, nextInMs: 0 };
  }
  return {
    kind: 'waiting',
    reason: 'requests captured',
    patch: { ...patch, captured: requests },
    nextInMs: 0,
  };
}

export async function sampleRequests(deps: ExecutorDeps, tenantId: string, actionId: string) {
  const to = deps.now();
  const from = new Date(to.getTime() - lookBackHours * 3_600_000);
  const seed = Number.parseInt(sha256Hex(actionId).slice(0, 8), 16);
  const sample = await deps.store.withTenant(tenantId, (tx) =>
    tx.workload.sample(from, to, capturedMax, seed),
  );
  return sample.map((s) => s.input);
}
