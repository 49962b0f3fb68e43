import type { ActionState, HypothesisType, Verdict } from '@hartonomous/contracts';
import type { RunningSystem } from './running-system.js';

/** What these tests read of the gateway's documents. */
export interface ActionDocument {
  id: string;
  type: HypothesisType;
  state: ActionState;
  verdict: Verdict | null;
  pairs: number;
  traceId: string | null;
  effect: { estimate: number; low: number | null; high: number | null } | null;
  cycleId: string;
}

export interface ActionDetail extends ActionDocument {
  target: string;
  reason: string;
  planHash: string;
  snapshotHash: string | null;
  approvedBy: string[];
  inverse: unknown;
  transitions: { seq: number; fromState: ActionState; toState: ActionState; event: string; reason: string }[];
  evidence: { kind: 'AA' | 'AB'; pairNo: number; control: number[]; treated: number[] }[];
}

export interface CycleDetail {
  id: string;
  state: string;
  observation: { document: { findings: FindingDocument[] } } | null;
}

export interface FindingDocument {
  kind: string;
  summary: string;
  rowIds: string[];
  facts: Record<string, unknown>;
}

export interface SpanDocument {
  service: string;
  name: string;
  spanId: string;
  parentSpanId: string | null;
}

const measured: (Verdict | null)[] = ['Kept', 'RevertedHarm', 'RevertedNoBenefit', 'Inconclusive'];

/** Measured actions of at least two types (a placebo is none), once there are some. */
export async function verdictsOfTwoTypes(system: RunningSystem): Promise<ActionDocument[] | null> {
  const { items } = await system.get<{ items: ActionDocument[] }>('/v1/actions?limit=50');
  const concluded = items.filter((a) => a.type !== 'Placebo' && measured.includes(a.verdict));
  return new Set(concluded.map((a) => a.type)).size >= 2 ? concluded : null;
}

/** Asks for a cycle whenever none is running, as an impatient operator would. */
export async function pressOn(system: RunningSystem): Promise<void> {
  await system.send('POST', '/v1/loop/cycles', { scope: 'incremental' });
}
