import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import type { ActionRow } from '@hartonomous/store';
import pg from 'pg';
import { advanceAction } from '../advance-action.js';
import { checkPlan, needsPerson } from '../limits.js';
import { candidateOf, envelope, reread, started, startRig, type Rig } from './rig.js';

const hourMs = 3_600_000;
/** So many that building the index takes more than a minute by the executor's estimate, and is heavy. */
const manyRows = 15_000_000;

let rig: Rig;
let client: pg.Client;
beforeAll(async () => {
  rig = await startRig({ scale: 1 });
  client = new pg.Client({ connectionString: rig.superuserUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await rig?.close();
});

/** So many requests in the middle of each hour back from now; the first one is the current hour. */
async function asked(tenantId: string, perHour: number[]): Promise<void> {
  const { id } = await rig.store.withTenant(tenantId, (tx) => tx.models.ensureNative());
  await client.query(
    `insert into inference_request (tenant_id, id, model_id, operation, input_hash, input, started_at, duration_ms,
       status, cache_hit, result_count)
     select $1, gen_random_uuid(), $2, 'search', 'x', '{"query":"x","limit":10}',
       now() - make_interval(secs => (h.hour - 0.5) * 3600), 1, 'ok', false, 0
       from unnest($3::int[]) with ordinality h(n, hour), generate_series(1, h.n)`,
    [tenantId, id, perHour],
  );
}

const heavy = () =>
  candidateOf('IndexOptimization', {
    parameters: {
      tableRows: manyRows,
      definition: { name: `earned_h_${newId().slice(-8)}`, table: 'session', columns: ['started_at'] },
    },
  });

const due = (tenantId: string, action: ActionRow, blockNo = 0) =>
  envelope('loop.evidence.block.due', tenantId, { cycleId: action.cycleId, actionId: action.id, blockNo });

const reasonsOf = async (tenantId: string, { id }: ActionRow): Promise<string[]> =>
  (await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(id))).map((step) => step.reason);

describe('heavy work', () => {
  it('waits for an hour at or below the median, holding no cycle open, and then begins', async () => {
    const tenantId = await rig.tenant();
    await asked(tenantId, [40, ...Array.from({ length: 40 }, () => 20)]);
    const [action] = await started(rig, tenantId, [heavy()]);
    expect(action!.state).toBe('Scheduled');
    expect((await reasonsOf(tenantId, action!)).join()).toMatch(
      /low-load window: 40 requests in the last hour/,
    );
    await advanceAction(rig.deps, due(tenantId, action!));
    const waiting = await reread(rig, tenantId, action!.id);
    expect(waiting).toMatchObject({ state: 'Scheduled', appliedAt: null, progress: { parked: true } });
    expect(String(waiting.progress['waitsFor'])).toMatch(/^low-load-window: /);

    const quieter = { ...rig.deps, now: () => new Date(Date.now() + hourMs) };
    await advanceAction(quieter, due(tenantId, action!, 1));
    const begun = await reread(rig, tenantId, action!.id);
    expect(begun.state).toBe('Verifying');
    expect((await reasonsOf(tenantId, action!)).join()).toMatch(
      /heavy: 0 requests in the last hour, 20 in the/,
    );
    await advanceAction(quieter, due(tenantId, action!, 2));
  });

  it('is allowed where the load is not known, which is said, and light work does not ask', async () => {
    const tenantId = await rig.tenant();
    await asked(tenantId, [40, 20, 20]);
    const [action] = await started(rig, tenantId, [heavy()]);
    await advanceAction(rig.deps, due(tenantId, action!));
    expect((await reread(rig, tenantId, action!.id)).state).toBe('Verifying');
    expect((await reasonsOf(tenantId, action!)).join()).toMatch(
      /load not known \(\d+ whole hours of history/,
    );
  });

  it('ends when no quiet hour comes within a day', async () => {
    const tenantId = await rig.tenant();
    await asked(tenantId, [40, ...Array.from({ length: 40 }, () => 20)]);
    const [action] = await started(rig, tenantId, [heavy()]);
    const progress = { ...action!.progress, startedAt: Date.now() - 25 * hourMs };
    await rig.store.withTenant(tenantId, (tx) => tx.actions.saveProgress(action!, progress));
    await advanceAction(rig.deps, due(tenantId, action!));
    expect((await reread(rig, tenantId, action!.id)).state).toBe('Expired');
  });
});

describe('limits when an action begins', () => {
  const light = (column: string, tableRows = 0) =>
    candidateOf('IndexOptimization', {
      parameters: {
        tableRows,
        definition: { name: `earned_l_${newId().slice(-8)}`, table: 'session', columns: [column] },
      },
    });

  it('hold what was approved in bulk to so many changes an hour', async () => {
    const tenantId = await rig.tenant();
    const [action] = await started(rig, tenantId, [light('outcome')]);
    // Twelve others were applied since it was scheduled.
    await client.query(
      `insert into action (tenant_id, id, cycle_id, hypothesis_id, type, target, target_class, design, action_class,
         state, plan_hash, parameters, progress, reason, expected, exposure, applied_at)
       select tenant_id, gen_random_uuid(), cycle_id, gen_random_uuid(), 'CacheWarming', 'planted', 'answers',
         'matched-key-pairs', 'A', 'RevertedNoBenefit', plan_hash, '{}', '{}', 'planted', expected, exposure, now()
         from action, generate_series(1, 12) where id = $1`,
      [action!.id],
    );
    await advanceAction(rig.deps, due(tenantId, action!));
    const waiting = await reread(rig, tenantId, action!.id);
    expect(waiting).toMatchObject({ state: 'Scheduled', appliedAt: null });
    expect(String(waiting.progress['waitsFor'])).toMatch(/^actions-per-hour: 12 actions/);
  });

  it('hold the storage to what is in place, however long ago it was kept', async () => {
    const tenantId = await rig.tenant();
    const [action] = await started(rig, tenantId, [light('outcome')]);
    const kept = newId();
    await client.query(
      `insert into action (tenant_id, id, cycle_id, hypothesis_id, type, target, target_class, design, action_class,
         state, plan_hash, parameters, inverse, snapshot_hash, progress, reason, expected, exposure, created_at)
       select tenant_id, case when n = 1 then $2::uuid else gen_random_uuid() end, cycle_id, gen_random_uuid(),
         'IndexOptimization', 'planted', 'index', 'replay', 'B', case when n = 1 then 'Kept' else 'Gated' end, plan_hash, '{}',
         inverse, snapshot_hash, '{"applied":{"sizeBytes":2147483648}}', 'planted', expected, exposure,
         case when n = 1 then now() - interval '90 days' else now() end
         from action, generate_series(1, 300) n where id = $1`,
      [action!.id, kept],
    );
    // By its estimate the new one still has its place; what was built has not.
    await advanceAction(rig.deps, due(tenantId, action!));
    expect((await reread(rig, tenantId, action!.id)).state).toBe('Reverting');
    expect((await reasonsOf(tenantId, action!)).at(-1)).toMatch(/^storage-budget: it takes \d+ bytes/);
    await advanceAction(rig.deps, due(tenantId, action!, 1));
    expect((await reread(rig, tenantId, action!.id)).state).toBe('Inconclusive');

    await client.query(`update action set progress = $2 where id = $1`, [
      kept,
      '{"applied":{"sizeBytes":2147483649}}',
    ]);
    await rig.store.withTenant(tenantId, async (tx) => {
      const [cycle] = await tx.cycles.latest(1);
      await tx.cycles.advance(cycle!.id, cycle!.epoch, 'Acting', 'Learned');
    });
    const [next] = await started(rig, tenantId, [light('outcome', 1_000)]);
    expect(next!.state).toBe('Gated');
    expect((await reasonsOf(tenantId, next!)).at(-1)).toMatch(/^storage-budget/);
  });

  it('ask a person where the plan itself says that it touches more, and then let it pass', async () => {
    const tenantId = await rig.tenant();
    const [plain] = await started(rig, tenantId, [light('outcome')]);
    const wide = {
      objects: Array.from({ length: 60 }, (_, i) => `o${i}`),
      objectsOfKind: 100,
      storageBytes: 0,
      applySeconds: 0,
      heavy: false,
    };
    const stated = { ...plain!, parameters: { ...plain!.parameters, objectShare: 0.6 } };
    await rig.store.withTenant(tenantId, async (tx) => {
      const refused = await checkPlan(rig.deps, tx, plain!, wide);
      expect(refused).toMatchObject({ within: false, code: 'blast-radius' });
      expect(needsPerson(refused, plain!)).toBe(false);
      const asks = await checkPlan(rig.deps, tx, stated, wide);
      expect(asks).toMatchObject({ within: false, code: 'blast-radius' });
      expect(needsPerson(asks, stated)).toBe(true);
      const approved = { ...stated, approvedBy: [newId()] };
      expect(await checkPlan(rig.deps, tx, approved, wide)).toMatchObject({ within: true });
      expect(await checkPlan(rig.deps, tx, { ...plain!, approvedBy: [newId()] }, wide)).toMatchObject({
        within: false,
      });
    });
  });
});
