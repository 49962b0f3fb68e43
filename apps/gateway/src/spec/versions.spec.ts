import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchResponse } from '@hartonomous/contracts';
import { ingestCorpus } from '@hartonomous/retrieval';
import { createTestFolder, removeTestFolder } from '@hartonomous/testing';
import { startRig, type Rig } from './rig.js';

const files = 12;

let rig: Rig;
let folder: string;
let atoms: { id: string; path: string }[];
let operator: string;
beforeAll(async () => {
  rig = await startRig();
  folder = createTestFolder();
  mkdirSync(join(folder, 'docs'));
  for (let i = 0; i < files; i++) {
    writeFileSync(join(folder, 'docs', `f${i}.md`), `# Lease ${i}\n\nA lease is renewed by worker${i}.\n`);
  }
  await ingestCorpus({ store: rig.store, tenantId: rig.tenantId, corpus: 'given', roots: [{ dir: folder }] });
  atoms = await rig.store.withTenant(rig.tenantId, async (tx) =>
    (await tx.atoms.listSources(null, 100)).map(({ atomId, path }) => ({ id: atomId, path })),
  );
  ({ key: operator } = await rig.key(['admin']));
}, 240_000);
afterAll(async () => {
  await rig?.close();
  removeTestFolder(folder);
});

/** A version that ranks by height alone, with the atoms stacked in this order. */
async function versionOf(order: string[]): Promise<string> {
  return rig.store.withTenant(rig.tenantId, async (tx) => {
    const parent = await tx.models.ensureNative();
    const version = await tx.overlays.createVersion(parent.id, { a: 0, b: 100, sigma: 10 });
    await tx.overlays.write(version.id, rowsOf(order));
    return version.id;
  });
}

const rowsOf = (order: string[]) =>
  order.map((atomId, i) => ({
    atomId,
    tensorNo: 0,
    segmentNo: 0,
    x: 50,
    y: 50,
    z: 10 - i,
    hilbert: 1n,
    coefficient: 0,
  }));

async function ranked(query = ''): Promise<string[]> {
  const body = { query: 'lease renewed', limit: files };
  const { status, json, text } = await rig.ask(`/v1/search${query}`, { method: 'POST', key: operator, body });
  if (status !== 200) throw new Error(text);
  return (json as unknown as SearchResponse).hits.map((hit) => hit.atomId);
}

const rotated = (by: number) => {
  const ids = atoms.map((atom) => atom.id);
  return [...ids.slice(by), ...ids.slice(0, by)];
};
const put = (alias: string, body: unknown) =>
  rig.ask(`/v1/aliases/${alias}`, { method: 'PUT', key: operator, body });
const undo = (alias: string) =>
  rig.ask(`/v1/aliases/${alias}/undo`, { method: 'POST', key: operator, body: { why: 'worse' } });

describe('two versions of a model', () => {
  it('answer at once through their aliases, each with its own ranking', async () => {
    const [forth, back] = [rotated(0), rotated(0).reverse()];
    const [stable, canary] = [await versionOf(forth), await versionOf(back)];
    expect((await put('corpus@stable', { model: stable, why: 'test' })).status).toBe(200);
    expect((await put('corpus@canary', { model: canary, why: 'test' })).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ranked(`?model=corpus@${i % 2 ? 'canary' : 'stable'}`)),
    );
    answers.forEach((answer, i) => expect(answer).toEqual(i % 2 ? back : forth));
    expect(await ranked(`?model=${canary}`)).toEqual(back);
    expect(await ranked('?model=native@2')).toEqual(forth);
    expect(await ranked('?model=native@corpus@canary')).toEqual(await ranked('?model=corpus@canary'));
  });

  it('are promoted by moving the alias, and demoted by undoing that; both are audited', async () => {
    const [forth, back] = [rotated(1), rotated(1).reverse()];
    const [first, second] = [await versionOf(forth), await versionOf(back)];
    await put('default', { model: first, why: 'first one' });
    expect(await ranked()).toEqual(forth);
    const stale = await put('default', { model: second, why: 'promote', expected: second });
    expect({ status: stale.status, code: stale.json['code'] }).toEqual({ status: 409, code: 'STATE_STALE' });
    const moved = await put('default', { model: second, why: 'promote', expected: first });
    expect(moved.json).toMatchObject({ alias: 'default', from: { id: first }, to: { id: second } });
    expect(await ranked()).toEqual(back);
    expect((await put('default', { model: second, why: 'again' })).json['code']).toBe('STATE_CONFLICT');
    expect((await undo('default')).json).toMatchObject({ from: { id: second }, to: { id: first } });
    expect(await ranked()).toEqual(forth);
    const { items } = (await rig.ask('/v1/aliases/default', { key: operator })).json as unknown as {
      items: { modelId: string; by: string; why: string }[];
    };
    expect(items.slice(0, 3).map((span) => [span.modelId, span.why])).toEqual([
      [first, 'worse'],
      [second, 'promote'],
      [first, 'first one'],
    ]);
    const audit = await rig.store.withTenant(rig.tenantId, (tx) => tx.audit.latest(2));
    expect(audit.map((row) => row.what)).toEqual(['alias.undone', 'alias.moved']);
    expect(audit[1].why).toMatch(/^native@\d+ -> native@\d+: promote$/);
  });

  it('tell each earlier ranking exactly after three trainings', async () => {
    const orders = [2, 5, 7].map(rotated);
    const version = await versionOf(orders[0]);
    await put('trained', { model: version, why: 'test' });
    const instants: string[] = [];
    for (const order of orders) {
      await rig.store.withTenant(rig.tenantId, (tx) => tx.overlays.write(version, rowsOf(order)));
      await sleep(3);
      instants.push((await rig.store.withTenant(rig.tenantId, (tx) => tx.now())).toISOString());
      await sleep(3);
    }
    for (const [i, at] of instants.entries()) {
      expect(await ranked(`?model=trained&asOf=${at}`)).toEqual(orders[i]);
    }
    expect(await ranked('?model=trained')).toEqual(orders[2]);
  });

  it.each([
    ['?model=nobody', 404, 'no model version or alias "nobody"; aliases: '],
    ['?model=native@99', 404, 'no model version'],
    ['?modle=x', 422, 'Unrecognized key'],
    ['?asOf=yesterday', 422, 'asOf'],
  ])('answer %s with %i and one clear line', async (query, status, detail) => {
    const body = { query: 'lease' };
    const answer = await rig.ask(`/v1/search${query}`, { method: 'POST', key: operator, body });
    expect(answer.status).toBe(status);
    expect(answer.json['detail']).toContain(detail);
  });
});

