import { builtActionTypes, sha256Hex, type Candidate } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface UnusedIndex {
  name: string;
  table: string;
  columns: string[];
  sizeBytes: number;
  idleHours: number;
}

/** Seconds an hour that keeping an index current is taken to cost, before anything was measured: per byte. */
const writeSecondsPerByte = 1e-10;

/** An index that the loop earned and that nothing uses any more: drop it if no request gets slower without it. */
export const proposeDrop: Proposer = (finding, context) => {
  const info = builtActionTypes.IndexOptimization!;
  const index = finding.facts as unknown as UnusedIndex;
  const { name, table, columns, sizeBytes } = index;
  const candidate: Candidate = {
    type: 'IndexOptimization',
    target: `drop ${name}`,
    targetClass: 'unused-index',
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {
      operation: 'drop',
      definition: { name, table, columns },
      fingerprint: sha256Hex(`${context.schemaFingerprint}:${name}`),
    },
    reason: finding.summary,
    evidence: { findingKinds: ['unused-index'], rowIds: [name] },
    expected: { metric: 'latency', direction: 'lower', size: 0, low: -0.05, high: 0.05 },
    exposure: {
      requestsPerHour: context.requestsPerHour,
      meanSeconds: Math.max(1e-6, sizeBytes * writeSecondsPerByte),
    },
    costSeconds: 1,
    risk: 'a request that needed it gets slower until it is built again',
    inverse: { kind: 'create-index', definition: { name, table, columns } },
  };
  return { candidates: [candidate], rejected: [] };
};
