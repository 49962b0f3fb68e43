import { sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import { replayPairs } from '../evidence/replay-pairs.js';
import type { Executor } from './executor.js';

const capturedMax = 60;
const capturedMin = 5;
const nothing = sha256Hex('nothing');

/** Changes nothing and is measured like an index: how often the machinery keeps nothing is published. */
export const placebo: Executor = {
  prepare: async () => ({
    inverse: { kind: 'nothing' },
    snapshotHash: nothing,
    touched: { objects: ['nothing'], objectsOfKind: 1, storageBytes: 0, applySeconds: 0, heavy: false },
  }),
  apply: async () => ({}),

  async collect(deps, tenantId, action, _blockNo, known) {
    const captured = action.progress['captured'] as SearchRequest[] | undefined;
    if (captured) {
      const plan = {
        requests: captured,
        watched: [],
        hiddenArm: 'control' as const,
        aaPairs: 10,
        blockSize: 20,
        stepMs: 3_000,
      };
      return replayPairs(deps, tenantId, action, plan, known);
    }
    const to = deps.now();
    const from = new Date(to.getTime() - 24 * 3_600_000);
    const seed = Number.parseInt(sha256Hex(action.id).slice(0, 8), 16);
    const sample = await deps.store.withTenant(tenantId, (tx) =>
      tx.workload.sample(from, to, capturedMax, seed),
    );
    if (sample.length < capturedMin)
      return { kind: 'no-data', reason: 'too few captured requests', nextInMs: 0 };
    const patch = { captured: sample.map((s) => s.input) };
    return { kind: 'waiting', reason: 'requests captured', patch, nextInMs: 0 };
  },

  keep: async () => undefined,
  revert: async () => undefined,
  stateHash: async () => nothing,
};