describe('provenance over HTTP', () => {
  it('goes from an answer to the files, in three formats, and names what was changed', async () => {
    const asked = await rig.ask('/v1/search', { method: 'POST', key: operator, body: { query: 'lease' } });
    const id = (asked.json as unknown as SearchResponse).requestId;
    const url = `/v1/provenance/${id}`;
    // The row is written beside the answer.
    while ((await rig.ask(url, { key: operator })).status !== 200) await sleep(20);
    const verified = (await rig.ask(`${url}/verification`, { key: operator })).json;
    expect(verified).toMatchObject({ kind: 'request', broken: null, unknownParents: 0, notRecomputed: 0 });
    const prov = (await rig.ask(`${url}?format=prov`, { key: operator })).json as Record<string, object>;
    expect(Object.keys(prov['activity']!)).toEqual([`harto:request/${id}/1`]);
    expect(Object.keys(prov['entity']!).some((name) => name.startsWith('harto:source/'))).toBe(true);
    expect(Object.values(prov['used']!)[0]).toMatchObject({ 'prov:activity': `harto:request/${id}/1` });
    expect(Object.keys(prov['wasDerivedFrom']!).length).toBeGreaterThan(1);
    const lineage = (await rig.ask(`${url}?format=openlineage`, { key: operator })).json as unknown as {
      events: { run: { runId: string }; inputs: unknown[] }[];
    };
    expect(lineage.events).toHaveLength(1);
    expect(lineage.events[0]).toMatchObject({ eventType: 'COMPLETE', run: { runId: id } });
    expect(lineage.events[0]!.inputs.length).toBeGreaterThan(2);
    const missing = await rig.ask(`/v1/provenance/${rig.tenantId}`, { key: operator });
    expect(missing.status).toBe(404);
  });

  it('snapshots are taken, verified and put back', async () => {
    const version = await versionOf(rotated(3));
    const body = { model: version, label: 'before' };
    const taken = await rig.ask('/v1/snapshots', { method: 'POST', key: operator, body });
    expect(taken.status).toBe(201);
    const id = String(taken.json['id']);
    await rig.store.withTenant(rig.tenantId, (tx) => tx.overlays.write(version, rowsOf(rotated(4))));
    const verify = async () => (await rig.ask(`/v1/snapshots/${id}/verification`, { key: operator })).json;
    expect(await verify()).toMatchObject({ whole: true, current: false });
    await rig.ask(`/v1/snapshots/${id}/restore`, { method: 'POST', key: operator, body: { why: 'back' } });
    expect(await verify()).toMatchObject({ whole: true, current: true });
    expect(await ranked(`?model=${version}`)).toEqual(rotated(3));
    const list = (await rig.ask(`/v1/snapshots?model=${version}`, { key: operator })).json;
    expect(list).toMatchObject({ items: [{ id, label: 'before' }] });
  });
});
