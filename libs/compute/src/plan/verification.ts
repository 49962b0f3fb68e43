import { createHash } from 'node:crypto';
import { computeLimits } from '../limits.js';

/** Is chunk `no` recomputed? A hash of both, so that every process and every repetition answers alike. */
export function isSampled(
  computationId: string,
  no: number,
  share: number = computeLimits.verifyShare,
): boolean {
  const hash = createHash('sha256').update(`${computationId}|${no}`).digest();
  return hash.readUInt32BE(0) / 2 ** 32 < share;
}

/** Numbers to recompute among the finished chunks of a round that is complete: the sample, and at least one. */
export function chunksToVerify(computationId: string, nos: number[], share?: number): number[] {
  const sampled = nos.filter((no) => isSampled(computationId, no, share));
  if (sampled.length > 0 || nos.length === 0) return sampled;
  const pick = createHash('sha256').update(computationId).digest().readUInt32BE(0) % nos.length;
  return [nos[pick]];
}
