import { createHash } from 'node:crypto';
import { canonicalJson } from '@hartonomous/contracts';
import type { Partial } from './task-type.js';

/** SHA-256 (hex) of everything a partial holds. */
export function checksumOf(partial: Partial): string {
  const hash = createHash('sha256').update(canonicalJson(partial.summary));
  for (const bytes of [partial.state, partial.output]) {
    hash.update(`|${bytes?.length ?? 'none'}|`);
    if (bytes) hash.update(bytes);
  }
  return hash.digest('hex');
}

/** SHA-256 (hex) of a result: equal for an interrupted and an uninterrupted run. */
export function resultHash(result: unknown, output?: Uint8Array | null): string {
  const hash = createHash('sha256').update(canonicalJson(result));
  if (output) hash.update(output);
  return hash.digest('hex');
}
