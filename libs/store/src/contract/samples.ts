import { createHash } from 'node:crypto';
import { newId, type Candidate, type ObservationDocument } from '@hartonomous/contracts';
import type { IngestAtom, IngestFile } from '../port/atoms.js';
import type { ActionRow, BeliefRow } from '../port/loop.js';
import type { RequestRecord } from '../port/serving.js';
import type { TenantTransaction } from '../port/store.js';

export const embeddingModel = 'contract-4';

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export function atomOf(text: string, patch: Partial<IngestAtom> = {}): IngestAtom {
  const terms = new Map<string, number>();
  for (const term of text.toLowerCase().match(/[a-z]+/g) ?? []) terms.set(term, (terms.get(term) ?? 0) + 1);
  return {
    contentHash: sha256(text),
    modality: 'text',
    text,
    symbol: null,
    heading: null,
    language: 'markdown',
    kind: 'text',
    lineStart: 1,
    lineEnd: 2,
    terms,
    vector: Float32Array.from([text.length, 1, -0.5, 0.25]),
    ...patch,
  };
}

export function fileOf(path: string, atoms: IngestAtom[]): IngestFile {
  const text = atoms.map((atom) => atom.text).join('\n');
  return {
    path,
    contentHash: sha256(text),
    sizeBytes: Buffer.byteLength(text),
    language: atoms[0]?.language ?? 'markdown',
    atoms: atoms.map((atom, i) => ({ ...atom, lineStart: i * 10 + 1, lineEnd: i * 10 + 9 })),
  };
}

export function requestOf(modelId: string, patch: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: newId(),
    modelId,
    operation: 'search',
    inputHash: sha256(patch.input?.query ?? 'query').toString('hex'),
    input: { query: 'query', limit: 10 },
    startedAt: new Date('2026-11-01T10:00:00.123Z'),
    durationMs: 12.5,
    status: 'ok',
    cacheHit: false,
    actionId: null,
    blockNo: null,
    arm: null,
    sessionId: null,
    traceId: null,
    spanId: null,
    resultCount: 1,
    steps: [{ atomId: newId(), score: 0.5, rank: 0 }],
    point: [1, 2, 3],
    ...patch,
  };
}

export const observationDocument: ObservationDocument = {
  scope: 'full',
  windowFrom: '2026-11-01T00:00:00.000Z',
  windowTo: '2026-11-01T01:00:00.000Z',
  strata: [],
  findings: [],
  unavailable: ['plan-regression'],
};

export function candidateOf(target: string): Candidate {
  return {
    type: 'IndexOptimization',
    target,
    targetClass: 'atom_term',
    design: 'replay',
    actionClass: 'B',
    blastRadius: 'one index',
    undoTime: '1 s',
    parameters: { columns: ['term'] },
    reason: 'scans',
    evidence: { findingKinds: ['missing-index'], rowIds: [] },
    expected: { metric: 'latency', direction: 'lower', size: 0.2, low: 0.1, high: 0.4 },
    exposure: { requestsPerHour: 100, meanSeconds: 0.05 },
    costSeconds: 3,
    risk: 'slower writes',
    inverse: { drop: target },
  };
}

type NewAction = Parameters<TenantTransaction['actions']['create']>[0];

export function actionOf(cycleId: string, hypothesisId: string, patch: Partial<ActionRow> = {}): NewAction {
  const candidate = candidateOf('atom_term(tenant_id, term)');
  return {
    id: newId(),
    cycleId,
    hypothesisId,
    type: candidate.type,
    target: candidate.target,
    targetClass: candidate.targetClass,
    design: candidate.design,
    actionClass: candidate.actionClass,
    state: 'Proposed',
    planHash: sha256('plan').toString('hex'),
    parameters: candidate.parameters,
    inverse: null,
    snapshotHash: null,
    progress: {},
    fingerprint: 'f1',
    reason: candidate.reason,
    expected: candidate.expected,
    exposure: candidate.exposure,
    traceId: null,
    expiresAt: null,
    ...patch,
  };
}

/** A cycle with one chosen hypothesis. */
export async function openCycle(tx: TenantTransaction): Promise<{ cycleId: string; hypothesisId: string }> {
  const { cycle } = await tx.cycles.request({
    id: newId(),
    scope: 'full',
    requestedBy: 'contract',
    dueAt: new Date(),
  });
  const hypothesisId = newId();
  await tx.cycles.addHypotheses([
    {
      id: hypothesisId,
      cycleId: cycle.id,
      candidate: candidateOf('atom_term(tenant_id, term)'),
      planHash: sha256(hypothesisId).toString('hex'),
      value: 1.5,
      selectionProbability: 0.25,
      chosen: true,
    },
  ]);
  return { cycleId: cycle.id, hypothesisId };
}

export const beliefOf = (key: string, patch: Partial<BeliefRow> = {}): BeliefRow => ({
  key,
  kind: 'arm',
  successes: 0.5,
  failures: 1.25,
  gainCount: 1,
  gainMean: -0.125,
  gainM2: 0,
  trials: 0,
  harms: 0,
  firstSeenCycle: 1,
  lastTriedCycle: null,
  asOfCycle: 1,
  version: 0,
  ...patch,
});
