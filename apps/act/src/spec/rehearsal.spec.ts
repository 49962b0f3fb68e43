import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { planHash, type Candidate, type HypothesisType } from '@hartonomous/contracts';
import { inputHashOf } from '@hartonomous/retrieval';
import { newId } from '@hartonomous/contracts';
import type { ActionRow } from '@hartonomous/store';
import { executors } from '../executors/registry.js';
import { candidateOf, ingestParagraphs, started, startRig, type Rig } from './rig.js';

let rig: Rig;
let tenantId: string;
let queries: string[];
beforeAll(async () => {
  rig = await startRig();
  tenantId = await rig.tenant();
  queries = await ingestParagraphs(rig, tenantId, 12);
});
afterAll(() => rig?.close());

const indexOf = (operation: 'create' | 'drop') => ({
  operation,
  tableRows: 100,
  definition: { name: `earned_atom_term_${operation}`, table: 'atom_term', columns: ['tenant_id', 'term'] },
});

async function cachePlan(): Promise<Record<string, unknown>> {
  const model = await rig.store.withTenant(tenantId, (tx) => tx.models.ensureNative());
  const keys = queries.map((query) => {
    const input = { query, limit: 10 };
    return { inputHash: inputHashOf(input), input, count: 5 };
  });
  return { modelId: model.id, keys };
}

async function conceptPlan(): Promise<Record<string, unknown>> {
  const [model] = await rig.store.withTenant(tenantId, (tx) => tx.concepts.unassigned());
  const { embeddingModel } = model!;
  const sample = await rig.store.withTenant(tenantId, (tx) =>
    tx.concepts.unassignedVectors(embeddingModel, 8, 's'),
  );
  const group = (ids: string[]) => ({
    members: ids.map((atomId) => ({ atomId, distance: 0.1 })),
    meanDistance: 0.1,
  });
  return { embeddingModel, clusters: [group(sample.atomIds.slice(0, 4)), group(sample.atomIds.slice(4))] };
}

/** Prepare, apply twice, revert twice: the hash is the old one, and differed in between. */
async function rehearse(candidate: Candidate, changes: boolean): Promise<void> {
  const executor = executors[candidate.type]!;
  const hypothesis = {
    id: newId(),
    cycleId: newId(),
    candidate,
    planHash: planHash(candidate),
    value: 1,
    selectionProbability: 1,
    chosen: true,
  };
  const tenant = tenantId;
  const prepared = await executor.prepare(rig.deps, tenant, hypothesis);
  expect(prepared.touched.objects.length).toBeGreaterThan(0);
  const action = {
    id: newId(),
    ...candidate,
    inverse: prepared.inverse,
    progress: {},
  } as unknown as ActionRow;
  const hash = () => executor.stateHash(rig.deps, tenant, action);
  expect(await hash()).toBe(prepared.snapshotHash);
  const applied = await executor.apply(rig.deps, tenant, action);
  await executor.apply(rig.deps, tenant, action);
  action.progress = { applied };
  await executor.beforeKeep?.(rig.deps, tenant, action);
  if (changes) expect(await hash()).not.toBe(prepared.snapshotHash);
  await executor.revert(rig.deps, tenant, action);
  await executor.revert(rig.deps, tenant, action);
  expect(await hash()).toBe(prepared.snapshotHash);
}

const plans: Partial<Record<HypothesisType, () => Promise<Record<string, unknown>>>> = {
  IndexOptimization: async () => indexOf('create'),
  QueryRegression: async () => ({ table: 'tenant' }),
  CacheWarming: cachePlan,
  ConceptDiscovery: conceptPlan,
};

