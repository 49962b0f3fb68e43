import { builtActionTypes, sha256Hex, type Candidate, type RejectedCandidate } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface SlowPlaces {
  strategy: 'tree' | 'hilbert';
  meanMs: number;
  tableRows: number;
  servedBy: string | null;
  indexable: boolean;
}

const targetOf = (strategy: string): string => `places of the map by ${strategy}`;

/** The other way to do the same, for which no key is stored. */
const lacking = { tree: 'grid', hilbert: 'morton' } as const;

/** Rows that a build reads in a second; nearest neighbours by a tree visit few rows, ranges of the curve a few pages. */
const buildRowsPerSecond = 200_000;
const remaining = { tree: 0.1, hilbert: 0.3 } as const;

/** Slow requests on places of the map become: the index that serves this kind of request, kept if it is proven faster. */
export const proposeSpatial: Proposer = (finding, context) => {
  const info = builtActionTypes.IndexOptimization!;
  const { strategy, meanMs, tableRows, servedBy, indexable } = finding.facts as unknown as SlowPlaces;
  const refused = (of: string, reasonCode: string, reason: string): RejectedCandidate => ({
    type: 'IndexOptimization',
    target: targetOf(of),
    reason,
    reasonCode,
  });
  const other = lacking[strategy];
  const rejected = [refused(other, 'unavailable', `spatial strategy ${other}: no such key is stored`)];
  if (servedBy !== null) {
    rejected.push(refused(strategy, 'index-exists', `${servedBy} is there, and they are slow with it`));
    return { candidates: [], rejected };
  }
  if (!indexable) {
    const reason =
      'the distance is plain arithmetic in this store (feature cube is off): no tree orders by it';
    rejected.push(refused(strategy, 'unavailable', reason));
    return { candidates: [], rejected };
  }
  const size = Math.log(remaining[strategy]);
  const candidate: Candidate = {
    type: 'IndexOptimization',
    target: targetOf(strategy),
    targetClass: 'spatial-index',
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {
      operation: 'choose-spatial',
      strategy,
      tableRows,
      fingerprint: sha256Hex(`${context.schemaFingerprint}:tensor_atom:${strategy}`),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['slow-places'], rowIds: finding.rowIds },
    expected: { metric: 'latency', direction: 'lower', size, low: size * 1.5, high: size * 0.25 },
    exposure: { requestsPerHour: context.requestsPerHour, meanSeconds: meanMs / 1_000 },
    costSeconds: tableRows / buildRowsPerSecond,
    risk: 'moving places gets slower, disk space',
    inverse: { kind: 'drop-index', name: `earned_tensor_atom_${strategy}` },
  };
  return { candidates: [candidate], rejected };
};
