import { builtActionTypes, sha256Hex, type Candidate } from '@hartonomous/contracts';
import type { Proposer } from './proposer.js';

interface PlanRegression {
  statementId: string;
  ordinaryMs: number;
  nowMs: number;
  tables: { table: string; rows: number; rowsModified: number; analyzedAt: string | null }[];
}

/** Statistics are stale when this share of a table's rows changed since they were gathered, or there are none. */
const staleShare = 0.1;
/** ANALYZE samples a fixed number of rows. */
const gatherSeconds = 1;

/** A statement that became slower on a table whose statistics are stale: gather them anew. */
export const proposeStatistics: Proposer = (finding, context) => {
  const info = builtActionTypes.QueryRegression!;
  const facts = finding.facts as unknown as PlanRegression;
  const stale = facts.tables
    .filter((t) => t.analyzedAt === null || t.rowsModified > staleShare * Math.max(1, t.rows))
    .sort((a, b) => b.rowsModified - a.rowsModified)[0];
  if (!stale) {
    const tables = facts.tables.map((t) => t.table).join(', ') || 'no table of ours';
    const reason = `the statistics of ${tables} are fresh: gathering them anew would change nothing`;
    const target = `statement ${facts.statementId}`;
    return {
      candidates: [],
      rejected: [{ type: 'QueryRegression', target, reason, reasonCode: 'statistics-fresh' }],
    };
  }
  const size = Math.log(facts.ordinaryMs / facts.nowMs);
  const candidate: Candidate = {
    type: 'QueryRegression',
    target: `statistics of ${stale.table}`,
    targetClass: info.targetClass,
    design: info.design,
    actionClass: info.actionClass,
    blastRadius: info.blastRadius,
    undoTime: info.undoTime,
    parameters: {
      table: stale.table,
      tableRows: stale.rows,
      fingerprint: sha256Hex(`${context.schemaFingerprint}:${stale.table}:${stale.analyzedAt ?? ''}`),
    },
    reason: `${finding.summary}; ${stale.rowsModified} of ${stale.rows} rows of ${stale.table} changed since its statistics were gathered`,
    evidence: { findingKinds: ['plan-regression'], rowIds: finding.rowIds },
    expected: { metric: 'latency', direction: 'lower', size, low: size * 1.5, high: 0 },
    exposure: { requestsPerHour: context.requestsPerHour, meanSeconds: facts.nowMs / 1_000 },
    costSeconds: gatherSeconds,
    risk: 'plans of other statements on the table change too',
    inverse: { kind: 'restore-statistics' },
  };
  return { candidates: [candidate], rejected: [] };
};
