import { HartoError } from '@hartonomous/contracts';
import type { Arm, KeyPair } from '@hartonomous/loop';
import type { ActionRow, EvidencePairRow } from '@hartonomous/store';
import { aaRowsOf, armsOf, blockRow } from '../evidence/key-pairs.js';
import { computed, heldHash, lifetimeHours, pairsOf, planOf } from './cache-plan.js';
import { heldBefore, refill, shrink } from './cache-shrinking.js';
import type { EvidenceStep, Executor, ExecutorDeps, Prepared } from './executor.js';

const aaPairsNeeded = 10;
const blockSize = 20;
/** An answer of ten hits with snippets, as JSON: estimate before it is computed. */
const answerBytes = 8_192;
const historyHours = 1;
/** Unscaled length of a block; a block still needs its requests, however fast the clock runs. */
const blockMs = 60_000;
const blockMsMin = 500;

/** Whose answers the plan is about: those of the action itself, and of the one that it takes from. */
const owners = (action: Pick<ActionRow, 'id' | 'parameters'>): string[] => {
  const plan = planOf(action);
  return plan.operation === 'shrink' ? [plan.of, action.id] : [action.id];
};

/** The action has no identifier yet: nothing can be its own. */
const nobody = '00000000-0000-4000-8000-000000000000';

/**
 * Loads the answers of the most used keys, or gives up some of those that an earlier action keeps. Measured on live
 * requests by pairs of keys of equal traffic: one of each pair has what would be kept, the other one has not.
 */
export const cacheWarming: Executor = {
  async prepare(deps, tenantId, { candidate }) {
    const plan = planOf(candidate);
    const touched: Prepared['touched'] = {
      objects: [`answers of model ${plan.modelId}`],
      objectsOfKind: 1,
      storageBytes: plan.operation === 'load' ? plan.keys.length * answerBytes : 0,
      applySeconds: candidate.costSeconds,
      heavy: false,
    };
    const snapshotHash = await heldHash(deps, tenantId, owners({ ...candidate, id: nobody }));
    if (plan.operation === 'load') return { inverse: { kind: 'unload-answers' }, snapshotHash, touched };
    const held = await deps.store.withTenant(tenantId, (tx) => heldBefore(tx, plan));
    const known = new Set(held.map((h) => h.inputHash));
    if (!plan.keys.every((k) => known.has(k.inputHash))) {
      throw new HartoError('INPUT_INVALID', `action ${plan.of} does not keep all of these keys`);
    }
    return { inverse: { kind: 'refill-answers', of: plan.of, held }, snapshotHash, touched };
  },

  apply(deps, tenantId, action) {
    const plan = planOf(action);
    return deps.store.withTenant(tenantId, async (tx): Promise<Record<string, unknown>> => {
      if (plan.operation === 'shrink') return { ...(await shrink(deps, tx, action, plan)) };
      const entries = await computed(deps, tx, plan.keys);
      // Sixty answers take a while.
      await deps.assertRunning();
      const expiresAt = new Date(deps.now().getTime() + lifetimeHours * 3_600_000);
      const corpusVersion = await tx.ingestion.corpusVersion();
      const loaded = await tx.cache.load(plan.modelId, corpusVersion, action.id, entries, expiresAt);
      const sizeBytes = entries.reduce((sum, { output }) => sum + Buffer.byteLength(output), 0);
      return { loaded, sizeBytes, storedUntil: expiresAt.toISOString() };
    });
  },

  async collect(deps, tenantId, action, blockNo, known) {
    const pairs = pairsOf(action);
    if (planOf(action).operation === 'shrink' && !action.progress['measurement']) {
      const patch = { measurement: { metric: 'latency', goal: 'non-inferiority' } };
      return { kind: 'waiting', reason: 'not slower by more than the margin', patch, nextInMs: 0 };
    }
    const aa = known.filter((r) => r.kind === 'AA').length;
    if (aa < aaPairsNeeded && action.progress['historyRead'] !== true) {
      return historyPairs(deps, tenantId, action, pairs, blockNo);
    }
    return liveBlock(deps, tenantId, action, pairs, blockNo, known);
  },

  /** Kept answers serve everybody and expire within a day. */
  remeasurable: () => false,

  async keep(tx, action) {
    if (planOf(action).operation === 'shrink') await tx.cache.unload(action.id);
    else await tx.cache.keep(action.id);
  },

  async revert(deps, tenantId, action) {
    const plan = planOf(action);
    await deps.store.withTenant(tenantId, async (tx) => {
      if (plan.operation === 'shrink') await refill(deps, tx, action, plan);
      else await tx.cache.unload(action.id);
    });
  },

  stateHash: (deps, tenantId, action) => heldHash(deps, tenantId, owners(action)),
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

/**
 * An A/A block treats nobody: both arms are control, and the draw only names them. Treated has an answer kept where
 * answers are loaded, and has none where they are given up.
 */
async function startBlock(
  deps: ExecutorDeps,
  tenantId: string,
  action: ActionRow,
  pairs: KeyPair[],
  blockNo: number,
  measuring: boolean,
): Promise<void> {
  const loads = planOf(action).operation === 'load';
  const arms = armsOf(action.id, 'AB', blockNo, pairs);
  const serves = (arm: Arm): boolean => (measuring ? (arm === 'treated') === loads : !loads);
  const enabled = [...arms].filter(([, arm]) => serves(arm)).map(([key]) => key);
  await deps.store.withTenant(tenantId, (tx) => tx.cache.drawArms(action.id, blockNo, enabled));
}

const blockLength = (deps: ExecutorDeps): number => Math.max(blockMsMin, blockMs / deps.scale);
