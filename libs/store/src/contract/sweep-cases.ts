import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import type { SweepCase, SweepIds } from './sweep-ids.js';
import { modelCases } from './sweep-models.js';
import {
  actionOf,
  atomOf,
  beliefOf,
  candidateOf,
  embeddingModel,
  fileOf,
  observationDocument,
  requestOf,
  sha256,
} from './samples.js';

export const from = new Date('2020-01-01T00:00:00Z');
export const to = new Date('2120-01-01T00:00:00Z');
const event = { name: 'e', reason: 'r', by: 'b', traceId: null };

export const submissionOf = (key: string): Parameters<TenantTransaction['computations']['create']>[0] => ({
  id: newId(),
  type: 'prime.count',
  version: 1,
  params: { lo: 1, hi: 100 },
  options: {},
  lane: 'user',
  priority: 0,
  idempotencyKey: key,
  requestedBy: 'sweep',
  publicJob: null,
  totalCost: 1,
  traceId: null,
  spanId: null,
});

export const conceptOf = (atomId: string) => ({
  id: newId(),
  label: 'concept',
  meanDistance: 0.5,
  members: [{ atomId, distance: 0.5 }],
});

export const chunkOf = (no: number) => ({ no, round: 0, lo: no, hi: no, cost: 1, verifies: null });

const overlayOf = (o: SweepIds) => ({
  atomId: o.atomId,
  tensorNo: 0,
  segmentNo: 0,
  x: 3,
  y: 3,
  z: 3,
  hilbert: 1n,
  coefficient: 9,
});

const content: Record<string, SweepCase> = {
  'atoms.read': (tx, o) => tx.atoms.read([o.atomId]),
  'atoms.sources': (tx, o) => tx.atoms.sources([o.atomId]),
  'atoms.count': (tx) => tx.atoms.count(),
  'atoms.merge': (tx) => tx.atoms.merge([{ modality: 'text', text: 'swept' }]),
  'atoms.vectors': (tx) => tx.atoms.vectors(embeddingModel, null, 9),
  'atoms.listSources': (tx) => tx.atoms.listSources(null, 9),
  'ingestion.fileHashes': (tx) => tx.ingestion.fileHashes('main'),
  'ingestion.ingest': (tx) =>
    tx.ingestion.ingest('main', embeddingModel, [fileOf('secret.md', [atomOf('mine')])]),
  'ingestion.removeFiles': (tx) => tx.ingestion.removeFiles('main', ['shared.md']),
  'ingestion.corpusVersion': (tx) => tx.ingestion.corpusVersion(),
  'ingestion.corpusSize': (tx) => tx.ingestion.corpusSize(),
  'corpus.statistics': (tx) => tx.corpus.statistics(),
  'corpus.bm25': (tx) => tx.corpus.bm25(['secret'], {}, 99),
  'corpus.matching': (tx) => tx.corpus.matching({}),
  'corpus.relations': (tx) => tx.corpus.relations(99),
  'corpus.putRelations': (tx, o) =>
    tx.corpus.putRelations([{ source: o.atomId, target: o.atomId, type: 'sweep', weight: 1 }]),
  'map.latestLandmarkSet': (tx) => tx.map.latestLandmarkSet(embeddingModel),
  'map.saveLandmarkSet': (tx) =>
    tx.map.saveLandmarkSet({ embeddingModel, seed: 2, data: Buffer.from([2]), report: {} }),
  'map.placeAtoms': (tx, o) =>
    tx.map.placeAtoms(o.modelId, [{ atomId: o.atomId, x: 9, y: 9, z: 9, hilbert: 1n }]),
  'map.unplaced': (tx, o) => tx.map.unplaced(o.modelId, 99),
  'map.countPlaced': (tx, o) => tx.map.countPlaced(o.modelId),
  'map.positions': (tx, o) => tx.map.positions(o.versionId, [o.atomId]),
  'map.nearest': (tx, o) => tx.map.nearest(o.versionId, [1, 2, 3], 5),
  'models.ensureNative': (tx) => tx.models.ensureNative(),
  'models.get': (tx, o) => tx.models.get(o.modelId),
  'models.list': (tx) => tx.models.list(),
  'models.resolve': (tx) => tx.models.resolve('default'),
  'models.aliasHistory': (tx) => tx.models.aliasHistory('default', 99),
  'models.aliases': (tx) => tx.models.aliases(),
  'models.lockAlias': (tx) => tx.models.lockAlias('default'),
  'models.setAlias': (tx, o) => tx.models.setAlias('sweep', o.modelId, 'me', 'sweep'),
  'overlays.createVersion': (tx, o) => tx.overlays.createVersion(o.modelId),
  'overlays.write': (tx, o) => tx.overlays.write(o.versionId, [overlayOf(o)]),
  'overlays.read': (tx, o) => tx.overlays.read(o.versionId),
  'overlays.positionsAsOf': (tx, o) => tx.overlays.positionsAsOf(o.versionId, [o.atomId], to),
  'overlays.drop': (tx, o) => tx.overlays.drop(o.versionId),
  'overlays.pruneHistory': (tx) => tx.overlays.pruneHistory(to),
};

