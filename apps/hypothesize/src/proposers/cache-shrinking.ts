import { builtActionTypes, sha256Hex, type Candidate, type SearchRequest } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface IdleAnswers {
  /** The kept action whose answers these are. */
  actionId: string;
  modelId: string;
  hours: number;
  answers: number;
  givenBytes: number;
  keys: { inputHash: string; input: SearchRequest; hits: number; computeMs: number; sizeBytes: number }[];
}

/** Keys that somebody asks for: fewer make no pairs, and nothing could be measured. */
const askedMin = 8;
/** Traffic of a key that nobody asked for, so that it is given up along with the others; it takes part in no block. */
const silent = 0.1;

/** Kept answers that hardly anybody asks for are given up, if no request is proven slower without them. */
export const proposeCacheShrinking: Proposer = (finding, context) => {
  const info = builtActionTypes.CacheWarming!;
  const facts = finding.facts as unknown as IdleAnswers;
  const { actionId, modelId, hours, keys } = facts;
  const target = `answers kept by action ${actionId}`;
  const asked = keys.filter((k) => k.hits > 0);
  if (asked.length < askedMin) {
    const reason =
      `${asked.length} of ${keys.length} answers were asked for since they are kept; ${askedMin} are needed to make ` +
      'pairs, and answers that nobody asks for end by themselves within a day';
    return {
      candidates: [],
      rejected: [{ type: 'CacheWarming', target, reason, reasonCode: 'too-few-keys' }],
    };
  }
  const hits = asked.reduce((sum, k) => sum + k.hits, 0);
  const computeMs = asked.reduce((sum, k) => sum + k.hits * k.computeMs, 0) / hits;
  const candidate: Candidate = {
    type: 'CacheWarming',
    target,
    targetClass: 'idle-answers',
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: `${keys.length} of ${facts.answers} kept answers, ${facts.givenBytes} bytes`,
    undoTime: 'at once (the answers are computed anew and put back)',
    parameters: {
      operation: 'shrink',
      modelId,
      of: actionId,
      keys: keys.map(({ inputHash, input, hits: count }) => ({
        inputHash,
        input,
        count: Math.max(silent, count),
      })),
      fingerprint: sha256Hex(
        [actionId, context.windowTo.slice(0, 10), ...keys.map((k) => k.inputHash).sort()].join(':'),
      ),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['idle-answers'], rowIds: finding.rowIds },
    // Memory is won, not time: kept when the requests are not slower by more than the margin.
    expected: { metric: 'latency', direction: 'lower', size: 0, low: -0.05, high: 0.05 },
    exposure: { requestsPerHour: hits / Math.max(hours, 1e-3), meanSeconds: computeMs / 1_000 },
    costSeconds: (2 * facts.answers * computeMs) / 1_000,
    risk: 'an answer that is asked for again is computed again',
    inverse: { kind: 'refill-answers', of: actionId },
  };
  return { candidates: [candidate], rejected: [] };
};
