import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, type Finding } from '@hartonomous/contracts';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { observe } from '../observe.js';

const termRows = 200_000;
const callsAnInterval = 25;

let test: TestStore;
let client: pg.Client;
beforeAll(async () => {
  test = await openTestStore();
  client = new pg.Client({ connectionString: test.urls.superuserUrl! });
  await client.connect();
  await client.query(
    `insert into atom_term (tenant_id, atom_id, term, tf)
     select $1, gen_random_uuid(), 'filler' || (i % 900), 1 from generate_series(1, ${termRows}) i`,
    [test.tenantId],
  );
  // What the ingestion would have counted; without it the search has nothing to divide by and reads no terms.
  await client.query(
    `insert into tenant_atom (tenant_id, atom_id, reference_count, length_terms)
     select tenant_id, atom_id, 1, 1 from atom_term limit 5000`,
  );
  await client.query(
    `insert into corpus_state (tenant_id, version, files, atoms, total_length) values ($1, 1, 1, 5000, 5000)
     on conflict (tenant_id) do update set atoms = 5000, total_length = 5000`,
    [test.tenantId],
  );
  await client.query('vacuum analyze atom_term, tenant_atom, corpus_state');
}, 120_000);
afterAll(async () => {
  await client?.end();
  await test?.close();
});

/** One interval of searches, and what a cycle then observes; its metrics are stored as the handler does. */
async function interval(): Promise<Finding[]> {
  const { store, tenantId } = test;
  for (let i = 0; i < callsAnInterval; i++) {
    await store.withTenant(tenantId, (tx) => tx.corpus.bm25([`filler${i}`, 'lease'], {}, 10));
  }
  const cycle = await store.withTenant(tenantId, async (tx) => {
    const asked = { id: newId(), scope: 'full' as const, requestedBy: 'test', dueAt: new Date() };
    return (await tx.cycles.request(asked)).cycle;
  });
  const observed = await observe(store, tenantId, cycle, 1);
  await store.withTenant(tenantId, async (tx) => {
    await tx.analysis.addMetrics(observed.metrics);
    await tx.cycles.advance(cycle.id, cycle.epoch, 'Requested', 'Failed');
  });
  return observed.document.findings;
}

const tablesOf = (finding: Finding): string[] =>
  (finding.facts['tables'] as { table: string }[]).map((t) => t.table);

describe('planted causes', () => {
  it('are observed: a missing index, then a plan that stale statistics made slow', async () => {
    const missing = (await interval()).filter((f) => f.kind === 'missing-index');
    const definitions = missing.map((f) => f.facts['definition'] as { table: string; columns: string[] });
    expect(definitions).toContainEqual(expect.objectContaining({ table: 'atom_term' }));
    expect(definitions.find((d) => d.table === 'atom_term')!.columns).toContain('term');

    const index = { name: 'earned_planted', table: 'atom_term', columns: ['tenant_id', 'term'] };
    await test.store.maintenance.createIndex(index, { lockTimeoutMs: 10_000 });
    for (let i = 0; i < 6; i++) await interval();
    const settled = await interval();
    expect(settled.filter((f) => f.kind === 'missing-index')).toEqual([]);

    await client.query(`select pg_clear_attribute_stats('public', 'atom_term', 'term', false)`);
    await client.query(
      `select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'atom_term', 'attname', 'term',
         'inherited', false, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real)`,
    );
    const regressed = (await interval()).filter((f) => f.kind === 'plan-regression');
    expect(regressed.flatMap(tablesOf)).toContain('atom_term');
    expect(regressed.find((f) => tablesOf(f).includes('atom_term'))!.summary).toMatch(
      /takes [\d.]+ (ms|s) on average/,
    );
  }, 240_000);
});
