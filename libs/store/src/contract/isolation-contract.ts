import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { TenantTransaction } from '../port/store.js';
import { hookTimeoutMs, type ContractStore, type EngineFixture } from './fixture.js';
import {
  actionOf,
  atomOf,
  beliefOf,
  embeddingModel,
  fileOf,
  observationDocument,
  openCycle,
  requestOf,
} from './samples.js';

/** Ids of everything that one tenant owns. */
interface Owned {
  modelId: string;
  atomId: string;
  cycleId: string;
  hypothesisId: string;
  observationId: string;
  actionId: string;
  cacheAction: string;
  inputHash: string;
  keyId: string;
}

const from = new Date('2020-01-01T00:00:00Z');
const to = new Date('2120-01-01T00:00:00Z');

export async function populate(tx: TenantTransaction): Promise<Owned> {
  const model = await tx.models.ensureNative();
  await tx.ingestion.ingest('main', embeddingModel, [fileOf('secret.md', [atomOf(`secret ${tx.tenantId}`)])]);
  const [atomId] = await tx.corpus.matching({});
  await tx.map.placeAtoms(model.id, [{ atomId, x: 1, y: 2, z: 3, hilbert: 9n }]);
  await tx.map.saveLandmarkSet({ embeddingModel, seed: 1, data: Buffer.from([1]), report: {} });
  await tx.corpus.putRelations([{ source: atomId, target: atomId, type: 'self', weight: 1 }]);
  const request = requestOf(model.id, { sessionId: newId() });
  await tx.requests.record([request]);
  const cacheAction = newId();
  const entry = { inputHash: request.inputHash, output: '{}', computeMs: 1 };
  await tx.cache.load(model.id, 1, cacheAction, [entry], to);
  const { cycleId, hypothesisId } = await openCycle(tx);
  const observationId = newId();
  await tx.cycles.addObservation({ id: observationId, cycleId, document: observationDocument });
  await tx.cycles.addRejected(cycleId, [{ type: 'FixUX', target: 't', reason: 'r', reasonCode: 'c' }]);
  const action = await tx.actions.create(actionOf(cycleId, hypothesisId, { inverse: {} }));
  const event = { name: 'e', reason: 'r', by: 'b', traceId: null };
  await tx.actions.transition(action, 'Kept', event, { concludedAt: new Date() });
  await tx.history.add({
    id: newId(),
    actionId: action.id,
    cycleId,
    verdict: 'Kept',
    netGainSeconds: 1,
    successScore: 1,
    document: {},
  });
  await tx.beliefs.save(beliefOf('arm'));
  await tx.settings.set('secret', 'value', 'me');
  await tx.audit.append({ what: 'secret', subject: 's', who: 'w', why: 'y' });
  const principal = await tx.principals.ensure('owner');
  const keyHash = newId().replaceAll('-', '').padEnd(64, '0');
  const keyId = await tx.principals.addKey({
    principalId: principal.id,
    keyHash,
    scopes: [],
    label: '',
    expiresAt: null,
  });
  return {
    modelId: model.id,
    atomId,
    cycleId,
    hypothesisId,
    observationId,
    actionId: action.id,
    cacheAction,
    inputHash: request.inputHash,
    keyId,
  };
}

/** Every read of the port with another tenant's ids; each must answer as if nothing were there. */
export const foreignReads: [string, (tx: TenantTransaction, o: Owned) => Promise<unknown>, unknown][] = [
  ['atoms.read', (tx, o) => tx.atoms.read([o.atomId]), []],
  ['atoms.sources', (tx, o) => tx.atoms.sources([o.atomId]), []],
  ['atoms.count', (tx) => tx.atoms.count(), 0],
  ['atoms.vectors', async (tx) => (await tx.atoms.vectors(embeddingModel, null, 9)).atomIds, []],
  ['atoms.listSources', (tx) => tx.atoms.listSources(null, 9), []],
  ['ingestion.fileHashes', async (tx) => [...(await tx.ingestion.fileHashes('main'))], []],
  ['ingestion.corpusSize', (tx) => tx.ingestion.corpusSize(), { files: 0, atoms: 0 }],
  ['corpus.bm25', (tx) => tx.corpus.bm25(['secret'], {}, 9), []],
  ['corpus.matching', (tx) => tx.corpus.matching({}), []],
  ['corpus.relations', (tx) => tx.corpus.relations(9), []],
  ['map.latestLandmarkSet', (tx) => tx.map.latestLandmarkSet(embeddingModel), null],
  ['map.positions', (tx, o) => tx.map.positions(o.modelId, [o.atomId]), []],
  ['map.nearest', (tx, o) => tx.map.nearest(o.modelId, [1, 2, 3], 5), []],
  ['map.countPlaced', (tx, o) => tx.map.countPlaced(o.modelId), 0],
  ['map.unplaced', (tx, o) => tx.map.unplaced(o.modelId, 9), []],
  ['models.get', (tx, o) => tx.models.get(o.modelId), null],
  ['models.list', (tx) => tx.models.list(), []],
  ['models.resolve', (tx) => tx.models.resolve('default'), null],
  ['requests.count', (tx) => tx.requests.count(from, to), 0],
  ['workload.strata', (tx) => tx.workload.strata(from, to), []],
  ['workload.topKeys', (tx) => tx.workload.topKeys(from, to, 9), []],
  ['workload.slowest', (tx) => tx.workload.slowest(from, to, 9), []],
  ['workload.sample', (tx) => tx.workload.sample(from, to, 9, 1), []],
  ['workload.keyDurations', (tx, o) => tx.workload.keyDurations(from, to, [o.inputHash]), []],
  ['workload.oldestRequestAt', (tx) => tx.workload.oldestRequestAt(), null],
  ['cache.find', (tx, o) => tx.cache.find(o.modelId, 1, o.inputHash), null],
  ['cache.entries', (tx, o) => tx.cache.entries(o.cacheAction), []],
  ['cache.size', (tx) => tx.cache.size(), { entries: 0, bytes: 0 }],
  ['cycles.get', (tx, o) => tx.cycles.get(o.cycleId), null],
  ['cycles.latest', (tx) => tx.cycles.latest(9), []],
  ['cycles.watermark', (tx) => tx.cycles.watermark(), null],
  ['cycles.observation', (tx, o) => tx.cycles.observation(o.observationId), null],
  ['cycles.observationOf', (tx, o) => tx.cycles.observationOf(o.cycleId), null],
  ['cycles.hypotheses', (tx, o) => tx.cycles.hypotheses([o.hypothesisId]), []],
  ['cycles.hypothesesOf', (tx, o) => tx.cycles.hypothesesOf(o.cycleId), []],
  ['cycles.rejectedOf', (tx, o) => tx.cycles.rejectedOf(o.cycleId), []],
  ['cycles.rejectedSince', (tx) => tx.cycles.rejectedSince(from), []],
  ['actions.get', (tx, o) => tx.actions.get(o.actionId), null],
  ['actions.list', (tx) => tx.actions.list({ limit: 9 }), []],
  ['actions.transitions', (tx, o) => tx.actions.transitions(o.actionId), []],
  ['actions.evidence', (tx, o) => tx.actions.evidence(o.actionId), []],
  ['actions.settledTargets', (tx) => tx.actions.settledTargets(), []],
  ['beliefs.all', (tx) => tx.beliefs.all(), []],
  ['history.latest', (tx) => tx.history.latest(9), []],
  ['audit.latest', (tx) => tx.audit.latest(9), []],
  ['settings.get', (tx) => tx.settings.get('secret'), null],
  ['settings.all', async (tx) => [...(await tx.settings.all())], []],
  ['principals.list', (tx) => tx.principals.list(), []],
];

