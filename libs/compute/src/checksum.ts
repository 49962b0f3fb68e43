import { createHash } from 'node:crypto';
import type { Partial } from './task-type.js';

/** JSON with sorted keys, so that equal documents have equal text on either engine. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${entries.join(',')}}`;
}

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