const tensorOf = (o: SweepIds) => ({
  ...overlayOf(o),
  importance: 1,
  valueMin: null,
  valueMax: null,
  valueNorm: null,
});

const tensors: Record<string, SweepCase> = {
  'tensors.load': (tx, o) => tx.tensors.load(o.modelId, [{ ...tensorOf(o), segmentNo: 5 }]),
  'tensors.updateWeights': (tx, o) => tx.tensors.updateWeights(o.modelId, [tensorOf(o)]),
  'tensors.nearest': (tx, o) => tx.tensors.nearest(o.modelId, [1, 2, 3], 5),
  'tensors.copyStudent': (tx, o) => tx.tensors.copyStudent(o.modelId, newId(), newId(), -100),
  'tensors.restore': (tx, o) => tx.tensors.restore(o.pruneId),
  'tensors.weak': (tx) => tx.tensors.weak({ normShare: 0.01, deviations: 3, unusedSince: to, idsMax: 9 }),
  'tensors.distillations': (tx, o) => tx.tensors.distillations(o.modelId, 99),
  'tensors.prune': (tx, o) => tx.tensors.prune(o.modelId, newId(), 100),
};

const origins: Record<string, SweepCase> = {
  'snapshots.take': (tx, o) => tx.snapshots.take(o.modelId, { label: 'sweep', by: 'sweep' }),
  'snapshots.list': (tx, o) => tx.snapshots.list(o.modelId, 9),
  'snapshots.get': (tx, o) => tx.snapshots.get(o.snapshotId),
  'snapshots.verify': (tx, o) => tx.snapshots.verify(o.snapshotId),
  'snapshots.restore': (tx, o) => tx.snapshots.restore(o.snapshotId),
  'snapshots.remove': (tx, o) => tx.snapshots.remove(o.snapshotId),
  'provenance.graph': (tx, o) => tx.provenance.graph(o.requestId),
  'provenance.verify': (tx, o) => tx.provenance.verify(o.snapshotId),
};

