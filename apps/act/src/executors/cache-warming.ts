import { canonicalJson, HartoError, searchRequestSchema, sha256Hex } from '@hartonomous/contracts';
import { pairKeys, type KeyPair } from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';
import { z } from 'zod';
import { aaRowsOf, armsOf, blockRow, treatedKeys } from '../evidence/key-pairs.js';
import type { EvidenceStep, Executor, ExecutorDeps } from './executor.js';

const parametersSchema = z.object({
  modelId: z.uuid(),
  keys: z
    .array(z.object({ inputHash: z.string(), input: searchRequestSchema, count: z.number().positive() }))
    .min(2)
    .max(200),
});

const aaPairsNeeded = 10;
const blockSize = 20;
/** An answer of ten hits with snippets, as JSON: estimate before it is computed. */
const answerBytes = 8_192;
const lifetimeHours = 24;
const historyHours = 1;
/** Unscaled length of a block; a block still needs its requests, however fast the clock runs. */
const blockMs = 60_000;
const blockMsMin = 500;

const parametersOf = (action: Pick<ActionRow, 'parameters'>): z.infer<typeof parametersSchema> => {
  const parsed = parametersSchema.safeParse(action.parameters);
  if (!parsed.success) throw new HartoError('INPUT_INVALID', 'cache plan names no valid keys');
  return parsed.data;
};

/** Pairs of keys of equal traffic, the same at every step of the action. */
const pairsOf = (action: Pick<ActionRow, 'parameters'>): KeyPair[] =>
  pairKeys(parametersOf(action).keys.map((k) => ({ key: k.inputHash, traffic: k.count })));

async function entriesHash(deps: ExecutorDeps, tenantId: string, actionId: string): Promise<string> {
  const entries = await deps.store.withTenant(tenantId, (tx) => tx.cache.entries(actionId));
  return sha256Hex(canonicalJson(entries.map((e) => e.inputHash).sort()));
}

/** Loads the answers of the most used keys; measured on live requests by pairs of keys of equal traffic. */
export const cacheWarming: Executor = {
  async prepare(_deps, _tenantId, { candidate }) {
    const { modelId, keys } = parametersOf(candidate);
    return {
      inverse: { kind: 'unload-answers' },
      snapshotHash: sha256Hex(canonicalJson([])),
      touched: {
        objects: [`answers of model ${modelId}`],
        objectsOfKind: 1,
        storageBytes: keys.length * answerBytes,
        applySeconds: candidate.costSeconds,
        heavy: false,
      },
    };
  },

  async apply(deps, tenantId, action) {
    const { modelId, keys } = parametersOf(action);
    const expiresAt = new Date(deps.now().getTime() + lifetimeHours * 3_600_000);
    const loaded = await deps.store.withTenant(tenantId, async (tx) => {
      const corpusVersion = await tx.ingestion.corpusVersion();
      const entries = [];
      for (const key of keys) {
        const from = process.hrtime.bigint();
        const answer = await deps.answer(tx, key.input);
        const computeMs = Number(process.hrtime.bigint() - from) / 1e6;
        entries.push({ inputHash: key.inputHash, output: answer.output, computeMs });
      }
      // Sixty answers take a while.
      await deps.assertRunning();
      return tx.cache.load(modelId, corpusVersion, action.id, entries, expiresAt);
    });
    return { loaded };
  },

  async collect(deps, tenantId, action, blockNo, known) {
    const pairs = pairsOf(action);
    const aa = known.filter((r) => r.kind === 'AA').length;
    if (aa < aaPairsNeeded && action.progress['historyRead'] !== true) {
      return historyPairs(deps, tenantId, action, pairs, blockNo);
    }
    return liveBlock(deps, tenantId, action, pairs, blockNo, known);
  },

  /** Kept answers serve everybody and expire within a day. */
  remeasurable: () => false,

  async keep(tx, action) {
    await tx.cache.keep(action.id);
  },

  async revert(deps, tenantId, action) {
    await deps.store.withTenant(tenantId, (tx) => tx.cache.unload(action.id));
  },

  stateHash: (deps, tenantId, action) => entriesHash(deps, tenantId, action.id),
};

/** A/A pairs from requests that nothing had touched yet: those before the action was applied. */
async function historyPairs(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  pairs: KeyPair[],
  blockNo: number,
): Promise<EvidenceStep> {
  const to = action.appliedAt ?? deps.now();
  const from = new Date(to.getTime() - historyHours * 3_600_000);
  const keys = pairs.flatMap((p) => [p.first, p.second]);
  const history = await deps.store.withTenant(tenantId, (tx) => tx.workload.keyDurations(from, to, keys));
  // The newest blocks: their conditions are nearest to those of the experiment.
  const needed = history.slice(-aaPairsNeeded * blockSize * 4);
  const rows = aaRowsOf(action, pairs, needed, { blockSize, pairsMax: aaPairsNeeded }, deps.now());
  await startBlock(deps, tenantId, action, pairs, blockNo, rows.length >= aaPairsNeeded);
  return {
    kind: 'pairs',
    rows,
    patch: { historyRead: true, openBlock: blockNo },
    nextInMs: blockLength(deps),
  };
}

/** Closes the open block if both arms have their requests, and draws the next one. */
async function liveBlock(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  pairs: KeyPair[],
  blockNo: number,
  known: EvidencePairRow[],
): Promise<EvidenceStep> {
  const openBlock = Number(action.progress['openBlock'] ?? blockNo);
  const aa = known.filter((r) => r.kind === 'AA').length;
  const kind = aa < aaPairsNeeded ? 'AA' : 'AB';
  const requests = await deps.store.withTenant(tenantId, (tx) =>
    tx.workload.armDurations(action.id, openBlock),
  );
  const arms = armsOf(action.id, kind, kind === 'AA' ? aa : openBlock, pairs);
  const pairNo = kind === 'AA' ? aa : known.length - aa;
  const row = blockRow(
    { actionId: action.id, kind, pairNo, measuredAt: deps.now() },
    arms,
    requests,
    blockSize,
  );
  const waited = deps.now().getTime() - Number(action.progress['openedAt'] ?? deps.now().getTime());
  if (!row) {
    const reason = `block ${openBlock} has ${requests.length} requests of ${2 * blockSize}`;
    // Ten block lengths without enough requests count as one block without data.
    const silent = waited > 10 * Math.max(blockLength(deps), 1_000);
    const patch = {
      openBlock,
      openedAt: silent ? deps.now().getTime() : (action.progress['openedAt'] ?? deps.now().getTime()),
    };
    return { kind: silent ? 'no-data' : 'waiting', reason, patch, nextInMs: blockLength(deps) };
  }
  await startBlock(deps, tenantId, action, pairs, blockNo, kind === 'AB' || aa + 1 >= aaPairsNeeded);
  const patch = { openBlock: blockNo, openedAt: deps.now().getTime() };
  return { kind: 'pairs', rows: [row], patch, nextInMs: blockLength(deps) };
}

/** An A/A block treats nobody: both arms are control, and the draw only names them. */
async function startBlock(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  pairs: KeyPair[],
  blockNo: number,
  measuring: boolean,
): Promise<void> {
  const treated = measuring ? treatedKeys(armsOf(action.id, 'AB', blockNo, pairs)) : [];
  await deps.store.withTenant(tenantId, (tx) => tx.cache.drawArms(action.id, blockNo, treated));
}

const blockLength = (deps: ExecutorDeps): number => Math.max(blockMsMin, blockMs / deps.scale);
