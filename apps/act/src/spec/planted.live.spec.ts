import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRow } from '@hartonomous/store';
import pg from 'pg';
import { candidateOf, ingestParagraphs, pump, started, startRig, type Rig } from './rig.js';
import { recordRequests } from './recorded-requests.js';

/** Rows of the table that the planted causes and harms are about. */
const termRows = 300_000;

let rig: Rig;
let client: pg.Client;
let tenantId: string;
beforeAll(async () => {
  rig = await startRig();
  client = new pg.Client({ connectionString: rig.superuserUrl });
  await client.connect();
  tenantId = await rig.tenant();
  const queries = await ingestParagraphs(rig, tenantId, 16);
  // Terms of atoms that no search returns: they make a scan of the table long.
  await client.query(
    `insert into atom_term (tenant_id, atom_id, term, tf)
     select $1, gen_random_uuid(), 'filler' || (i % 900), 1 from generate_series(1, ${termRows}) i`,
    [tenantId],
  );
  await client.query('vacuum analyze atom_term');
  await recordRequests(rig, tenantId, queries);
}, 120_000);
afterAll(async () => {
  await client?.end();
  await rig?.close();
});

const definition = (name: string, columns: string[]) => ({ name, table: 'atom_term', columns });
const indexNames = async (): Promise<string[]> => (await rig.store.maintenance.indexes()).map((i) => i.name);

async function tried(type: 'IndexOptimization' | 'QueryRegression', parameters: Record<string, unknown>) {
  await rig.store.withTenant(tenantId, async (tx) => {
    const [cycle] = await tx.cycles.latest(1);
    if (cycle && cycle.state === 'Acting')
      await tx.cycles.advance(cycle.id, cycle.epoch, 'Acting', 'Learned');
  });
  const [action] = await started(rig, tenantId, [candidateOf(type, { parameters })]);
  const ended = await pump(rig, tenantId, action!.id, 500_000);
  console.log(action!.type, ended.state, ended.pairs, String(ended.progress['verdictReason']));
  return { action: action!, ended };
}

const stateOf = async (action: ActionRow): Promise<string> => {
  const { executors } = await import('../executors/registry.js');
  return executors[action.type]!.stateHash(rig.deps, tenantId, action);
};

describe('IndexOptimization', () => {
  it('keeps an index that requests were missing, proven by pairs', async () => {
    const parameters = {
      tableRows: termRows,
      definition: definition('earned_planted', ['tenant_id', 'term']),
    };
    const { ended } = await tried('IndexOptimization', parameters);
    expect(ended).toMatchObject({ state: 'Kept', verdict: 'Kept' });
    expect(ended.effect!.high).toBeLessThan(1);
    expect(await indexNames()).toContain('earned_planted');
  }, 600_000);

  it('undoes an index that only costs writes, and the table is as before', async () => {
    const parameters = { tableRows: termRows, definition: definition('earned_useless', ['tf']) };
    const { action, ended } = await tried('IndexOptimization', parameters);
    expect(['Inconclusive', 'RevertedNoBenefit', 'RevertedHarm']).toContain(ended.state);
    expect(await stateOf(action)).toBe(action.snapshotHash);
    expect(await indexNames()).not.toContain('earned_useless');
  }, 600_000);

  it('drops an earned index that nothing uses, and keeps one that requests need', async () => {
    const unused = definition('earned_unused', ['tf', 'atom_id']);
    await rig.store.maintenance.createIndex(unused, { lockTimeoutMs: 10_000 });
    const dropped = await tried('IndexOptimization', { operation: 'drop', definition: unused });
    // Not worse by more than the margin takes quiet to prove; where there is none, the index is back.
    expect(['Kept', 'Inconclusive']).toContain(dropped.ended.state);
    expect((await indexNames()).includes('earned_unused')).toBe(dropped.ended.state === 'Inconclusive');
    const needed = definition('earned_planted', ['tenant_id', 'term']);
    const kept = await tried('IndexOptimization', { operation: 'drop', definition: needed });
    expect(kept.ended.state).toBe('RevertedHarm');
    expect(await stateOf(kept.action)).toBe(kept.action.snapshotHash);
    expect(await indexNames()).toContain('earned_planted');
  }, 1_200_000);
});

describe('QueryRegression', () => {
  /** Says that all rows have the same term, so that the planner scans the table whole although an index is there. */
  const plantStale = async () => {
    // Restoring merges: without this the common values that are known would stay.
    await client.query(`select pg_clear_attribute_stats('public', 'atom_term', 'term', false)`);
    await client.query(
      `select pg_restore_attribute_stats('schemaname', 'public', 'relname', 'atom_term', 'attname', 'term',
         'inherited', false, 'null_frac', 0::real, 'avg_width', 8, 'n_distinct', 1::real)`,
    );
  };

  it('keeps fresh statistics where stale ones made the plan slower', async () => {
    await rig.store.maintenance.createIndex(definition('earned_serves', ['tenant_id', 'term']), {
      lockTimeoutMs: 10_000,
    });
    await plantStale();
    const { ended } = await tried('QueryRegression', { table: 'atom_term', tableRows: termRows });
    expect(ended).toMatchObject({ state: 'Kept' });
    const options = await client.query(`select reloptions from pg_class where relname = 'atom_term'`);
    expect(options.rows[0].reloptions).toBeNull();
  }, 600_000);

  it('restores the old statistics where new ones bring nothing', async () => {
    const { action, ended } = await tried('QueryRegression', { table: 'atom_term', tableRows: termRows });
    expect(['RevertedNoBenefit', 'Inconclusive', 'RevertedHarm']).toContain(ended.state);
    expect(await stateOf(action)).toBe(action.snapshotHash);
  }, 1_200_000);

  it('refuses a table with extended statistics', async () => {
    await client.query('create statistics planted_ext on x, y from session_path');
    try {
      const { ended } = await tried('QueryRegression', { table: 'session_path' });
      expect(ended.state).toBe('Gated');
    } finally {
      await client.query('drop statistics planted_ext');
    }
  });
});
