import {
  needsPlanning,
  parseParams,
  planWave,
  submissionSchema,
  taskTypeOf,
  ticketsFor,
} from '@hartonomous/compute';
import type { TenantTransaction } from '@hartonomous/store';

/** Chunks cut at once: of equal size by time, and so few that the next wave can learn from them. */
const wavePerWorker = 4;
const waveFixed = 64;

/**
 * Cuts the next chunks of a running computation. Returns how many workers should be asked to take one: 0 when enough
 * are at hand, or another delivery was first.
 */
export async function planChunks(tx: TenantTransaction, id: string, workers: number): Promise<number> {
  const row = await tx.computations.get(id);
  if (!row?.work || row.state !== 'Running') return 0;
  const { work } = row;
  const tallies = await tx.computations.tallies(id);
  if (!needsPlanning(work, tallies, workers)) {
    // A resumed computation may have all its chunks and nobody who was asked to take them.
    return Math.min(tallies.pending, 2 * workers);
  }
  const type = taskTypeOf(row.type, row.version);
  const params = parseParams(type, row.params);
  const mode = submissionSchema.shape.chunk.parse(row.options['chunk']);
  const input = work.input && { ...work.input, data: new Float32Array(0) };
  const round = { round: work.round, lo: work.lo, hi: work.hi, carry: null, indivisible: work.indivisible };
  const wave = mode.mode === 'fixed' ? waveFixed : wavePerWorker * workers;
  const planned = planWave(type, params, round, input, work, { workers, wave, mode });
  const moved = await tx.computations.move(row, 'Running', { work: { ...work, ...planned.state } });
  if (!moved) return 0;
  await tx.computations.addChunks(
    id,
    planned.chunks.map((chunk) => ({ ...chunk, verifies: null })),
  );
  return ticketsFor(tallies, planned.chunks.length, workers);
}
