import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256Hex } from '@hartonomous/contracts';
import { rngOfText } from '@hartonomous/loop';
import { executors } from '../executors/registry.js';
import { candidateOf, pump, started, startRig, type Rig } from './rig.js';

const dimensions = 16;
const embeddingModel = 'test-16';
const groupSize = 25;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

/**
 * Atoms whose vectors lie around one axis a group, or anywhere, each one then in both groups: labels that tell even less
 * than chance, of which no halving makes groups.
 */
async function planted(tenantId: string, clustered: boolean) {
  const rng = rngOfText(`planted|${clustered}`);
  const vectorOf = (group: number): Float32Array => {
    const v = Float32Array.from({ length: dimensions }, (_, k) =>
      clustered && k === group ? 1 : (clustered ? 0.2 : 1) * (rng() - 0.5),
    );
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  };
  const vectors: Float32Array[] = [];
  for (let i = 0; i < 2 * groupSize; i++) {
    vectors.push(!clustered && i % 2 === 1 ? vectors[i - 1]! : vectorOf(i % 2));
  }
  const texts = Array.from({ length: 2 * groupSize }, (_, i) => `${clustered} group ${i % 2} atom ${i}`);
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
    vector: vectors[i]!,
  }));
  const file = {
    path: 'planted.md',
    contentHash: Buffer.from(sha256Hex(texts.join()), 'hex'),
    sizeBytes: 1,
    language: 'markdown',
    atoms,
  };
  await rig.store.withTenant(tenantId, (tx) => tx.ingestion.ingest('planted', embeddingModel, [file]));
  const sources = await rig.store.withTenant(tenantId, (tx) => tx.atoms.listSources(null, 100));
  const group = (heading: string) => ({
    meanDistance: 0.1,
    members: sources.filter((s) => s.heading === heading).map((s) => ({ atomId: s.atomId, distance: 0.1 })),
  });
  return { embeddingModel, clusters: [group('Group 0'), group('Group 1')] };
}

async function tried(clustered: boolean) {
  const tenantId = await rig.tenant();
  const parameters = await planted(tenantId, clustered);
  const [action] = await started(rig, tenantId, [candidateOf('ConceptDiscovery', { parameters })]);
  const ended = await pump(rig, tenantId, action!.id);
  const concepts = await rig.store.withTenant(tenantId, (tx) => tx.concepts.of(action!.id));
  return { tenantId, ended, concepts };
}

describe('ConceptDiscovery', () => {
  it('keeps groups that held-out atoms find again, and names them', async () => {
    const { ended, concepts } = await tried(true);
    expect(ended).toMatchObject({ state: 'Kept' });
    expect(concepts.map((c) => [c.label, c.members, c.kept]).sort()).toEqual([
      ['Group 0', groupSize, true],
      ['Group 1', groupSize, true],
    ]);
  });

  it('undoes groups that do not hold together, and nothing of them is left', async () => {
    const { tenantId, ended, concepts } = await tried(false);
    expect(ended.state).toBe('Inconclusive');
    expect(String(ended.progress['verdictReason'])).toMatch(/of 199 random dealings/);
    expect(concepts).toEqual([]);
    const hash = await executors.ConceptDiscovery!.stateHash(rig.deps, tenantId, ended);
    expect(hash).toBe(ended.snapshotHash);
  });
});