const concepts: Record<string, SweepCase> = {
  'concepts.evolution': (tx) => tx.concepts.evolution(99),
  'concepts.unassigned': (tx) => tx.concepts.unassigned(),
  'concepts.unassignedVectors': (tx) => tx.concepts.unassignedVectors(embeddingModel, 99, 'sweep'),
  'concepts.of': (tx, o) => tx.concepts.of(o.actionId),
  'concepts.membersOf': (tx, o) => tx.concepts.membersOf(o.actionId),
  'concepts.keptVectors': (tx) => tx.concepts.keptVectors(9, 'sweep'),
  'concepts.vectorsOf': (tx, o) => tx.concepts.vectorsOf(embeddingModel, [o.atomId]),
  'concepts.held': (tx, o) => tx.concepts.held(o.conceptId),
  'concepts.succeed': (tx, o) => tx.concepts.succeed(newId(), o.conceptId, conceptOf(o.atomId)),
  'concepts.retire': (tx, o) => tx.concepts.retire(o.conceptId),
  'concepts.keep': (tx, o) => tx.concepts.keep(o.actionId),
  'concepts.remove': (tx, o) => tx.concepts.remove(o.actionId),
  'concepts.add': (tx, o) => tx.concepts.add(o.actionId, embeddingModel, [conceptOf(o.atomId)]),
  // Last: from here on the tenant has a concept of its own under this id.
  'concepts.giveBack': (tx, o) =>
    tx.concepts.giveBack(newId(), {
      id: o.conceptId,
      embeddingModel,
      label: 'concept',
      meanDistance: 0.5,
      actionId: o.actionId,
      kept: true,
      members: [{ atomId: o.atomId, distance: 0.5 }],
    }),
};

const pick = (o: SweepIds) => ({
  operation: 'search',
  model: o.modelId,
  cacheHit: null,
  sizeClass: null,
  from,
  to,
  aboveMs: -1,
  failed: false,
});

const serving: Record<string, SweepCase> = {
  'requests.count': (tx) => tx.requests.count(from, to),
  'workload.strata': (tx) => tx.workload.strata(from, to),
  'workload.topKeys': (tx) => tx.workload.topKeys(from, to, 99),
  'workload.slowest': (tx) => tx.workload.slowest(from, to, 99),
  'workload.sample': (tx) => tx.workload.sample(from, to, 99, 1),
  'workload.oldestRequestAt': (tx) => tx.workload.oldestRequestAt(),
  'workload.armDurations': (tx, o) => tx.workload.armDurations(o.actionId, 1),
  'workload.keyDurations': (tx, o) => tx.workload.keyDurations(from, to, [o.inputHash]),
  'analysis.latencyCounts': (tx) => tx.analysis.latencyCounts(from, to, 86_400_000),
  'analysis.slowRequests': (tx, o) => tx.analysis.slowRequests([pick(o)], 99),
  'analysis.traced': (tx, o) => tx.analysis.traced([o.requestId]),
  'analysis.newestRequests': (tx, o) => tx.analysis.newestRequests([pick(o)], 99),
  'analysis.ratings': (tx) => tx.analysis.ratings(from, to, 99),
  'analysis.endedSessions': (tx) => tx.analysis.endedSessions(from, to, 99),
  'analysis.inputs': (tx, o) => tx.analysis.inputs([o.requestId]),
  'analysis.sessionPaths': (tx, o) => tx.analysis.sessionPaths([o.sessionId], 9),
  'analysis.keptAnswers': (tx) => tx.analysis.keptAnswers(1, 99),
  'analysis.cachedKeys': (tx, o) => tx.analysis.cachedKeys(o.modelId, 1, [o.inputHash]),
  'analysis.addMetrics': (tx, o) =>
    tx.analysis.addMetrics([{ cycleId: o.cycleId, name: 'm', label: 'l', value: 1, low: null, high: null }]),
  'analysis.metrics': (tx) => tx.analysis.metrics('m', 99),
  'cache.find': (tx, o) => tx.cache.find(o.modelId, 1, o.inputHash),
  'cache.countHits': (tx, o) => tx.cache.countHits(o.modelId, [{ inputHash: o.inputHash, count: 7 }]),
  'cache.entries': (tx, o) => tx.cache.entries(o.cacheAction),
  'cache.size': (tx) => tx.cache.size(),
  'cache.drawArms': (tx, o) => tx.cache.drawArms(o.cacheAction, 1, [o.inputHash]),
  'cache.keep': (tx, o) => tx.cache.keep(o.cacheAction),
  'cache.unload': (tx, o) => tx.cache.unload(o.cacheAction),
  // Last: from here on the tenant has rows of its own under these ids.
  'cache.load': (tx, o) =>
    tx.cache.load(o.modelId, 1, o.cacheAction, [{ inputHash: o.inputHash, output: '[]', computeMs: 2 }], to),
  'requests.record': (tx, o) =>
    tx.requests.record([requestOf(o.modelId, { id: o.requestId, sessionId: o.sessionId })]),
};

