import { createHash } from 'node:crypto';

/** Hash before the first entry. */
export const genesisHash = Buffer.alloc(32);

/** Entries read at once while a chain is verified. */
export const auditPageRows = 5_000;

/**
 * h_n = SHA-256(h_(n-1) || "|n|instant in ms|digest"), the digest being the hex SHA-256 of the canonical entry: bytes
 * and ASCII only, so that each engine computes the same value in SQL when it appends.
 */
export function chainHash(previous: Buffer, seq: number, at: Date, digest: string): Buffer {
  return createHash('sha256').update(previous).update(`|${seq}|${at.getTime()}|${digest}`).digest();
}
