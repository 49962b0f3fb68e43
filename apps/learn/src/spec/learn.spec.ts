import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId, type Candidate } from '@hartonomous/contracts';
import { isHeldOut } from '@hartonomous/loop';
import { openStore, type ActionRow } from '@hartonomous/store';
import type { TestStore } from '@hartonomous/store/testing';
import { FakeClock } from '@hartonomous/testing';
import pg from 'pg';
import { holdOutBenefit } from '../hold-out.js';
import type { LearnHandler } from '../learn.handler.js';
import { requestRescores } from '../rescoring.js';
import { measureRunningCost } from '../running-cost.js';
import { scoreAction } from '../score-action.js';
import { message, startRig, type Rig } from './rig.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

const hourMs = 3_600_000;

let rig: Rig;
let test: TestStore;
let handler: LearnHandler;
let tenant: Rig['tenant'];
let concluded: Rig['concluded'];
beforeAll(async () => {
  rig = await startRig();
  ({ test, handler, tenant, concluded } = rig);
});
afterAll(() => rig?.close());

describe('learn', () => {
  it('learns a kept action once: belief, history, forecast, calibration; and closes its cycle', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 0.6);
    const first = message(tenantId, action);
    await handler.onConcluded(first);
    await handler.onConcluded(first);
    const read = await test.store.withTenant(tenantId, async (tx) => ({
      history: await tx.history.latest(10),
      beliefs: await tx.beliefs.all(),
      brier: await tx.analysis.metrics('calibration.brier', 5),
      cycle: await tx.cycles.get(action.cycleId),
      audit: (await tx.audit.latest(20)).map((row) => row.what),
      samples: await tx.training.approvedSamples(7, action.createdAt, 5),
    }));
    expect(read.history).toHaveLength(1);
    // 34 % proven of 360 s an hour, less the replays.
    expect(read.history[0]!.netGainSeconds).toBeGreaterThan(100);
    expect(read.history[0]!.successScore).toBe(1);
    expect(read.history[0]!.document).toMatchObject({
      who: ['loop'],
      what: 'IndexOptimization of atom_term(tenant_id, term)',
      why: 'test',
      effect: { unit: 'ratio' },
    });
    expect(read.samples).toMatchObject([
      {
        prompt: 'IndexOptimization of atom_term(tenant_id, term)',
        output: 'test',
        source: 'loop',
        score: 10,
      },
    ]);
    expect(read.beliefs.map((b) => [b.kind, b.trials])).toEqual(
      expect.arrayContaining([
        ['arm', 1],
        ['type', 1],
      ]),
    );
    // Cold start: a third, so (1/3 - 1)^2.
    expect(read.brier[0]!.value).toBeCloseTo(4 / 9, 5);
    expect(read.cycle).toMatchObject({ state: 'Learned' });
    expect(read.audit).not.toContain('alarm.verdict-differs');
    const next = (await test.store.withTenant(tenantId, (tx) => tx.cycles.latest(1)))[0]!;
    const minutes = (next.dueAt.getTime() - Date.now()) / 60_000;
    expect(next.state).toBe('Requested');
    expect(minutes).toBeGreaterThan(4);
    expect(minutes).toBeLessThanOrEqual(60.1);
  });

  it('raises an alarm when the rows do not lead to the stored verdict', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 1.5);
    await handler.onConcluded(message(tenantId, action));
    const audit = await test.store.withTenant(tenantId, (tx) => tx.audit.latest(20));
    expect(audit.map((row) => row.what)).toContain('alarm.verdict-differs');
  });

  it('scores harm below one half and counts its cost', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'RevertedHarm', 1.5);
    const rows = await test.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    const scored = scoreAction(action, rows, 0);
    expect(scored.agrees).toBe(true);
    expect(scored.successScore).toBeLessThan(0.5);
    expect(scored.netGain.net).toBeLessThan(0);
  });
});