/** Writes aimed at another tenant's rows: each must change nothing there. */
export const foreignWrites: [string, (tx: TenantTransaction, o: Owned) => Promise<unknown>, unknown][] = [
  ['cycles.advance', (tx, o) => tx.cycles.advance(o.cycleId, 0, 'Requested', 'Failed'), false],
  [
    'actions.transition',
    (tx, o) =>
      tx.actions.transition({ id: o.actionId, version: 2, state: 'Kept' }, 'Unkept', {
        name: 'e',
        reason: 'r',
        by: 'b',
        traceId: null,
      }),
    false,
  ],
  [
    'actions.saveProgress',
    (tx, o) => tx.actions.saveProgress({ id: o.actionId, version: 2, state: 'Kept' }, {}),
    false,
  ],
  ['cache.keep', (tx, o) => tx.cache.keep(o.cacheAction), 0],
  ['cache.unload', (tx, o) => tx.cache.unload(o.cacheAction), 0],
  ['cache.drawArms', (tx, o) => tx.cache.drawArms(o.cacheAction, 1, [o.inputHash]), undefined],
  [
    'cache.countHits',
    (tx, o) => tx.cache.countHits(o.modelId, [{ inputHash: o.inputHash, count: 1 }]),
    undefined,
  ],
  ['principals.revokeKey', (tx, o) => tx.principals.revokeKey(o.keyId), false],
  ['ingestion.removeFiles', async (tx) => (await tx.ingestion.removeFiles('main', ['secret.md'])).files, 0],
];

export function isolationContract(fixture: EngineFixture): void {
  describe('tenants', () => {
    let c: ContractStore;
    let owned: Owned;
    beforeAll(async () => {
      c = await fixture.open();
      owned = await c.store.withTenant(c.tenantId, populate);
    }, hookTimeoutMs);
    afterAll(() => c.close());

    it.each(foreignReads)('%s does not see another tenant', async (_name, read, nothing) => {
      expect(await c.store.withTenant(c.tenantId, (tx) => read(tx, owned))).not.toBeUndefined();
      expect(await c.store.withTenant(c.otherTenantId, (tx) => read(tx, owned))).toEqual(nothing);
    });

    it.each(foreignWrites)('%s does not touch another tenant', async (_name, write, nothing) => {
      expect(await c.store.withTenant(c.otherTenantId, (tx) => write(tx, owned))).toEqual(nothing);
    });

    it('left the owner all that it had', async () => {
      await c.store.withTenant(c.tenantId, async (tx) => {
        expect((await tx.cycles.get(owned.cycleId))?.state).toBe('Requested');
        expect((await tx.actions.get(owned.actionId))?.version).toBe(2);
        expect(await tx.cache.entries(owned.cacheAction)).toEqual([
          { inputHash: owned.inputHash, enabled: false, hits: 0 },
        ]);
        expect(await tx.atoms.count()).toBe(1);
        expect(await tx.atoms.read([owned.atomId])).toHaveLength(1);
      });
    });

    it('refuses a tenant id that is none', async () => {
      for (const id of ['', "x'; drop table atom; --", '*']) {
        await expect(c.store.withTenant(id, () => Promise.resolve())).rejects.toMatchObject({
          code: 'INPUT_INVALID',
        });
      }
    });
  });
}