describe('rehearsal of every inverse', () => {
  it.each(Object.keys(plans) as HypothesisType[])('%s', async (type) => {
    await rehearse(candidateOf(type, { parameters: await plans[type]!() }), true);
  });

  it('CacheWarming that gives up answers, which serve again with their hits', async () => {
    const { modelId, keys } = (await cachePlan()) as { modelId: string; keys: { inputHash: string }[] };
    const [earlier] = await started(rig, tenantId, [
      candidateOf('CacheWarming', { parameters: { modelId, keys } }),
    ]);
    await executors.CacheWarming!.apply(rig.deps, tenantId, earlier!);
    const entries = () => rig.store.withTenant(tenantId, (tx) => tx.cache.entries(earlier!.id));
    const [first, second] = keys.map((k) => k.inputHash).sort();
    await rig.store.withTenant(tenantId, async (tx) => {
      await tx.cache.keep(earlier!.id);
      await tx.cache.countHits(modelId, [
        { inputHash: first!, count: 3 },
        { inputHash: second!, count: 5 },
      ]);
    });
    const before = await entries();
    const given = keys.filter((k) => k.inputHash >= second!);
    const parameters = { operation: 'shrink', modelId, of: earlier!.id, keys: given };
    await rehearse(candidateOf('CacheWarming', { parameters }), true);
    expect(await entries()).toEqual(before);
    expect(before.every((e) => e.enabled)).toBe(true);
    const foreign = { ...parameters, keys: [...given, { ...given[0], inputHash: 'f'.repeat(64) }] };
    await expect(rehearse(candidateOf('CacheWarming', { parameters: foreign }), true)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await rig.store.withTenant(tenantId, async (tx) => {
      const [cycle] = await tx.cycles.latest(1);
      await tx.cycles.advance(cycle!.id, cycle!.epoch, 'Acting', 'Learned');
    });
  });

  it('IndexOptimization that drops', async () => {
    const plan = indexOf('drop');
    await rig.store.maintenance.createIndex(plan.definition, { lockTimeoutMs: 60_000 });
    await rehearse(candidateOf('IndexOptimization', { parameters: plan }), true);
    expect((await rig.store.maintenance.indexes()).map((i) => i.name)).toContain(plan.definition.name);
    await rig.store.maintenance.dropIndex(plan.definition.name, { lockTimeoutMs: 60_000 });
  });

  it.each(['tree', 'hilbert'])('IndexOptimization that finds places of the map by %s', async (strategy) => {
    const parameters = { operation: 'choose-spatial', strategy };
    await rehearse(candidateOf('IndexOptimization', { parameters }), true);
  });

  it('gates what the store lacks, by name, and the cycle goes on', async () => {
    const other = await rig.tenant();
    const lacking = [
      [{ operation: 'choose-spatial', strategy: 'morton' }, /^unavailable: spatial strategy morton/],
      [{ operation: 'recalibrate-funnel' }, /^unavailable: recalibrating the funnel/],
      [{ table: 'x' }, /^INPUT_INVALID: index plan/],
    ] as const;
    const candidates = lacking.map(([parameters]) => candidateOf('IndexOptimization', { parameters }));
    const forced = { operation: 'force-plan', statementId: '1', planId: '2' };
    candidates.push(candidateOf('QueryRegression', { parameters: forced }));
    const actions = await started(rig, other, [...candidates, candidateOf('Placebo')]);
    const gated = candidates.map(() => 'Gated');
    expect(actions.map((a) => a.state).sort()).toEqual([...gated, 'Scheduled']);
    const reasons = await rig.store.withTenant(other, async (tx) => {
      const steps = [];
      for (const { id } of actions) steps.push(...(await tx.actions.transitions(id)));
      return steps.map((s) => s.reason);
    });
    expect(reasons).toContainEqual(expect.stringMatching(/^unavailable: plans: this engine keeps none/));
    for (const [, reason] of lacking) expect(reasons).toContainEqual(expect.stringMatching(reason));
  });

  it('refuses indexes of the schema itself and plans without a definition', async () => {
    const foreign = { definition: { name: 'atom_term_pkey', table: 'atom_term', columns: ['term'] } };
    for (const parameters of [foreign, {}]) {
      await expect(rehearse(candidateOf('IndexOptimization', { parameters }), true)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    }
  });

  it('stores the inverse with the action, before anything is applied', async () => {
    const parameters = { ...indexOf('create') };
    const [action] = await started(rig, tenantId, [candidateOf('IndexOptimization', { parameters })]);
    expect(action).toMatchObject({
      state: 'Scheduled',
      inverse: { kind: 'drop-index', name: parameters.definition.name },
    });
    expect(action!.snapshotHash).toMatch(/^[0-9a-f]{64}$/);
  });
});
