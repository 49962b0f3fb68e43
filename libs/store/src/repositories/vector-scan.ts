import { HartoError } from '@hartonomous/contracts';
import type { AtomVector, Neighbour } from '../port/embeddings.js';

export interface VectorRecord {
  id: string;
  dimensions: number;
  vector: Buffer;
}

/** float32 little-endian as the port has it. */
export function vectorOf(bytes: Buffer): Float32Array {
  // A copy: the driver's buffer need not be aligned.
  const floats = new Float32Array(bytes.length / 4);
  bytes.copy(Buffer.from(floats.buffer));
  return floats;
}

export const vectorBytes = (v: Float32Array): Buffer => Buffer.from(v.buffer, v.byteOffset, v.byteLength);

const before = (a: Neighbour, b: Neighbour): boolean =>
  a.similarity > b.similarity || (a.similarity === b.similarity && a.atomId < b.atomId);

/** Keeps the k best of what it is shown, each atom as it was shown first. */
export class NearestOf {
  private readonly best: Neighbour[] = [];
  private readonly seen = new Set<string>();
  private readonly norm: number;

  constructor(
    private readonly query: Float32Array,
    private readonly k: number,
  ) {
    this.norm = Math.sqrt(query.reduce((sum, v) => sum + v * v, 0));
  }

  /** @throws HartoError INPUT_INVALID when the dimensions differ */
  show({ atomId, vector }: AtomVector): void {
    if (this.seen.has(atomId)) return;
    this.seen.add(atomId);
    const neighbour = { atomId, similarity: this.cosine(vector) };
    if (this.best.length === this.k && !before(neighbour, this.best[this.k - 1])) return;
    let at = this.best.length;
    while (at > 0 && before(neighbour, this.best[at - 1])) at--;
    this.best.splice(at, 0, neighbour);
    if (this.best.length > this.k) this.best.pop();
  }

  found(): Neighbour[] {
    return this.best;
  }

  private cosine(vector: Float32Array): number {
    const { query } = this;
    if (vector.length !== query.length) {
      throw new HartoError('INPUT_INVALID', `the query has ${query.length} dimensions, not ${vector.length}`);
    }
    let dot = 0;
    let square = 0;
    for (let i = 0; i < query.length; i++) {
      dot += query[i] * vector[i];
      square += vector[i] * vector[i];
    }
    const norms = this.norm * Math.sqrt(square);
    return norms === 0 ? 0 : dot / norms;
  }
}
