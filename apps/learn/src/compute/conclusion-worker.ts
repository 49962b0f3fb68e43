import { foldPartials, parseParams, taskTypeOf, type Outcome, type Partial } from '@hartonomous/compute';
import { answerOf, type ThreadFault } from '@hartonomous/contracts';
import type { ConclusionTask } from './conclusion-task.js';

/** In a thread of its own. */
export default function concludeInThread(task: ConclusionTask): Partial | Outcome | null | ThreadFault {
  return answerOf(() => conclude(task));
}

/** Merges a page of partials, or ends a round. */
export function conclude(task: ConclusionTask): Partial | Outcome | null {
  const type = taskTypeOf(task.type, task.version);
  if (task.kind === 'fold') return foldPartials(type, task.partials);
  return type.finished(parseParams(type, task.params), task.round, task.merged, task.input);
}