describe('re-scoring', () => {
  it('comes due at 24 h and 7 d, holds what still gains and un-keeps what has decayed', async () => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 0.6);
    await handler.onConcluded(message(tenantId, action));
    await rig.outboxOf(tenantId);
    const clock = new FakeClock(action.concludedAt!.getTime());
    const due = () => requestRescores(test.store, tenantId, clock.now(), 1);
    await clock.advance(23 * hourMs);
    expect(await due()).toBe(0);
    await clock.advance(hourMs);
    expect(await due()).toBe(1);
    expect(await due()).toBe(0);
    const asked = (await rig.outboxOf(tenantId)).filter((row) => row.name === 'loop.evidence.block.due');
    expect(asked.at(-1)!.refs).toMatchObject({ actionId: action.id, blockNo: 1_000 });
    await rig.remeasured(tenantId, action, 1, 0.6);
    const held = await test.store.withTenant(tenantId, (tx) => tx.history.latest(1));
    expect(held[0]!.document).toMatchObject({ rescoredAfterHours: 24, decision: 'hold' });

    await clock.advance(144 * hourMs);
    expect(await due()).toBe(1);
    await rig.remeasured(tenantId, action, 2, 1);
    const [last] = await test.store.withTenant(tenantId, (tx) => tx.history.latest(1));
    expect(last!.document).toMatchObject({ rescoredAfterHours: 168, decision: 'unkeep' });
    expect(last!.netGainSeconds).toBe(0);
    const unkeep = (await rig.outboxOf(tenantId)).filter(
      (row) => row.name === 'loop.action.unkeep.requested',
    );
    expect(unkeep).toHaveLength(1);
    // The rows of re-scorings leave the first verdict as it was.
    const rows = await test.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    expect(scoreAction(action, rows, 0)).toMatchObject({ agrees: true, fromRows: 'Kept' });
  });
});

describe('what cannot be measured again', () => {
  const settledAt24h = async (patch: Partial<Candidate>, prepare?: (action: ActionRow) => Promise<void>) => {
    const tenantId = await tenant();
    const action = await concluded(tenantId, 'Kept', 0.6, patch);
    await handler.onConcluded(message(tenantId, action));
    await prepare?.(action);
    const clock = new FakeClock(action.concludedAt!.getTime());
    await clock.advance(24 * hourMs);
    expect(await requestRescores(test.store, tenantId, clock.now(), 1)).toBe(1);
    // Act concludes such a round without a pair.
    await handler.onConcluded(message(tenantId, action));
    const read = await test.store.withTenant(tenantId, async (tx) => ({
      last: (await tx.history.latest(1))[0]!,
      state: (await tx.actions.get(action.id))!.state,
    }));
    expect(read.state).toBe('Kept');
    expect(read.last.document).toMatchObject({ rescoredAfterHours: 24, decision: 'undecided', pairs: 0 });
    expect(read.last.netGainSeconds).toBe(0);
    return String(read.last.document['reason']);
  };

  it('says so of kept answers and of a dropped index, and leaves them kept', async () => {
    const definition = { name: 'earned_gone', table: 'session', columns: ['outcome'] };
    expect(await settledAt24h({ parameters: { operation: 'drop', definition } })).toBe(
      'not measured again: the index is gone, and without it there is nothing to compare with',
    );
    const cache = { type: 'CacheWarming', design: 'matched-key-pairs', actionClass: 'A' } as const;
    expect(await settledAt24h(cache)).toMatch(/no[nt].* compare with; 0 are in the cache/);
    expect(await settledAt24h({})).toBe('not measured again: no pair of blocks came together');
  });
});

