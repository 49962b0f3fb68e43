import { createHash } from 'node:crypto';

/** Deterministic stream in [0,1) for a label: the same action, pair and purpose draw the same order everywhere. */
export function drawsOf(label: string): () => number {
  let block = 0;
  let buffer = Buffer.alloc(0);
  let offset = 0;
  return () => {
    if (offset + 6 > buffer.length) {
      buffer = createHash('sha256').update(`${label}#${block++}`).digest();
      offset = 0;
    }
    const value = buffer.readUIntBE(offset, 6) / 2 ** 48;
    offset += 6;
    return value;
  };
}

/** `count` picks with replacement. */
export function pick<T>(items: readonly T[], count: number, draw: () => number): T[] {
  return Array.from({ length: count }, () => items[Math.floor(draw() * items.length)]!);
}
