import { canonicalJson, HartoError, searchRequestSchema, sha256Hex } from '@hartonomous/contracts';
import { pairKeys, type KeyPair } from '@hartonomous/loop';
import type { ActionRow, CacheEntry, TenantTransaction } from '@hartonomous/store';
import { z } from 'zod';
import type { ExecutorDeps } from './executor.js';

const keySchema = z.object({
  inputHash: z.string(),
  input: searchRequestSchema,
  count: z.number().positive(),
});
const keys = z.array(keySchema).min(2).max(200);
const parametersSchema = z.union([
  z.object({ operation: z.literal('load').default('load'), modelId: z.uuid(), keys }),
  /** `keys` are given up, of the answers that an earlier action loaded and kept. */
  z.object({ operation: z.literal('shrink'), modelId: z.uuid(), keys, of: z.uuid() }),
]);
export type CachePlan = z.infer<typeof parametersSchema>;
export type CacheKey = z.infer<typeof keySchema>;

export const lifetimeHours = 24;

export const planOf = (action: Pick<ActionRow, 'parameters'>): CachePlan => {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'cache plan names no valid keys');
  return parsed.data;
};

/** Pairs of keys of equal traffic, the same at every step of the action. */
export const pairsOf = (action: Pick<ActionRow, 'parameters'>): KeyPair[] =>
  pairKeys(planOf(action).keys.map((k) => ({ key: k.inputHash, traffic: k.count })));

/** Answers as they are now, each with the time that it took. */
export async function computed(
  deps: ExecutorDeps,
  tx: TenantTransaction,
  wanted: readonly Pick<CacheKey, 'inputHash' | 'input'>[],
): Promise<CacheEntry[]> {
  const entries: CacheEntry[] = [];
  for (const { inputHash, input } of wanted) {
    const from = process.hrtime.bigint();
    const { output } = await deps.answer(tx, input);
    entries.push({ inputHash, output, computeMs: Number(process.hrtime.bigint() - from) / 1e6 });
  }
  return entries;
}

/** Which keys have an answer of these actions. */
export async function heldHash(
  deps: ExecutorDeps,
  tenantId: string,
  actionIds: readonly string[],
): Promise<string> {
  const held = await deps.store.withTenant(tenantId, async (tx) => {
    const hashes: string[][] = [];
    for (const id of actionIds) hashes.push((await tx.cache.entries(id)).map((e) => e.inputHash).sort());
    return hashes;
  });
  return sha256Hex(canonicalJson(held));
}