const pairOf = (actionId: string) => ({
  actionId,
  pairNo: 1,
  kind: 'AB' as const,
  control: [1],
  treated: [2],
  errorsControl: 0,
  errorsTreated: 0,
  countControl: 1,
  countTreated: 1,
  order: 'mixed' as const,
  measuredAt: from,
});

const loop: Record<string, SweepCase> = {
  'cycles.request': (tx) =>
    tx.cycles.request({ id: newId(), scope: 'full', requestedBy: 'sweep', dueAt: to }),
  'cycles.get': (tx, o) => tx.cycles.get(o.cycleId),
  'cycles.latest': (tx) => tx.cycles.latest(99),
  'cycles.advance': (tx, o) => tx.cycles.advance(o.cycleId, 0, 'Requested', 'Failed'),
  'cycles.watermark': (tx) => tx.cycles.watermark(),
  'cycles.addObservation': (tx, o) =>
    tx.cycles.addObservation({ id: newId(), cycleId: o.cycleId, document: observationDocument }),
  'cycles.observation': (tx, o) => tx.cycles.observation(o.observationId),
  'cycles.observationOf': (tx, o) => tx.cycles.observationOf(o.cycleId),
  'cycles.addHypotheses': (tx, o) =>
    tx.cycles.addHypotheses([
      {
        id: o.hypothesisId,
        cycleId: o.cycleId,
        candidate: candidateOf('sweep'),
        planHash: sha256('sweep').toString('hex'),
        value: 1,
        selectionProbability: 1,
        chosen: false,
      },
    ]),
  'cycles.hypotheses': (tx, o) => tx.cycles.hypotheses([o.hypothesisId]),
  'cycles.hypothesesOf': (tx, o) => tx.cycles.hypothesesOf(o.cycleId),
  'cycles.addRejected': (tx, o) =>
    tx.cycles.addRejected(o.cycleId, [{ type: 'FixUX', target: 't', reason: 'r', reasonCode: 'c' }]),
  'cycles.rejectedOf': (tx, o) => tx.cycles.rejectedOf(o.cycleId),
  'cycles.rejectedSince': (tx) => tx.cycles.rejectedSince(from),
  'actions.create': (tx, o) => tx.actions.create(actionOf(o.cycleId, o.hypothesisId)),
  'actions.get': (tx, o) => tx.actions.get(o.actionId),
  'actions.list': (tx, o) => tx.actions.list({ cycleId: o.cycleId, limit: 99 }),
  'actions.transitions': (tx, o) => tx.actions.transitions(o.actionId),
  'actions.transition': (tx, o) =>
    tx.actions.transition({ id: o.actionId, version: 2, state: 'Kept' }, 'Unkept', event),
  'actions.saveProgress': (tx, o) =>
    tx.actions.saveProgress({ id: o.actionId, version: 2, state: 'Kept' }, { swept: true }),
  'actions.settledTargets': (tx) => tx.actions.settledTargets(),
  'actions.addEvidence': (tx, o) => tx.actions.addEvidence([pairOf(o.actionId)]),
  'actions.evidence': (tx, o) => tx.actions.evidence(o.actionId),
  'beliefs.all': (tx) => tx.beliefs.all(),
  'beliefs.save': (tx) => tx.beliefs.save(beliefOf('arm', { version: 1, trials: 99 })),
  'history.add': (tx, o) =>
    tx.history.add({
      id: newId(),
      actionId: o.actionId,
      cycleId: o.cycleId,
      verdict: 'Kept',
      netGainSeconds: 1,
      successScore: 1,
      document: {},
    }),
  'history.latest': (tx) => tx.history.latest(99),
  'history.netGain': (tx) => tx.history.netGain(),
  'history.addMetric': (tx, o) =>
    tx.history.addMetric({ cycleId: o.cycleId, name: 'm', value: 1, low: null, high: null, label: 'l' }),
};

