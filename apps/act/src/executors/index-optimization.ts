import { canonicalJson, HartoError, sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import type { IndexDefinition } from '@hartonomous/store';
import { z } from 'zod';
import { replayPairs, requestsThatUse } from '../evidence/replay-pairs.js';
import type { Executor, ExecutorDeps } from './executor.js';

const parametersSchema = z.object({
  definition: z.object({
    name: z.string().startsWith('earned_'),
    table: z.string(),
    columns: z.array(z.string()).min(1).max(6),
    include: z.array(z.string()).optional(),
    method: z.enum(['btree', 'gist', 'hash', 'spatial']).optional(),
    operatorClasses: z.array(z.string().nullable()).optional(),
  }),
});

const capturedMax = 60;
const usingMin = 5;
/** An online build waits for transactions older than itself; live ones are short, a replay step takes seconds. */
const lockTimeoutMs = 30_000;
const lookBackHours = 24;

const definitionOf = (parameters: unknown): IndexDefinition => {
  const parsed = parametersSchema.safeParse(parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'index plan has no valid definition');
  return parsed.data.definition;
};

/** Indexes of the touched table, sizes and counters apart. */
async function tableHash(deps: ExecutorDeps, table: string): Promise<string> {
  const indexes = (await deps.store.maintenance.indexes()).filter((i) => i.table === table);
  return sha256Hex(canonicalJson(indexes.map((i) => ({ name: i.name, columns: i.columns, valid: i.valid }))));
}

/** Creates an index online; measured by replaying captured requests with the index hidden and visible. */
export const indexOptimization: Executor = {
  async prepare(deps, _tenantId, hypothesis) {
    const definition = definitionOf(hypothesis.candidate.parameters);
    return {
      inverse: { kind: 'drop-index', name: definition.name },
      snapshotHash: await tableHash(deps, definition.table),
    };
  },

  async apply(deps, _tenantId, action) {
    const built = await deps.store.maintenance.createIndex(definitionOf(action.parameters), {
      lockTimeoutMs,
    });
    return { buildMs: built.buildMs, sizeBytes: built.sizeBytes };
  },

  async collect(deps, tenantId, action, _blockNo, known) {
    const { name } = definitionOf(action.parameters);
    const captured = action.progress['captured'] as SearchRequest[] | undefined;
    if (!captured) return capture(deps, tenantId, action.id, name);
    return replayPairs(
      deps,
      tenantId,
      action,
      { requests: captured, watched: [name], aaPairs: 10, blockSize: 20, stepMs: 3_000 },
      known,
    );
  },

  keep: async () => undefined,

  async revert(deps, _tenantId, action) {
    await deps.store.maintenance.dropIndex(definitionOf(action.parameters).name, { lockTimeoutMs });
  },

  stateHash: (deps, _tenantId, action) => tableHash(deps, definitionOf(action.parameters).table),
};

/** Captured requests that the index serves, found by the engine's own scan counters. */
async function capture(deps: ExecutorDeps, tenantId: string, actionId: string, indexName: string) {
  const to = deps.now();
  const from = new Date(to.getTime() - lookBackHours * 3_600_000);
  const seed = Number.parseInt(sha256Hex(actionId).slice(0, 8), 16);
  const sample = await deps.store.withTenant(tenantId, (tx) =>
    tx.workload.sample(from, to, capturedMax, seed),
  );
  const requests = sample.map((s) => s.input);
  const using = await requestsThatUse(deps, tenantId, [indexName], requests);
  if (!Array.isArray(using)) return { kind: 'unavailable' as const, reason: using.unavailable };
  if (using.length < usingMin) {
    const reason = `${using.length} of ${requests.length} captured requests use the index`;
    return { kind: 'no-data' as const, reason, nextInMs: 0 };
  }
  const patch = { captured: using, usingShare: using.length / requests.length };
  return { kind: 'waiting' as const, reason: 'requests captured', patch, nextInMs: 0 };
}
