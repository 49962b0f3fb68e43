import {
  chunksToVerify,
  computeLimits,
  isSampled,
  moveComputation,
  nextStep,
  parseParams,
  resultHash,
  submissionSchema,
  taskTypeOf,
  type Partial,
} from '@hartonomous/compute';
import type { ChunkRow, ComputationRow, ComputationWork, TenantTransaction } from '@hartonomous/store';
import type { ConclusionPool } from './conclusion-pool.js';

/** What must be said after a chunk has ended; the handler publishes it. */
export type Followup =
  { name: 'compute.wave.drained' | 'compute.ended' } | { name: 'compute.chunk.due'; count: number };

const pageRows = 500;
/** Partials that are merged at once: some megabytes, whatever the size of one. */
const pageBytes = 32 * 2 ** 20;

/** Merges, verifies, plans on, ends: what the end of chunk `no` means for its computation. */
export async function settleChunk(
  tx: TenantTransaction,
  id: string,
  no: number,
  workers: number,
  pool: ConclusionPool,
): Promise<Followup[]> {
  const row = await tx.computations.get(id);
  if (!row?.work) return [];
  if (row.state === 'Pausing' || row.state === 'Cancelling') return settleStop(tx, row);
  if (row.state !== 'Running') return [];
  const [chunk] = await tx.computations.chunks(id, no - 1, 1);
  if (chunk?.no === no && chunk.state === 'Done' && chunk.verifies !== null) {
    const agreed = await settleVerification(tx, row, chunk, chunk.verifies);
    if (!agreed) return [{ name: 'compute.chunk.due', count: 2 }];
  }
  const { work } = row;
  switch (nextStep(work, await tx.computations.tallies(id), workers)) {
    case 'wait':
      return [];
    case 'plan':
      return [{ name: 'compute.wave.drained' }];
    case 'verify':
      return verifyRound(tx, row, work, pool);
    case 'conclude':
      return concludeRound(tx, row, work, pool);
  }
}

/** The last worker that let go makes Pausing Paused, and Cancelling Cancelled. */
async function settleStop(tx: TenantTransaction, row: ComputationRow): Promise<Followup[]> {
  if ((await tx.computations.tallies(row.id)).leased > 0) return [];
  const to = moveComputation(row.state, 'drained');
  if (to === 'same' || to === 'refused') return [];
  const finished = to === 'Cancelled';
  const moved = await tx.computations.move(row, to, finished ? { finished } : {});
  return moved && finished ? [{ name: 'compute.ended' }] : [];
}

async function settleVerification(
  tx: TenantTransaction,
  row: ComputationRow,
  second: ChunkRow,
  verifies: number,
): Promise<boolean> {
  const [first] = await tx.computations.chunks(row.id, verifies - 1, 1);
  const agrees = first?.state === 'Done' && first.checksum === second.checksum;
  await tx.computations.settleVerification(row.id, second.no, verifies, agrees, computeLimits.attemptsMax);
  if (!agrees) {
    const why = `chunk ${verifies} gave another result when it was computed again`;
    await tx.audit.append({ what: 'alarm.computation-differs', subject: row.id, who: 'learn', why });
  }
  return agrees;
}

