import { chooseNext, leaseMs, submissionSchema } from '@hartonomous/compute';
import type { LeasedChunk, RunnableComputation, Store } from '@hartonomous/store';

/** Worker time of this window decides whose turn it is, ms. */
const windowMs = 120_000;
const candidatesMax = 200;

export interface Claim {
  tenantId: string;
  chunk: LeasedChunk;
  targetMs: number;
  leaseMs: number;
}

/** The chunk's intended duration; classic chunks are short, and watched as often as the usual ones. */
export function targetOf(options: Record<string, unknown>): number {
  const mode = submissionSchema.shape.chunk.parse(options['chunk']);
  return mode.mode === 'time' ? mode.targetMs : 4000;
}

/** Leases the next chunk for a free worker: fair between tenants, whoever's message it was. Null when there is none. */
export async function claimChunk(store: Store, owner: string): Promise<Claim | null> {
  const { candidates, uses } = await store.withSystem('share the workers out', async (tx) => ({
    candidates: await tx.computations.runnable(candidatesMax),
    uses: await tx.computations.usage(windowMs),
  }));
  let left = candidates;
  for (let next = chooseNext(left, uses); next; next = chooseNext(left, uses)) {
    const claim = await claimOf(store, next, owner);
    if (claim) return claim;
    const taken = next;
    left = left.filter((candidate) => candidate !== taken);
  }
  return null;
}

function claimOf(
  store: Store,
  { tenantId, computationId }: RunnableComputation,
  owner: string,
): Promise<Claim | null> {
  return store.withTenant(tenantId, async (tx) => {
    const row = await tx.computations.get(computationId);
    if (!row) return null;
    const targetMs = targetOf(row.options);
    const lease = leaseMs(targetMs);
    const chunk = await tx.computations.claim(computationId, owner, lease);
    return chunk && { tenantId, chunk, targetMs, leaseMs: lease };
  });
}
