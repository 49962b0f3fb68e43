import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { observe } from '../observe.js';

const rows = 1_000_000;
const secondsMax = 5;

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
}, 60_000);
afterAll(() => test?.close(), 60_000);

describe('a store with a million requests', () => {
  it('is observed in seconds, all rows counted', async () => {
    const { store, tenantId, urls } = test;
    const { modelId, cycle } = await store.withTenant(tenantId, async (tx) => {
      const model = await tx.models.ensureNative();
      const { cycle } = await tx.cycles.request({
        id: newId(),
        scope: 'full',
        requestedBy: 'test',
        dueAt: new Date(),
      });
      return { modelId: model.id, cycle };
    });
    const client = new pg.Client({ connectionString: urls.superuserUrl! });
    await client.connect();
    await client.query(
      `insert into inference_request (tenant_id, id, model_id, operation, input_hash, input, started_at, duration_ms,
         status, cache_hit, result_count)
       select $1, gen_random_uuid(), $2, 'search', md5((i % 2000)::text), '{"query":"q","limit":10}',
         now() - interval '23 hours' * random(), exp(2 + random()), case when i % 500 = 0 then 'error' else 'ok' end,
         false, 10
       from generate_series(1, ${rows}) i`,
      [tenantId, modelId],
    );
    await client.query('vacuum analyze inference_request');
    await client.end();
    const started = performance.now();
    const observed = await observe(store, tenantId, cycle, 1);
    const seconds = (performance.now() - started) / 1_000;
    console.log(`1,000,000 requests observed in ${seconds.toFixed(2)} s`);
    expect(observed.document.strata[0]).toMatchObject({ count: rows, errors: rows / 500 });
    expect(seconds).toBeLessThan(secondsMax);
  }, 300_000);
});
