import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ActionRow } from '@hartonomous/store';
import pg from 'pg';
import { rolledBack, replayPairs } from '../evidence/replay-pairs.js';
import { sampleWrites, writeAgain } from '../evidence/replayed-writes.js';
import { recordRequests } from './recorded-requests.js';
import {
  candidateOf,
  dispatchDue,
  ingestParagraphs,
  pump,
  reread,
  started,
  startRig,
  type Rig,
} from './rig.js';

const name = 'earned_planted_writes';

let rig: Rig;
let client: pg.Client;
let tenantId: string;
let queries: string[];
beforeAll(async () => {
  rig = await startRig();
  client = new pg.Client({ connectionString: rig.superuserUrl });
  await client.connect();
  tenantId = await rig.tenant();
  queries = await ingestParagraphs(rig, tenantId, 24);
  await recordRequests(rig, tenantId, queries);
});
afterAll(async () => {
  await client?.end();
  await rig?.close();
});

const rowsIn = async (...tables: string[]): Promise<string[]> => {
  const counts: string[] = [];
  for (const table of tables) {
    const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${table}`);
    counts.push(`${table} ${rows[0]!.n}`);
  }
  return counts;
};

const filled = [
  'atom',
  'atom_term',
  'atom_embedding_staging',
  'atom_source',
  'source',
  'tenant_atom',
  'inference_request',
  'inference_step',
  'session',
  'session_path',
];

/** From now on every entry that the index of this name gets is refused: a write that meets it fails. */
async function plantRefusal(): Promise<void> {
  const body = (text: string) =>
    client.query(
      `create or replace function planted_refusal(n integer) returns integer language plpgsql immutable as $$
       begin ${text} return n; end $$`,
    );
  await body('');
  await client.query(`drop index ${name}`);
  await client.query(`create index ${name} on atom_term (planted_refusal(tf))`);
  await body(`raise exception 'planted';`);
}

/** As if the A/A pairs had been measured already. */
async function calibrated(actionId: string): Promise<void> {
  const ms = Array.from({ length: 20 }, () => 10);
  const row = { actionId, kind: 'AA' as const, control: ms, treated: ms, order: 'mixed' as const };
  const counts = { errorsControl: 0, errorsTreated: 0, countControl: 20, countTreated: 20 };
  await rig.store.withTenant(tenantId, (tx) =>
    tx.actions.addEvidence(
      Array.from({ length: 10 }, (_, pairNo) => ({ ...row, ...counts, pairNo, measuredAt: new Date() })),
    ),
  );
}

describe('replayed writes', () => {
  it.each(['atom_term', 'session_path'])(
    'fill %s as the product does, and leave nothing behind',
    async (table) => {
      const samples = await sampleWrites(rig.deps, tenantId, 'seed', table);
      expect(samples.length).toBeGreaterThan(0);
      const before = await rowsIn(...filled);
      const done = await rig.store.maintenance.replay(
        tenantId,
        { watched: [], hidden: false, writes: true },
        async (tx) => {
          const written = async () =>
            samples[0]!.kind === 'ingestion'
              ? (await tx.ingestion.corpusSize()).files
              : tx.requests.count(new Date(0), new Date(Date.now() + 60_000));
          const first = await written();
          for (const sample of samples) await writeAgain(tx, sample);
          // Twice the same sample are two writes.
          await writeAgain(tx, samples[0]!);
          return (await written()) - first;
        },
      );
      expect(done).toEqual({ value: samples.length + 1 });
      expect(await rowsIn(...filled)).toEqual(before);
    },
  );

  it('are not known for tables that only the loop writes', async () => {
    expect(await sampleWrites(rig.deps, tenantId, 'seed', 'belief')).toEqual([]);
    const parameters = { definition: { name: 'earned_belief', table: 'belief', columns: ['trials'] } };
    const [action] = await started(rig, tenantId, [candidateOf('IndexOptimization', { parameters })]);
    const ended = await pump(rig, tenantId, action!.id);
    expect(ended.state).toBe('Inconclusive');
    expect(String(ended.progress['verdictReason'])).toMatch(
      /0 of \d+ captured requests use the index, and no write of belief can be replayed/,
    );
  });

  it('meet an index in one arm only; the writes that it makes fail are counted, and it is undone', async () => {
    await rig.store.withTenant(tenantId, async (tx) => {
      const [cycle] = await tx.cycles.latest(1);
      await tx.cycles.advance(cycle!.id, cycle!.epoch, 'Acting', 'Learned');
    });
    const parameters = { definition: { name, table: 'atom_term', columns: ['tf'] } };
    const [action] = await started(rig, tenantId, [candidateOf('IndexOptimization', { parameters })]);
    while ((await reread(rig, tenantId, action!.id)).state !== 'Verifying') await dispatchDue(rig, tenantId);
    await plantRefusal();
    await calibrated(action!.id);
    const ended = await pump(rig, tenantId, action!.id);
    expect(ended.state).toBe('RevertedHarm');
    const reason = String(ended.progress['verdictReason']);
    expect(reason).toMatch(/guardrail: errors: \d+ of \d+ treated requests failed/);
    expect(reason).toMatch(/Measured on replayed writes of atom_term, since 0 of \d+ captured requests use/);
    const rows = await rig.store.withTenant(tenantId, (tx) => tx.actions.evidence(action!.id));
    expect(rows.every((row) => row.errorsControl === 0 && row.control.length === 20)).toBe(true);
    expect(rows.filter((row) => row.kind === 'AB').every((row) => row.errorsTreated === 20)).toBe(true);
    const { rows: left } = await client.query('select 1 from pg_class where relname = $1', [name]);
    expect(left).toEqual([]);
  });
});

describe('a request that fails in a replay', () => {
  const action = { id: '00000000-0000-4000-8000-000000000001' } as ActionRow;
  const known = Array.from({ length: 10 }, () => ({ kind: 'AA' }) as never);

  it('is counted in its arm, and the others are measured', async () => {
    let hidden = false;
    const inArm = rolledBack(rig.deps, tenantId, (arm) => {
      hidden = arm === 'control';
      return { watched: [], hidden };
    });
    const run = async (tx: Parameters<typeof writeAgain>[0], n: number) => {
      if (n === 3 && !hidden) await tx.settings.get('x\u0000');
      return tx.now();
    };
    const deps = { ...rig.deps, stepMs: 0 };
    const found = await replayPairs(deps, tenantId, action, { requests: [1, 2, 3, 4], inArm, run }, known);
    if (found.kind !== 'pairs') throw new Error(found.kind);
    const [row] = found.rows;
    expect(row).toMatchObject({ kind: 'AB', errorsControl: 0, countTreated: 20 });
    expect(row!.control).toHaveLength(20);
    expect(row!.errorsTreated).toBeGreaterThan(0);
    expect(row!.treated).toHaveLength(20 - row!.errorsTreated);
  });

  it('is no evidence when the store itself does not answer', async () => {
    const inArm = rolledBack(rig.deps, tenantId, () => ({ watched: [], hidden: false }));
    const store = { ...rig.store, withTenant: () => Promise.reject(new Error('gone')) };
    const run = () => Promise.reject(new Error('broken'));
    const deps = { ...rig.deps, store, stepMs: 0 };
    await expect(replayPairs(deps, tenantId, action, { requests: [1], inArm, run }, known)).rejects.toThrow(
      'gone',
    );
  });
});
