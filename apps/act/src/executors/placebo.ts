import { sha256Hex, type SearchRequest } from '@hartonomous/contracts';
import { capturedRequests } from '../evidence/captured-requests.js';
import { answering, replayPairs, rolledBack } from '../evidence/replay-pairs.js';
import type { Executor } from './executor.js';

const capturedMin = 5;
const nothing = sha256Hex('nothing');

/** Changes nothing and is measured like an index: how often the machinery keeps nothing is published. */
export const placebo: Executor = {
  prepare: async () => ({
    inverse: { kind: 'nothing' },
    snapshotHash: nothing,
    touched: { objects: ['nothing'], objectsOfKind: 1, storageBytes: 0, applySeconds: 0, heavy: false },
  }),
  remeasurable: () => true,
  apply: async () => ({}),

  async collect(deps, tenantId, action, _blockNo, known) {
    const captured = action.progress['captured'] as SearchRequest[] | undefined;
    if (captured) {
      const inArm = rolledBack(deps, tenantId, (arm) => ({ watched: [], hidden: arm === 'control' }));
      return replayPairs(deps, tenantId, action, { requests: captured, inArm, ...answering(deps) }, known);
    }
    return capturedRequests(deps, tenantId, action.id, capturedMin);
  },

  keep: async () => undefined,
  revert: async () => undefined,
  stateHash: async () => nothing,
};
