import { cut, ageOf, table } from '../output.js';
import type { ShownComputation } from './computation-documents.js';
import { duration, paceText } from './watch-computation.js';

export function listText(items: ShownComputation[], total: number): string {
  if (items.length === 0) return 'no computations';
  const rows = items.map((row) => [
    row.id,
    row.type,
    cut(JSON.stringify(row.params), 48),
    row.state,
    `${(row.progress * 100).toFixed(1)} %`,
    ageOf(row.createdAt),
  ]);
  const text = table(['id', 'type', 'parameters', 'state', 'done', 'submitted'], rows, [4]);
  return total > items.length ? `${text}\n... of ${total}` : text;
}

/** What came of it; gaps and failures come first and loudly. */
export function computationText(shown: ShownComputation): string {
  const { state, reason, result, chunks } = shown;
  const alarm = state === 'CompletedWithGaps' || state === 'Failed';
  return [
    ...(alarm ? [`${state.toUpperCase()}: ${reason ?? 'no reason given'}`] : []),
    `${shown.type} ${JSON.stringify(shown.params)}  ${shown.id}`,
    `state     ${state}, ${(shown.progress * 100).toFixed(1)} %${shown.eta ? `, ${paceText(shown)}` : ''}`,
    `result    ${result ? JSON.stringify(result) : '-'}`,
    `chunks    ${chunks.done} done, ${chunks.parked} failed, ${chunks.verified} verified, ${chunks.attempts} attempts`,
    `wasted    ${shown.wasted} chunks, ${duration(shown.wastedMs)}`,
    `time      ${shown.cpuSeconds.toFixed(2)} s CPU, ${shown.wallSeconds?.toFixed(2) ?? '-'} s wall`,
    `trace     ${shown.traceId ?? '-'}`,
  ].join('\n');
}
