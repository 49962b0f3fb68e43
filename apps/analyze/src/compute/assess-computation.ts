import { codeOf, HartoError } from '@hartonomous/contracts';
import {
  adaptSize,
  checkedEstimate,
  moveComputation,
  parseSubmission,
  type Submission,
  type TaskType,
  type VectorInput,
} from '@hartonomous/compute';
import type { ComputationRow, ComputationWork, TenantTransaction } from '@hartonomous/store';

/** Chunks whose durations decide the size of the next ones. */
const recent = 8;
const pageRows = 5000;

/** The computation as it was submitted, parsed anew: code of another version must not run it. */
function submissionOf(row: ComputationRow): { submission: Submission; type: TaskType; params: unknown } {
  return parseSubmission({
    type: row.type,
    version: row.version,
    params: row.params,
    idempotencyKey: row.idempotencyKey,
    ...row.options,
  });
}

/** Number and width of the stored vectors; the vectors themselves stay where they are. */
async function measureInput(
  tx: TenantTransaction,
  model: string,
): Promise<NonNullable<ComputationWork['input']>> {
  let count = 0;
  let dimensions = 0;
  for (let after: string | null = null; ;) {
    const page = await tx.atoms.vectors(model, after, pageRows);
    count += page.atomIds.length;
    dimensions ||= page.dimensions;
    if (page.atomIds.length < pageRows) break;
    after = page.atomIds[page.atomIds.length - 1];
  }
  return { model, count, dimensions, corpusVersion: await tx.ingestion.corpusVersion() };
}

const sized = (input: ComputationWork['input']): VectorInput | null =>
  input && { count: input.count, dimensions: input.dimensions, data: new Float32Array(0) };

async function begin(tx: TenantTransaction, row: ComputationRow): Promise<boolean> {
  const { submission, type, params } = submissionOf(row);
  const request = type.input?.(params);
  const input = request ? await measureInput(tx, request.embeddingModel) : null;
  const fixed = submission.chunk.mode === 'fixed' ? submission.chunk.size : undefined;
  const estimate = checkedEstimate(type, params, sized(input), fixed);
  const round = type.firstRound(params, sized(input));
  const { round: no, lo, hi, indivisible } = round;
  const work = { round: no, lo, hi, indivisible, next: lo, planned: 0, size: 0, verifying: false, input };
  return tx.computations.move(row, 'Running', {
    work,
    carry: round.carry,
    totalCost: estimate.cost,
    started: true,
  });
}

/** The size of the next chunks, by how long the last ones took. */
async function resize(tx: TenantTransaction, row: ComputationRow, work: ComputationWork): Promise<boolean> {
  const { submission } = submissionOf(row);
  const timings = await tx.computations.timings(row.id, recent);
  if (submission.chunk.mode === 'fixed' || timings.length === 0 || work.size <= 0) return true;
  const sum = (pick: (timing: (typeof timings)[number]) => number) =>
    timings.reduce((total, timing) => total + pick(timing), 0);
  const observedMs = (sum((t) => t.elapsedMs) / sum((t) => t.cost)) * work.size;
  const size = adaptSize(work.size, submission.chunk.targetMs, observedMs);
  return tx.computations.move(row, row.state, { work: { ...work, size } });
}

/**
 * The state of a computation before its next chunks are cut: a new one is measured and begins, a running one gets the
 * size of its chunks from what was observed. True when there is something to plan.
 */
export async function assessComputation(tx: TenantTransaction, id: string): Promise<boolean> {
  const row = await tx.computations.get(id);
  if (!row) return false;
  if (row.state === 'Running' && row.work) return resize(tx, row, row.work);
  if (row.state !== 'Running' && moveComputation(row.state, 'assessed') !== 'Running') return false;
  try {
    return await begin(tx, row);
  } catch (error) {
    if (!(error instanceof HartoError) || codeOf(error) !== 'INPUT_INVALID') throw error;
    await tx.computations.move(row, 'Failed', { reason: error.message, finished: true });
    return false;
  }
}
