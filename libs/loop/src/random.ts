import { createRng, type Rng } from '@hartonomous/numerics';

/** 32-bit FNV-1a of the UTF-16 code units, finished with a multiply-xorshift avalanche: equal on every platform. */
export function stableHash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Generator whose stream depends on the text alone: for draws that must be repeatable from stored ids. */
export const rngOfText = (text: string): Rng =>
  createRng((stableHash32(`${text}|high`) & 0x1fffff) * 4294967296 + stableHash32(text));