describe('running cost', () => {
  const definition = { name: 'earned_session_outcome', table: 'session', columns: ['outcome'] };

  it("of an index is its writes by the engine's counters, the time per entry of its build, and its size", async () => {
    const tenantId = await tenant();
    const client = new pg.Client({ connectionString: test.urls.superuserUrl! });
    await client.connect();
    try {
      // The engine gathering statistics by itself would start its counter anew.
      await client.query('alter table session set (autovacuum_enabled = false)');
      await client.query('analyze session');
      await client.query(
        `insert into session (tenant_id, id, started_at, outcome)
         select $1, gen_random_uuid(), now(), 'success' from generate_series(1, 2000)`,
        [tenantId],
      );
      await client.query('select pg_stat_force_next_flush()');
      await client.query('select 1');
    } finally {
      await client.end();
    }
    await test.store.maintenance.createIndex(definition, { lockTimeoutMs: 30_000 });
    const action = await concluded(
      tenantId,
      'Kept',
      0.6,
      { parameters: { definition } },
      { applied: { buildMs: 20 } },
    );
    const inAnHour = new Date(Date.now() + hourMs);
    await test.store.withTenant(tenantId, (tx) => tx.analysis.endedSessions(new Date(0), new Date(), 1));
    const cost = await measureRunningCost(test.store, tenantId, action, inAnHour);
    expect(cost.notCounted).toEqual([]);
    expect(cost.bytes).toBeGreaterThan(8_192);
    // 2,000 writes in about an hour; 20 ms for the 2,000 entries.
    expect(cost.writesPerHour).toBeGreaterThan(1_000);
    expect(cost.writesPerHour).toBeLessThanOrEqual(2_000);
    expect(cost.msPerWrite).toBeCloseTo(20 / 2_000, 3);
    expect(cost.perHour).toBeGreaterThan((cost.writesPerHour * cost.msPerWrite) / 1_000);
    const evidence = await test.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    const [free, dear] = [0, cost.perHour].map((c) => scoreAction(action, evidence, c).netGain.net);
    expect(free! - dear!).toBeCloseTo(cost.perHour, 10);
  });

  it('names what nobody could count', async () => {
    const tenantId = await tenant();
    const gone = { ...definition, name: 'earned_never_built' };
    const action = await concluded(tenantId, 'Kept', 0.6, { parameters: { definition: gone } });
    const cost = await measureRunningCost(test.store, tenantId, action, new Date());
    expect(cost).toMatchObject({ perHour: 0, notCounted: ['the index earned_never_built: it is not there'] });
    await handler.onConcluded(message(tenantId, action));
    const [last] = await test.store.withTenant(tenantId, (tx) => tx.history.latest(1));
    expect(last!.document).toMatchObject({ runningCost: { notCounted: cost.notCounted } });
  });

  it('is named as not counted where the login may not read the counters', async () => {
    const tenantId = await tenant();
    const action = await concluded(
      tenantId,
      'Kept',
      0.6,
      { parameters: { definition } },
      { applied: { buildMs: 20 } },
    );
    const { url, systemUrl } = test.urls;
    const humble = await openStore({ url, systemUrl, applicationName: 'test' });
    try {
      const cost = await measureRunningCost(humble, tenantId, action, new Date(Date.now() + hourMs));
      expect(cost.writesPerHour).toBe(0);
      expect(cost.notCounted.length).toBeGreaterThan(0);
    } finally {
      await humble.close();
    }
  });

  it('of kept answers is the memory they take, at the price that is set', async () => {
    const tenantId = await tenant();
    const parameters = { modelId: newId(), keys: [] };
    const action = await concluded(tenantId, 'Kept', 0.6, { type: 'CacheWarming', parameters });
    await test.store.withTenant(tenantId, async (tx) => {
      const entries = ['a', 'b'].map((key) => ({
        inputHash: key.repeat(64),
        output: 'x'.repeat(1_000),
        computeMs: 5,
      }));
      const until = new Date(Date.now() + hourMs);
      await tx.cache.load(parameters.modelId, 0, action.id, entries, until);
      await tx.settings.set('learn.storage-seconds-per-gib-hour', String(2 ** 30), 'test');
    });
    const cost = await measureRunningCost(test.store, tenantId, action, new Date());
    expect(cost).toMatchObject({ bytes: 2_000, perHour: 2_000, notCounted: [] });
  });
});

describe('hold-out', () => {
  it('compares held-out keys with the others, with an interval; none while a side is small', () => {
    const keys = Array.from({ length: 400 }, (_, i) => {
      const inputHash = `key${i}`;
      const ms = (isHeldOut('t', inputHash) ? 100 : 50) * (1 + (i % 10) / 50);
      return { inputHash, input: { query: 'q', limit: 10 }, count: 5, meanMs: ms, cacheHits: 0 };
    });
    const benefit = holdOutBenefit(keys, 't')!;
    expect(benefit.ratio).toBeCloseTo(0.5, 1);
    expect(benefit.low).toBeLessThan(benefit.ratio);
    expect(benefit.high).toBeLessThan(1);
    expect(benefit.heldOutKeys).toBeGreaterThanOrEqual(5);
    expect(holdOutBenefit(keys.slice(0, 4), 't')).toBeNull();
  });
});
