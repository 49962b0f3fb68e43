import { builtActionTypes, sha256Hex, type Candidate, type SearchRequest } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface FrequentReads {
  modelId: string;
  corpusVersion: number;
  uses: number;
  meanMs: number;
  keys: {
    inputHash: string;
    input: SearchRequest;
    count: number;
    meanMs: number;
    /** Has an answer now, of whatever action. */
    cached: boolean;
  }[];
}

const keysMax = 60;
const keysMin = 8;
/** A look-up instead of a computation: what is left of the latency, as a share, before anything was measured. */
const remaining = 0.5;

/**
 * What a decision about keys rests on: another set of keys is decided anew while what was kept before stays, and so are
 * the same keys another day, when their answers have expired. A target that was undone waits, whatever the keys.
 */
const fingerprintOf = (facts: FrequentReads, open: FrequentReads['keys'], day: string): string =>
  sha256Hex([facts.modelId, facts.corpusVersion, day, ...open.map((k) => k.inputHash).sort()].join(':'));

/** Frequent keys become: load their answers, keep them if the treated keys are proven faster. */
export const proposeCacheWarming: Proposer = (finding, context) => {
  const info = builtActionTypes.CacheWarming!;
  const facts = finding.facts as unknown as FrequentReads;
  const open = facts.keys.filter((k) => !k.cached && !context.heldOut(k.inputHash)).slice(0, keysMax);
  const target = `answers of model ${facts.modelId} at corpus version ${facts.corpusVersion}`;
  if (open.length < keysMin) {
    const reason = `${open.length} frequent keys are neither cached nor held out; ${keysMin} are needed to make pairs`;
    return {
      candidates: [],
      rejected: [{ type: 'CacheWarming', target, reason, reasonCode: 'too-few-keys' }],
    };
  }
  const uses = open.reduce((a, k) => a + k.count, 0);
  const meanMs = open.reduce((a, k) => a + k.meanMs * k.count, 0) / uses;
  const size = Math.log(remaining);
  const candidate: Candidate = {
    type: 'CacheWarming',
    target,
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: `${open.length} request keys`,
    undoTime: info.undoTime,
    parameters: {
      modelId: facts.modelId,
      keys: open.map(({ inputHash, input, count }) => ({ inputHash, input, count })),
      fingerprint: fingerprintOf(facts, open, context.windowTo.slice(0, 10)),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['frequent-reads'], rowIds: open.map((k) => k.inputHash) },
    expected: { metric: 'latency', direction: 'lower', size, low: size * 2, high: size * 0.25 },
    exposure: {
      requestsPerHour: (context.requestsPerHour * uses) / Math.max(uses, facts.uses),
      meanSeconds: meanMs / 1_000,
    },
    costSeconds: (open.length * meanMs) / 1_000,
    risk: 'memory; an answer is as old as its corpus version',
    inverse: { kind: 'unload-answers' },
  };
  return { candidates: [candidate], rejected: [] };
};
