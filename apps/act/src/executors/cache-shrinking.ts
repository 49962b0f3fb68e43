import { HartoError } from '@hartonomous/contracts';
import type { ActionRow, TenantTransaction } from '@hartonomous/store';
import { computed, lifetimeHours, planOf, type CacheKey, type CachePlan } from './cache-plan.js';
import type { ExecutorDeps } from './executor.js';

type Shrink = Extract<CachePlan, { operation: 'shrink' }>;

/** An answer that the earlier action keeps, and how often it has served. */
interface Held {
  inputHash: string;
  hits: number;
}

/** What the earlier action keeps now: what a revert puts back. */
export async function heldBefore(tx: TenantTransaction, { of }: Pick<Shrink, 'of'>): Promise<Held[]> {
  const entries = await tx.cache.entries(of);
  return entries.map(({ inputHash, hits }) => ({ inputHash, hits }));
}

/**
 * Takes the keys of the plan from the earlier action, so that their answers can be given out or withheld by the block;
 * its others stay. All are computed anew at the present corpus version, and live another day.
 */
export async function shrink(
  deps: ExecutorDeps,
  tx: TenantTransaction,
  action: ActionRow,
  plan: Shrink,
): Promise<{ kept: number; withheld: number }> {
  const given = new Set(plan.keys.map((k) => k.inputHash));
  const held = heldIn(action);
  if ((await tx.cache.entries(action.id)).length > 0)
    return { kept: held.length - given.size, withheld: given.size };
  const kept = held.filter((h) => !given.has(h.inputHash));
  await put(deps, tx, plan, plan.of, kept, await inputsOf(tx, plan));
  await tx.cache.keep(plan.of);
  await put(
    deps,
    tx,
    plan,
    action.id,
    held.filter((h) => given.has(h.inputHash)),
    await inputsOf(tx, plan),
  );
  return { kept: kept.length, withheld: given.size };
}

/** Gives the earlier action back what it had. */
export async function refill(
  deps: ExecutorDeps,
  tx: TenantTransaction,
  action: ActionRow,
  plan: Shrink,
): Promise<void> {
  await tx.cache.unload(action.id);
  await put(deps, tx, plan, plan.of, heldIn(action), await inputsOf(tx, plan));
  await tx.cache.keep(plan.of);
}

async function put(
  deps: ExecutorDeps,
  tx: TenantTransaction,
  { modelId }: Shrink,
  owner: string,
  held: readonly Held[],
  inputs: ReadonlyMap<string, CacheKey['input']>,
): Promise<void> {
  const wanted = held.flatMap(({ inputHash }) => {
    const input = inputs.get(inputHash);
    return input ? [{ inputHash, input }] : [];
  });
  const entries = await computed(deps, tx, wanted);
  await deps.assertRunning();
  await tx.cache.unload(owner);
  const expiresAt = new Date(deps.now().getTime() + lifetimeHours * 3_600_000);
  await tx.cache.load(modelId, await tx.ingestion.corpusVersion(), owner, entries, expiresAt);
  await tx.cache.countHits(
    modelId,
    held.filter((h) => h.hits > 0).map((h) => ({ inputHash: h.inputHash, count: h.hits })),
  );
}

/** The requests behind the keys that the earlier action loaded. */
async function inputsOf(
  tx: TenantTransaction,
  { of, keys }: Shrink,
): Promise<Map<string, CacheKey['input']>> {
  const earlier = await tx.actions.get(of);
  if (!earlier) throw new HartoError('NOT_FOUND', `no action ${of} whose answers could be given up`);
  return new Map([...planOf(earlier).keys, ...keys].map((k) => [k.inputHash, k.input]));
}

const heldIn = (action: ActionRow): Held[] => (action.inverse?.['held'] as Held[] | undefined) ?? [];
