import { createHash } from 'node:crypto';

/** Hash before the first entry. */
export const genesisHash = '0'.repeat(64);

/** Entries read at once while a chain is verified. */
export const auditPageRows = 5_000;

/**
 * h_n = SHA-256(h_(n-1) | n | instant | SHA-256 of the canonical entry), all ASCII, so that each engine computes the
 * same value in SQL when it appends.
 */
export function chainHash(previous: string, seq: number, at: Date, digest: string): string {
  return createHash('sha256').update(`${previous}|${seq}|${at.toISOString()}|${digest}`).digest('hex');
}
