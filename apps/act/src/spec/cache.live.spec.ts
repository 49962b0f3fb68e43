import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSearch, inputHashOf, type SearchService } from '@hartonomous/retrieval';
import type { ActionRow, RequestRecord } from '@hartonomous/store';
import pg from 'pg';
import { executors } from '../executors/registry.js';
import { candidateOf, dispatchDue, ingestParagraphs, reread, started, startRig, type Rig } from './rig.js';

let rig: Rig;
let client: pg.Client;
let search: SearchService;
beforeAll(async () => {
  rig = await startRig();
  client = new pg.Client({ connectionString: rig.superuserUrl });
  await client.connect();
  search = createSearch({ store: rig.store });
}, 60_000);
afterAll(async () => {
  await client?.end();
  await rig?.close();
});

/** Live traffic on the keys, recorded as the gateway does. */
async function ask(tenantId: string, queries: string[], count: number): Promise<void> {
  const records: RequestRecord[] = [];
  for (let i = 0; i < count; i++) {
    const request = { query: queries[i % queries.length]!, limit: 10 };
    records.push((await search.serveSearch(rig.store, tenantId, request)).record);
  }
  await rig.store.withTenant(tenantId, (tx) => tx.requests.record(records));
}

interface Asked {
  tenantId: string;
  queries: string[];
  modelId: string;
  keys: { inputHash: string; input: { query: string; limit: number }; count: number }[];
}

/** A tenant whose people have asked the same questions for a while. */
async function asked(): Promise<Asked> {
  const tenantId = await rig.tenant();
  const queries = await ingestParagraphs(rig, tenantId, 24);
  const model = await rig.store.withTenant(tenantId, (tx) => tx.models.ensureNative());
  await ask(tenantId, queries, 900);
  const keys = queries.map((query) => {
    const input = { query, limit: 10 };
    return { inputHash: inputHashOf(input), input, count: 30 };
  });
  return { tenantId, queries, modelId: model.id, keys };
}

async function tried(
  { tenantId, queries }: Asked,
  parameters: Record<string, unknown>,
  afterApply: (actionId: string) => Promise<void> = async () => undefined,
): Promise<ActionRow> {
  await rig.store.withTenant(tenantId, async (tx) => {
    const [cycle] = await tx.cycles.latest(1);
    if (cycle?.state === 'Acting') await tx.cycles.advance(cycle.id, cycle.epoch, 'Acting', 'Learned');
  });
  const [action] = await started(rig, tenantId, [candidateOf('CacheWarming', { parameters })]);
  let applied = false;
  const until = Date.now() + 500_000;
  while (Date.now() < until) {
    await dispatchDue(rig, tenantId);
    const now = await reread(rig, tenantId, action!.id);
    if (now.concludedAt) {
      const { state, pairs, effect, progress } = now;
      console.log('CacheWarming', state, pairs, JSON.stringify(effect), String(progress['verdictReason']));
      return now;
    }
    if (!applied && now.state === 'Verifying') {
      applied = true;
      await afterApply(action!.id);
    }
    await ask(tenantId, queries, queries.length * 3);
  }
  return reread(rig, tenantId, action!.id);
}

describe('CacheWarming', () => {
  it('keeps answers of frequent keys, proven by pairs of keys', async () => {
    const people = await asked();
    const { tenantId, modelId, keys } = people;
    const ended = await tried(people, { modelId, keys });
    expect(ended).toMatchObject({ state: 'Kept' });
    const entries = await rig.store.withTenant(tenantId, (tx) => tx.cache.entries(ended.id));
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.every((e) => e.enabled)).toBe(true);

    // Planted: a smaller cache that gives up what is asked for all the time.
    const smaller = { operation: 'shrink', of: ended.id, modelId, keys };
    const shrunk = await tried(people, smaller);
    expect(shrunk.state).toBe('RevertedHarm');
    expect(await executors.CacheWarming!.stateHash(rig.deps, tenantId, shrunk)).toBe(shrunk.snapshotHash);
    const again = await rig.store.withTenant(tenantId, (tx) => tx.cache.entries(ended.id));
    expect(again.map((e) => [e.inputHash, e.enabled])).toEqual(entries.map((e) => [e.inputHash, true]));
  }, 1_200_000);

  it('undoes a cache that makes answers slower, and nothing of it is left', async () => {
    const people = await asked();
    const { tenantId, modelId, keys } = people;
    const ended = await tried(people, { modelId, keys }, async (actionId) => {
      // Planted: whoever is served from them waits for the look-up far longer than an answer takes to compute.
      await client.query(
        `create function planted_wait(action uuid, enabled boolean) returns boolean
           language plpgsql volatile cost 100000 as $$
         begin
           if enabled and action = '${actionId}' and current_query() like 'select input_hash%answer as%' then
             perform pg_sleep(0.25);
           end if;
           return true;
         end $$`,
      );
      await client.query(`create policy planted_wait on cached_activation as restrictive for select
        using (planted_wait(action_id, enabled))`);
    });
    expect(ended.state).toBe('RevertedHarm');
    const hash = await executors.CacheWarming!.stateHash(rig.deps, tenantId, ended);
    expect(hash).toBe(ended.snapshotHash);
    expect(await rig.store.withTenant(tenantId, (tx) => tx.cache.entries(ended.id))).toEqual([]);
  }, 1_200_000);
});
