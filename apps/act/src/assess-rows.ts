import {
  assess,
  measurementOf,
  type Assessment,
  type MeasurementSettings,
  type Metric,
} from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';
import type { ActDeps } from './act-deps.js';

/** Metric and goal of the action's measurement, which its executor chose; Learn reads the same. */
function settingsOf(chosen: unknown): MeasurementSettings {
  const { metric, goal } = (chosen ?? {}) as { metric?: Metric['name']; goal?: MeasurementSettings['goal'] };
  return measurementOf(metric ?? 'latency', goal ? { goal } : {});
}

/** What the rows of a block do not tell. */
export interface BlockContext {
  /** Blocks running that came due and left no row. */
  emptyBlocks: number;
  /** As `queueAgeOf` read it; stored in the action's progress, where Learn finds it. */
  queueAgeMs: number | null;
}

export function assessRows(
  deps: Pick<ActDeps, 'now' | 'scale'>,
  action: ActionRow,
  evidence: EvidencePairRow[],
  { emptyBlocks, queueAgeMs }: BlockContext,
): Assessment {
  const appliedAt = action.appliedAt ?? deps.now();
  const hours = ((deps.now().getTime() - appliedAt.getTime()) / 3_600_000) * deps.scale;
  return assess(evidence, settingsOf(action.progress['measurement']), {
    hoursElapsed: hours,
    blocksWithoutData: emptyBlocks,
    queueAgeMs,
  });
}