/** Every chunk is done or parked: a sample is computed again elsewhere before the round counts. */
async function verifyRound(
  tx: TenantTransaction,
  row: ComputationRow,
  work: ComputationWork,
  pool: ConclusionPool,
): Promise<Followup[]> {
  const done: ChunkRow[] = [];
  for (let after = -1; ;) {
    const page = await tx.computations.chunks(row.id, after, pageRows, ['Done']);
    done.push(...page.filter((chunk) => chunk.round === work.round && chunk.verifies === null));
    if (page.length < pageRows) break;
    after = page[page.length - 1].no;
  }
  const share = submissionSchema.shape.verifyShare.parse(row.options['verifyShare']);
  const nos = done.filter((chunk) => !chunk.verified).map((chunk) => chunk.no);
  // At least one check is due for the computation, not for each of its rounds.
  const sampled =
    work.round === 0 ? chunksToVerify(row.id, nos, share) : nos.filter((no) => isSampled(row.id, no, share));
  const chosen = done.filter((chunk) => sampled.includes(chunk.no));
  if (chosen.length === 0) return concludeRound(tx, row, work, pool);
  const checks = chosen.map((chunk, i) => ({ ...chunk, no: work.planned + i, verifies: chunk.no }));
  const planned = work.planned + checks.length;
  if (!(await tx.computations.move(row, 'Running', { work: { ...work, planned, verifying: true } })))
    return [];
  await tx.computations.addChunks(row.id, checks);
  return [{ name: 'compute.chunk.due', count: Math.min(checks.length, 4) }];
}

/** Everything that the round found, page by page; null when no chunk was finished. */
async function mergeRound(
  tx: TenantTransaction,
  { id, type, version }: ComputationRow,
  round: number,
  pool: ConclusionPool,
): Promise<Partial | null> {
  let merged: Partial | null = null;
  for (let after = -1, limit = 8; ;) {
    const page = await tx.computations.partials(id, round, after, limit);
    const partials = page.map(({ summary, partial }) =>
      partial ? { summary, state: new Uint8Array(partial) } : { summary },
    );
    if (page.length > 0) {
      merged = await pool.fold({ type, version, partials: merged ? [merged, ...partials] : partials });
    }
    if (page.length < limit) return merged;
    after = page[page.length - 1].no;
    const sizeBytes = partials.reduce((sum, { state }) => sum + (state?.byteLength ?? 0), 0) / page.length;
    limit = Math.max(1, Math.min(pageRows, Math.floor(pageBytes / Math.max(1, sizeBytes))));
  }
}

async function concludeRound(
  tx: TenantTransaction,
  row: ComputationRow,
  work: ComputationWork,
  pool: ConclusionPool,
): Promise<Followup[]> {
  const type = taskTypeOf(row.type, row.version);
  const params = parseParams(type, row.params);
  const input = work.input && { ...work.input, data: new Float32Array(0) };
  const { parked } = await tx.computations.tallies(row.id);
  const merged = await mergeRound(tx, row, work.round, pool);
  const carry = await tx.computations.carry(row.id);
  const round = { round: work.round, lo: work.lo, hi: work.hi, carry, indivisible: work.indivisible };
  if (!merged) return fail(tx, row, 'every chunk failed');
  // A later round would rest on what is missing in this one.
  const { name, version } = type;
  const outcome = await pool.finish({ type: name, version, params, round, merged, input });
  if (outcome.kind === 'round') {
    if (parked > 0) return fail(tx, row, `${parked} chunks of round ${work.round} failed`);
    const { carry: next, ...where } = outcome.round;
    const fresh = { ...work, indivisible: undefined, ...where, next: where.lo, size: 0, verifying: false };
    if (!(await tx.computations.move(row, 'Running', { work: fresh, carry: next }))) return [];
    return [{ name: 'compute.wave.drained' }];
  }
  const { result, output } = outcome;
  const patch = {
    result,
    output: output ?? null,
    resultHash: resultHash(result, output),
    finished: true,
    progress: 1,
  };
  const reason = parked > 0 ? `${parked} chunks failed and are missing in the result` : null;
  const to = parked > 0 ? 'CompletedWithGaps' : 'Completed';
  if (!(await tx.computations.move(row, to, { ...patch, reason }))) return [];
  if (reason)
    await tx.audit.append({ what: 'alarm.computation-gaps', subject: row.id, who: 'learn', why: reason });
  return [{ name: 'compute.ended' }];
}

async function fail(tx: TenantTransaction, row: ComputationRow, reason: string): Promise<Followup[]> {
  const moved = await tx.computations.move(row, 'Failed', { reason, finished: true });
  return moved ? [{ name: 'compute.ended' }] : [];
}
