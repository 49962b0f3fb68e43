import { foldPartials, parseParams, taskTypeOf, type Outcome, type Partial } from '@hartonomous/compute';
import type { ConclusionTask } from './conclusion-task.js';

/** Merges a page of partials, or ends a round, in a thread of its own. */
export default function conclude(task: ConclusionTask): Partial | Outcome | null {
  const type = taskTypeOf(task.type, task.version);
  if (task.kind === 'fold') return foldPartials(type, task.partials);
  return type.finished(parseParams(type, task.params), task.round, task.merged, task.input);
}
