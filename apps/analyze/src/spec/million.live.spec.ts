import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { CycleRow } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { baselineSetting, observe } from '../observe.js';

const rows = 1_000_000;
const earlierRows = 200_000;
const operations = ['search', 'similar', 'attend', 'path', 'synthesise', 'generate'];
/** 1 to 4, 5 to 16 and more tokens: as many strata of each operation. */
const sizes = 3;
const secondsMax = 5;

let test: TestStore;
let cycle: CycleRow;
let modelId: string;
beforeAll(async () => {
  test = await openTestStore();
  const { store, tenantId, urls } = test;
  ({ cycle, modelId } = await store.withTenant(tenantId, async (tx) => {
    const asked = { id: newId(), scope: 'full' as const, requestedBy: 'test', dueAt: new Date() };
    const requested = await tx.cycles.request(asked);
    return { cycle: requested.cycle, modelId: (await tx.models.ensureNative()).id };
  }));
  const client = new pg.Client({ connectionString: urls.superuserUrl! });
  await client.connect();
  // Six operations in three size classes, a third of the requests from the cache, one in 500 an error, one in 100,000 ten times as slow.
  const fill = `insert into inference_request (tenant_id, id, model_id, operation, input_hash, input, started_at,
      duration_ms, tokens, status, cache_hit, result_count, trace_id, span_id)
    select $1, gen_random_uuid(), $2, ($3::text[])[1 + i % ${operations.length}],
      encode(sha256((i % 2000)::text::bytea), 'hex'), '{"query":"words of query ' || i % 2000 || '","limit":10}',
      now() - interval '1 hour' * ($4 + 23 * random()),
      exp(2 + random()) * case when i % 3 = 0 then 0.05 else 1 end * case when i % 100000 = 77 then 10 else 1 end,
      1 + i % 20,
      case when i % 500 = 0 then 'error' else 'ok' end, i % 3 = 0, 10, md5(i::text), left(md5(i::text), 16)
    from generate_series(1, $5::int) i`;
  await client.query(fill, [tenantId, modelId, operations, 0, rows]);
  await client.query(fill, [tenantId, modelId, operations, 24, earlierRows]);
  await client.query('vacuum analyze inference_request');
  await client.end();
}, 240_000);
afterAll(() => test?.close(), 60_000);

describe('a store with a million requests in the window', () => {
  it('is observed in seconds, all rows counted', async () => {
    const { store, tenantId } = test;
    const seconds: number[] = [];
    for (let run = 0; run < 5; run++) {
      const started = performance.now();
      const { document, baselines } = await observe(store, tenantId, cycle, 1);
      seconds.push((performance.now() - started) / 1_000);
      expect(document.strata).toHaveLength(operations.length * sizes);
      expect(document.strata.reduce((sum, s) => sum + s.count, 0)).toBe(rows);
      expect(document.strata.reduce((sum, s) => sum + s.errors, 0)).toBe(rows / 500);
      // From the second run on each stratum is compared with a baseline that was faster: a regression, with its rows.
      for (const [stratum, baseline] of baselines) {
        const faster = { ...baseline, lnMedian: baseline.lnMedian - 1, hours: {}, worse: [true, true, true] };
        await store.withTenant(tenantId, (tx) =>
          tx.settings.set(baselineSetting(stratum), JSON.stringify(faster), 'test'),
        );
      }
      for (const finding of document.findings) expect(finding.rowIds.length).toBeGreaterThan(0);
      const kinds = new Set(document.findings.map((f) => f.kind));
      if (run > 0) expect([...kinds]).toEqual(expect.arrayContaining(['regression', 'anomalous-requests']));
    }
    console.log(`${rows} requests observed in ${seconds.map((s) => s.toFixed(2)).join(', ')} s`);
    expect(seconds.toSorted((a, b) => a - b)[2]).toBeLessThan(secondsMax);
  }, 300_000);
});
