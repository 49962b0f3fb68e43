import { newId } from '@hartonomous/contracts';
import type { LinePiece, NewLayer } from '../port/layers.js';
import type { CodeShape } from '../port/code.js';
import type { ModelUpdate, NewSample, NewTrainingJob } from '../port/training.js';
import { embeddingModel } from './samples.js';
import type { SweepCase } from './sweep-ids.js';

const from = new Date('2026-01-01T00:00:00Z');
const to = new Date('2027-01-01T00:00:00Z');

export const layerOf = (modelId: string, patch: Partial<NewLayer> = {}): NewLayer => ({
  id: newId(),
  modelId,
  layerNo: 0,
  name: 'layer',
  shape: [4],
  dtype: 'F32',
  quantisation: null,
  elements: 4,
  ...patch,
});

/** Two vertices: indices 0 and 1. */
export const smallLine = (): LinePiece[] => [Float64Array.of(0, 0.5, 1, 1_000, 1, -0.5, NaN, NaN)];

/** A 2 x 3 layer by rank 1. */
export const smallSvd = {
  rank: 1,
  rows: 2,
  columns: 3,
  u: Float32Array.of(1, 0),
  s: Float32Array.of(2),
  vt: Float32Array.of(0, 1, 0),
  explained: 0.75,
};

const layers: Record<string, SweepCase> = {
  'layers.add': (tx, o) => tx.layers.add(layerOf(o.modelId, { name: 'swept' })),
  'layers.get': (tx, o) => tx.layers.get(o.layerId),
  'layers.of': (tx, o) => tx.layers.of(o.modelId),
  'layers.writeLine': (tx, o) => tx.layers.writeLine({ id: o.layerId, version: 2 }, smallLine()),
  'layers.pieces': (tx, o) => tx.layers.pieces(o.layerId, {}),
  'layers.vertices': (tx, o) => tx.layers.vertices(o.layerId, {}, 0, 99),
  'layers.simplify': (tx, o) => tx.layers.simplify(o.layerId, { id: newId(), name: 'copy' }, () => [0, 1]),
  'layers.saveSvd': (tx, o) => tx.layers.saveSvd(o.layerId, { ...smallSvd, explained: 1 }),
  'layers.svd': (tx, o) => tx.layers.svd(o.layerId, 0),
  'layers.remove': (tx, o) => tx.layers.remove(o.layerId),
};

const sweptVector = Float32Array.of(1, 2, 3, 4);

const embeddings: Record<string, SweepCase> = {
  'embeddings.stage': (tx, o) =>
    tx.embeddings.stage(embeddingModel, [{ atomId: o.atomId, vector: sweptVector }]),
  'embeddings.sizes': (tx) => tx.embeddings.sizes('swept'),
  'embeddings.nearest': (tx, o) =>
    tx.embeddings.nearest(embeddingModel, sweptVector, 9, {
      exactUpTo: 0,
      index: () => Promise.resolve([o.atomId]),
    }),
  'embeddings.promote': (tx) => tx.embeddings.promote(embeddingModel, 0),
};

export const jobOf = (modelId: string): NewTrainingJob => ({
  id: newId(),
  modelId,
  strategy: 'feedback',
  params: { epochs: 2 },
  requestedBy: 'owner',
});

export const sampleOf = (prompt: string): NewSample => ({
  id: newId(),
  prompt,
  output: 'answer',
  source: 'import',
});

export const updateOf = (modelId: string, jobId: string | null): ModelUpdate => ({
  id: newId(),
  modelId,
  jobId,
  atomsChanged: 3,
  learningRate: 0.5,
  epochs: 2,
  rewardMean: 0.75,
  lossBefore: null,
  lossAfter: 0.25,
  document: { moved: 1 },
});

export const gradientOf = (epoch: number) => ({
  epoch,
  layerType: 'attention',
  normMean: 0.5,
  normMax: 1.5,
  clipped: 7,
});

const training: Record<string, SweepCase> = {
  'training.create': (tx, o) => tx.training.create(jobOf(o.modelId)),
  'training.get': (tx, o) => tx.training.get(o.jobId),
  'training.list': (tx) => tx.training.list(99),
  'training.move': (tx, o) =>
    tx.training.move({ id: o.jobId, version: 1, state: 'Pending' }, 'Failed', { reason: 'swept' }),
  'training.addSamples': (tx) => tx.training.addSamples([sampleOf('swept')]),
  'training.pendingSamples': (tx) => tx.training.pendingSamples(99),
  'training.review': (tx, o) =>
    tx.training.review({ id: o.sampleId, version: 1 }, { approved: true, score: 9, reviewer: 'me' }),
  'training.approvedSamples': (tx) => tx.training.approvedSamples(0, from, 99),
  'training.saveCheckpoint': (tx, o) => tx.training.saveCheckpoint(o.jobId, 9, Buffer.from([1])),
  'training.latestCheckpoint': (tx, o) => tx.training.latestCheckpoint(o.jobId),
  'training.pruneCheckpoints': (tx, o) => tx.training.pruneCheckpoints(o.jobId, 1),
  'training.addUpdate': (tx, o) => tx.training.addUpdate(updateOf(o.modelId, o.jobId)),
  'training.updates': (tx, o) => tx.training.updates(o.modelId, 99),
  'training.addGradients': (tx, o) => tx.training.addGradients(o.jobId, [gradientOf(9)]),
  'training.gradients': (tx, o) => tx.training.gradients(o.jobId),
};

export const shapeOf = (atomId: string, patch: Partial<CodeShape> = {}): CodeShape => ({
  atomId,
  path: 'src/a.ts',
  symbol: 'a',
  language: 'typescript',
  astSignature: 'a'.repeat(64),
  minhash: Buffer.from([1, 2, 3]),
  ...patch,
});

const usage: Record<string, SweepCase> = {
  'usage.record': (tx) => tx.usage.record([{ at: from, principal: 'owner', kind: 'requests', amount: 5 }]),
  'usage.totals': (tx) => tx.usage.totals(from, to),
};

const code: Record<string, SweepCase> = {
  'code.put': (tx, o) => tx.code.put([shapeOf(o.atomId, { symbol: 'swept' })]),
  'code.of': (tx, o) => tx.code.of([o.atomId]),
  'code.unshaped': (tx) => tx.code.unshaped(1, 99),
  'code.sizes': (tx) => tx.code.sizes(1),
  'code.minhashes': async (tx) => [
    ...(await tx.code.minhashes(null, 99)),
    ...(await tx.code.minhashes('00000000-0000-4000-8000-000000000000', 99)),
  ],
  'code.clones': (tx) => tx.code.clones(1, 99),
  'code.withSignature': (tx) => tx.code.withSignature('a'.repeat(64), 99),
};

/** Layers, vectors, training, usage and code. */
export const modelCases: Record<string, SweepCase> = {
  ...layers,
  ...embeddings,
  ...training,
  ...usage,
  ...code,
};
