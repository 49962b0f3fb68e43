import type { ComputationState } from '@hartonomous/contracts';

/** A computation as the gateway shows it; instants are ISO 8601 text. */
export interface ShownComputation {
  id: string;
  type: string;
  version: number;
  params: Record<string, unknown>;
  lane: string;
  priority: number;
  idempotencyKey: string;
  requestedBy: string;
  state: ComputationState;
  progress: number;
  round: number | null;
  chunks: {
    planned: number;
    pending: number;
    leased: number;
    done: number;
    parked: number;
    verified: number;
    attempts: number;
  };
  /** Results that were dropped, and chunks given back unfinished. */
  wasted: number;
  wastedMs: number;
  cpuSeconds: number;
  wallSeconds: number | null;
  rate: number | null;
  eta: { ms: number; lowMs: number; highMs: number } | null;
  result: Record<string, unknown> | null;
  resultHash: string | null;
  reason: string | null;
  traceId: string | null;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}
