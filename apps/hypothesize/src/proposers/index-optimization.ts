import { builtActionTypes, sha256Hex, type Candidate } from '@hartonomous/contracts';
import type { MissingIndex } from '@hartonomous/store';
import type { Proposer } from './proposer.js';

/** Rows written per second of an online build, and the uncertainty of the estimate around its middle. */
const buildRowsPerSecond = 200_000;
const spread = 0.5;

/** A missing index becomes: build it online, keep it if replayed requests are proven faster. */
export const proposeIndex: Proposer = (finding, context) => {
  const info = builtActionTypes.IndexOptimization!;
  const index = finding.facts as unknown as MissingIndex;
  const { definition } = index;
  const saved = Math.min(0.95, index.impact * (1 - index.selectivity));
  const size = Math.log(1 - saved);
  const candidate: Candidate = {
    type: 'IndexOptimization',
    target: `${definition.table}(${definition.columns.join(', ')})`,
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {
      definition,
      tableRows: Math.round(index.tableRows),
      fingerprint: sha256Hex(`${context.schemaFingerprint}:${definition.table}`),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['missing-index'], rowIds: finding.rowIds },
    expected: {
      metric: 'latency',
      direction: 'lower',
      size,
      low: size * (1 + spread),
      high: size * (1 - spread),
    },
    exposure: { requestsPerHour: context.requestsPerHour, meanSeconds: index.meanMs / 1_000 },
    costSeconds: index.tableRows / buildRowsPerSecond,
    risk: 'writes to the table get slower, disk space',
    inverse: { kind: 'drop-index', name: definition.name },
  };
  return { candidates: [candidate], rejected: [] };
};
