import { builtActionTypes, type Candidate } from '@hartonomous/contracts';
import type { ProposerContext } from './proposer.js';

/** Nothing, sent through the whole machinery: how often it is kept is the false-keep rate that is published. */
export function placeboCandidate(context: ProposerContext): Candidate {
  const info = builtActionTypes.Placebo!;
  return {
    type: 'Placebo',
    target: 'nothing',
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {},
    reason: 'drawn: one cycle in 20 tries nothing, to count how often nothing is kept',
    evidence: { findingKinds: [], rowIds: [] },
    expected: { metric: 'latency', direction: 'lower', size: 0, low: 0, high: 0 },
    exposure: { requestsPerHour: context.requestsPerHour, meanSeconds: context.meanSeconds },
    costSeconds: 1,
    risk: 'none',
    inverse: { kind: 'nothing' },
  };
}
