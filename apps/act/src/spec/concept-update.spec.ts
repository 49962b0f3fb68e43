import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, sha256Hex } from '@hartonomous/contracts';
import { rngOfText } from '@hartonomous/loop';
import { executors } from '../executors/registry.js';
import { candidateOf, pump, started, startRig, type Rig } from './rig.js';

const dimensions = 16;
const embeddingModel = 'test-16';
const groupSize = 30;
const moved = 12;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const vectorOf = (group: number, rng: () => number): Float32Array => {
  const v = Float32Array.from({ length: dimensions }, (_, k) => (k === group ? 1 : 0) + 0.2 * (rng() - 0.5));
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
};

/** Two kept concepts; then the last atoms of the first get vectors that lie at the second. */
async function planted(tenantId: string) {
  const rng = rngOfText('drift');
  const texts = Array.from({ length: 2 * groupSize }, (_, i) => `drift group ${i % 2} atom ${i}`);
  const atoms = texts.map((text, i) => ({
    contentHash: Buffer.from(sha256Hex(text), 'hex'),
    modality: 'text' as const,
    text,
    symbol: null,
    heading: `Group ${i % 2}`,
    language: 'markdown',
    kind: 'text' as const,
    lineStart: i + 1,
    lineEnd: i + 1,
    terms: new Map([['group', 1]]),
    vector: vectorOf(i % 2, rng),
  }));
  const file = {
    path: 'drift.md',
    contentHash: Buffer.from(sha256Hex(texts.join()), 'hex'),
    sizeBytes: 1,
    language: 'markdown',
    atoms,
  };
  return rig.store.withTenant(tenantId, async (tx) => {
    await tx.ingestion.ingest('drift', embeddingModel, [file]);
    const sources = await tx.atoms.listSources(null, 100);
    const concepts = [0, 1].map((g) => ({
      id: newId(),
      label: `Group ${g}`,
      meanDistance: 0.02,
      members: sources
        .filter((s) => s.heading === `Group ${g}`)
        .map((s) => ({ atomId: s.atomId, distance: 0.02 })),
    }));
    const discovery = newId();
    await tx.concepts.add(discovery, embeddingModel, concepts);
    await tx.concepts.keep(discovery);
    const ids = concepts[0]!.members.map((m) => m.atomId);
    await tx.embeddings.stage(
      embeddingModel,
      ids.slice(-moved).map((atomId) => ({ atomId, vector: vectorOf(1, rng) })),
    );
    return { conceptId: concepts[0]!.id, ids };
  });
}

const planOf = (conceptId: string, ids: string[], leaving: string[]) => ({
  operation: 'update',
  embeddingModel,
  conceptId,
  label: 'Group 0',
  meanDistance: 0.02,
  members: ids.filter((id) => !leaving.includes(id)).map((atomId) => ({ atomId, distance: 0.02 })),
  leaving,
});

async function tried(choose: (ids: string[]) => string[]) {
  const tenantId = await rig.tenant();
  const { conceptId, ids } = await planted(tenantId);
  const held = () => rig.store.withTenant(tenantId, (tx) => tx.concepts.held(conceptId));
  const before = await held();
  const parameters = planOf(conceptId, ids, choose(ids));
  const [action] = await started(rig, tenantId, [candidateOf('ConceptDiscovery', { parameters })]);
  const ended = await pump(rig, tenantId, action!.id);
  return { tenantId, ids, ended, before, held };
}

describe('a concept whose atoms drift', () => {
  it('goes on without them, and gets them back when it is undone later', async () => {
    const { tenantId, ids, ended, before, held } = await tried((all) => all.slice(-moved));
    expect(ended).toMatchObject({ state: 'Kept', inverse: { kind: 'give-back-concept' } });
    expect(await held()).toBeNull();
    const [successor] = await rig.store.withTenant(tenantId, (tx) => tx.concepts.of(ended.id));
    expect(successor).toMatchObject({ label: 'Group 0', members: groupSize - moved, kept: true });
    const free = await rig.store.withTenant(tenantId, (tx) => tx.concepts.unassigned());
    expect(free).toEqual([{ embeddingModel, count: moved }]);
    const executor = executors.ConceptDiscovery!;
    await executor.revert(rig.deps, tenantId, ended);
    expect(await held()).toEqual(before);
    expect(before!.members).toHaveLength(ids.length);
    expect(await executor.stateHash(rig.deps, tenantId, ended)).toBe(ended.snapshotHash);
  });

  it('keeps its atoms when others than those that drifted are to leave', async () => {
    const { tenantId, ended, before, held } = await tried((all) => all.slice(0, moved));
    expect(ended.state).toBe('Inconclusive');
    expect(String(ended.progress['verdictReason'])).toMatch(/of 199 random choices of atoms/);
    expect(await held()).toEqual(before);
    const hash = await executors.ConceptDiscovery!.stateHash(rig.deps, tenantId, ended);
    expect(hash).toBe(ended.snapshotHash);
  });

  it('is left alone by a plan about atoms that it does not hold', async () => {
    const tenantId = await rig.tenant();
    const { conceptId, ids } = await planted(tenantId);
    const parameters = planOf(conceptId, ids, [newId()]);
    const [action] = await started(rig, tenantId, [candidateOf('ConceptDiscovery', { parameters })]);
    expect(action!.state).toBe('Gated');
  });

  it('is applied twice and undone twice to the same hash', async () => {
    const tenantId = await rig.tenant();
    const { conceptId, ids } = await planted(tenantId);
    const parameters = planOf(conceptId, ids, ids.slice(-moved));
    const [action] = await started(rig, tenantId, [candidateOf('ConceptDiscovery', { parameters })]);
    const executor = executors.ConceptDiscovery!;
    const hash = () => executor.stateHash(rig.deps, tenantId, action!);
    expect(await hash()).toBe(action!.snapshotHash);
    await executor.apply(rig.deps, tenantId, action!);
    await executor.apply(rig.deps, tenantId, action!);
    expect(await hash()).not.toBe(action!.snapshotHash);
    await executor.revert(rig.deps, tenantId, action!);
    await executor.revert(rig.deps, tenantId, action!);
    expect(await hash()).toBe(action!.snapshotHash);
  });
});