const result = {
  summary: {},
  partial: null,
  output: Buffer.from([1]),
  checksum: 'c'.repeat(64),
  elapsedMs: 1,
  cpuMs: 1,
};

const computing: Record<string, SweepCase> = {
  'computations.create': (tx) => tx.computations.create(submissionOf('secret')),
  'computations.get': (tx, o) => tx.computations.get(o.computationId),
  'computations.list': (tx) => tx.computations.list({ limit: 99 }),
  'computations.count': (tx) => tx.computations.count({}),
  'computations.carry': (tx, o) => tx.computations.carry(o.computationId),
  'computations.output': (tx, o) => tx.computations.output(o.computationId),
  'computations.move': (tx, o) =>
    tx.computations.move({ id: o.computationId, revision: 1, state: 'Running' }, 'Cancelling'),
  'computations.chunks': (tx, o) => tx.computations.chunks(o.computationId, -1, 99),
  'computations.partials': (tx, o) => tx.computations.partials(o.computationId, 0, -1, 99),
  'computations.tallies': (tx, o) => tx.computations.tallies(o.computationId),
  'computations.timings': (tx, o) => tx.computations.timings(o.computationId, 99),
  'computations.addChunks': (tx, o) => tx.computations.addChunks(o.computationId, [chunkOf(7)]),
  'computations.claim': (tx, o) => tx.computations.claim(o.computationId, 'sweep', 60_000),
  'computations.renew': (tx, o) => tx.computations.renew(o.computationId, 0, 1, 0.5, 60_000),
  'computations.complete': (tx, o) => tx.computations.complete(o.computationId, 0, 1, result),
  'computations.fail': (tx, o) => tx.computations.fail(o.computationId, 0, 1, 'r', 0, 1),
  'computations.release': (tx, o) => tx.computations.release(o.computationId, 0, 1),
  'computations.addWaste': (tx, o) => tx.computations.addWaste(o.computationId, 5),
  'computations.expire': (tx, o) => tx.computations.expire(o.computationId, 1),
  'computations.settleVerification': (tx, o) =>
    tx.computations.settleVerification(o.computationId, 1, 0, false, 1),
  'computations.retryParked': (tx, o) => tx.computations.retryParked(o.computationId),
  'computations.rerun': (tx, o) => tx.computations.rerun(o.computationId, 0, 99),
};

const plumbing: Record<string, SweepCase> = {
  now: (tx) => tx.now(),
  'outbox.add': (tx, o) =>
    tx.outbox.add({ id: newId(), name: 'loop.cycle.learned', epoch: 0, refs: { cycleId: o.cycleId } }),
  'inbox.receive': (tx, o) => tx.inbox.receive(o.messageId, 'sweep'),
  'audit.append': (tx, o) => tx.audit.append({ what: 'w', subject: o.actionId, who: 'w', why: 'y' }),
  'audit.latest': (tx) => tx.audit.latest(99),
  'audit.verify': (tx) => tx.audit.verify(),
  'settings.get': (tx) => tx.settings.get('secret'),
  'settings.all': (tx) => tx.settings.all(),
  'settings.set': (tx) => tx.settings.set('secret', 'swept', 'me'),
  'principals.ensure': (tx) => tx.principals.ensure('owner'),
  'principals.list': (tx) => tx.principals.list(),
  'principals.addKey': (tx, o) =>
    tx.principals.addKey({
      principalId: o.principalId,
      keyHash: sha256(newId()).toString('hex'),
      scopes: [],
      label: '',
      expiresAt: null,
    }),
  'principals.revokeKey': (tx, o) => tx.principals.revokeKey(o.keyId),
};

/** One call of every method of the port with the given ids; a method without one fails the sweep. */
export const sweepCases: Record<string, SweepCase> = {
  ...content,
  ...tensors,
  ...modelCases,
  ...origins,
  ...concepts,
  ...serving,
  ...loop,
  ...computing,
  ...plumbing,
};
