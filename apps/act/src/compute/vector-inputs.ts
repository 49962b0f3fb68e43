import { HartoError } from '@hartonomous/contracts';
import type { ComputationWork, Store } from '@hartonomous/store';

type Wanted = NonNullable<ComputationWork['input']>;

const pageRows = 5000;
/** Sets kept at once: a chunk of the same computation follows soon. */
const keptMax = 4;

/** Stored vectors of a tenant, read once for many chunks, in memory that threads share. */
export class VectorInputs {
  private readonly kept = new Map<string, Promise<Float32Array>>();

  constructor(private readonly store: Store) {}

  /** @throws HartoError INPUT_INVALID when the corpus changed since the computation began */
  async of(
    tenantId: string,
    input: Wanted,
  ): Promise<{ count: number; dimensions: number; data: Float32Array }> {
    const key = `${tenantId}|${input.model}|${input.corpusVersion}`;
    let data = this.kept.get(key);
    if (!data) {
      data = this.read(tenantId, input);
      this.kept.set(key, data);
      const [oldest] = this.kept.keys();
      if (this.kept.size > keptMax) this.kept.delete(oldest);
      data.catch(() => this.kept.delete(key));
    }
    return { count: input.count, dimensions: input.dimensions, data: await data };
  }

  private read(tenantId: string, { model, count, dimensions, corpusVersion }: Wanted): Promise<Float32Array> {
    const changed = () => new HartoError('INPUT_INVALID', 'the corpus changed since the computation began');
    return this.store.withTenant(
      tenantId,
      async (tx) => {
        if ((await tx.ingestion.corpusVersion()) !== corpusVersion) throw changed();
        const data = new Float32Array(new SharedArrayBuffer(4 * count * dimensions));
        let row = 0;
        for (let after: string | null = null; row < count;) {
          const page = await tx.atoms.vectors(model, after, pageRows);
          if (page.atomIds.length === 0 || row + page.atomIds.length > count) throw changed();
          data.set(page.data, row * dimensions);
          row += page.atomIds.length;
          after = page.atomIds[page.atomIds.length - 1];
        }
        return data;
      },
      { isolation: 'snapshot' },
    );
  }
}
