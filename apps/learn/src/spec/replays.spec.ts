import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { TenantTransaction } from '@hartonomous/store';
import { FakeClock } from '@hartonomous/testing';
import { globalBenefit, globalName, measureGlobal, type ReplayedAction } from '../global-benefit.js';
import { replayDue, replayEverySetting } from '../global-replays.js';
import { requestRescores } from '../rescoring.js';
import { message, startRig, type Rig } from './rig.js';

jest.setTimeout(300_000);

const hourMs = 3_600_000;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig?.close());

const inTenant = <T>(tenantId: string, work: (tx: TenantTransaction) => Promise<T>) =>
  rig.test.store.withTenant(tenantId, work);
const headline = async (tenantId: string) =>
  (await inTenant(tenantId, (tx) => tx.analysis.metrics(globalName, 1)))[0] ?? null;
const blocksOf = async (tenantId: string) =>
  (await rig.outboxOf(tenantId))
    .filter((row) => row.name === 'loop.evidence.block.due')
    .map((row) => (row.refs as { blockNo: number }).blockNo);

/** A kept action whose re-scorings at 24 h and 7 d were settled, and the clock at 7 d. */
async function keptForAWeek(tenantId: string, patch = {}) {
  const action = await rig.concluded(tenantId, 'Kept', 0.6, patch);
  await rig.handler.onConcluded(message(tenantId, action));
  const clock = new FakeClock(action.concludedAt!.getTime());
  const due = (scale = 1) => requestRescores(rig.test.store, tenantId, clock.now(), scale);
  await clock.advance(168 * hourMs);
  expect(await due()).toBe(2);
  await rig.remeasured(tenantId, action, 1, 0.6);
  await rig.remeasured(tenantId, action, 2, 0.6);
  return { action, clock, due };
}

describe('a kept global action', () => {
  it('is replayed with and without once a week for as long as it is kept, and makes the headline', async () => {
    const tenantId = await rig.tenant();
    const { action, clock, due } = await keptForAWeek(tenantId);
    const first = (await headline(tenantId))!;
    expect(first.value).toBeCloseTo(0.6, 1);
    expect(first.low).toBeLessThan(first.value);
    expect(first.high).toBeLessThan(1);
    expect(first.label).toBe(
      'global actions: 1 of 1 kept, 2400 requests replayed with and without: atom_term(tenant_id, term)',
    );
    await clock.advance(167 * hourMs);
    expect(await due()).toBe(0);
    await clock.advance(hourMs);
    expect(await due()).toBe(1);
    expect(await due()).toBe(0);
    expect(await blocksOf(tenantId)).toContain(3_000);
    await rig.remeasured(tenantId, action, 3, 0.8);
    expect((await headline(tenantId))!.value).toBeCloseTo(0.8, 1);
    const [held] = await inTenant(tenantId, (tx) => tx.history.latest(1));
    expect(held!.document).toMatchObject({ rescoredAfterHours: 336, decision: 'hold', pairs: 60 });
    // A round that ends twice is learned from once.
    const learned = () => inTenant(tenantId, (tx) => Promise.all([tx.history.latest(99), tx.beliefs.all()]));
    const before = await learned();
    await rig.handler.onConcluded(message(tenantId, action));
    expect(await learned()).toEqual(before);

    await clock.advance(168 * hourMs);
    expect(await due()).toBe(1);
    await rig.remeasured(tenantId, action, 4, 1);
    const unkeep = (await rig.outboxOf(tenantId)).filter((r) => r.name === 'loop.action.unkeep.requested');
    expect(unkeep).toHaveLength(1);
    // Act takes it back: nothing is asked for any more, and the headline says that nothing is left.
    await inTenant(tenantId, async (tx) => {
      const kept = (await tx.actions.get(action.id))!;
      await tx.actions.transition(kept, 'Unkept', { name: 'e', reason: 'r', by: 'act', traceId: null });
      await measureGlobal(tx, action.cycleId);
      await measureGlobal(tx, action.cycleId);
    });
    await clock.advance(400 * hourMs);
    expect(await due()).toBe(0);
    expect(await headline(tenantId)).toMatchObject({ value: 1, label: 'global actions: none is kept' });
    const rows = await inTenant(tenantId, (tx) => tx.analysis.metrics(globalName, 9));
    expect(rows.filter((row) => row.label.endsWith('none is kept'))).toHaveLength(1);
  });

  it('is replayed as often as the setting says, divided by the time scale', async () => {
    const tenantId = await rig.tenant();
    const { clock, due } = await keptForAWeek(tenantId);
    await inTenant(tenantId, (tx) => tx.settings.set(replayEverySetting, '24', 'test'));
    await clock.advance(23 * hourMs);
    expect(await due()).toBe(0);
    // 24 h, sixty times as fast: the age of the action is that much greater, too.
    expect(await due(60)).toBe(1);
  });

  it('that was not replayed in time says nothing new, and is asked for again', async () => {
    const tenantId = await rig.tenant();
    const { action, clock, due } = await keptForAWeek(tenantId);
    const before = (await headline(tenantId))!;
    await clock.advance(168 * hourMs);
    expect(await due()).toBe(1);
    await clock.advance(168 * hourMs);
    expect(await due()).toBe(0);
    await clock.advance(168 * hourMs);
    expect(await due()).toBe(1);
    // Act ends the round without a pair.
    await rig.handler.onConcluded(message(tenantId, action));
    const [last] = await inTenant(tenantId, (tx) => tx.history.latest(1));
    expect(last!.document).toMatchObject({ rescoredAfterHours: 672, decision: 'undecided', pairs: 0 });
    expect(await headline(tenantId)).toMatchObject({ value: before.value, label: before.label });
  });

  it('is none of those that split keys, nor a dropped index', async () => {
    const tenantId = await rig.tenant();
    const dropped = await keptForAWeek(tenantId, { parameters: { operation: 'drop' } });
    await dropped.clock.advance(1_000 * hourMs);
    expect(await dropped.due()).toBe(0);
    expect(await headline(tenantId)).toBeNull();
  });
});

describe('the headline of global actions', () => {
  const replayed = (patch: Partial<ReplayedAction>): ReplayedAction => ({
    target: 't',
    weight: 1,
    ratio: 0.5,
    low: 0.4,
    high: 0.6,
    requests: 40,
    ...patch,
  });

  it('weighs each change by the time of the requests that meet it', () => {
    const slow = replayed({ weight: 3, ratio: 0.9, low: 0.8, high: 1 });
    const benefit = globalBenefit([replayed({}), slow])!;
    expect(benefit).toMatchObject({ requests: 80 });
    expect(benefit.ratio).toBeCloseTo(0.8, 12);
    expect(benefit.low).toBeCloseTo(0.7, 12);
    expect(benefit.high).toBeCloseTo(0.9, 12);
    expect(globalBenefit([replayed({ high: null }), slow])!.high).toBeNull();
    expect(globalBenefit([replayed({ weight: 0 })])!.ratio).toBe(0.5);
    expect(globalBenefit([])).toBeNull();
  });

  it('comes later where a replay never came back: it is waited for twice as long', () => {
    const schedule = { fromHours: 168, everyHours: 100 };
    expect([267, 268, 900].map((age) => replayDue(age, null, schedule))).toEqual([null, 268, 900]);
    const last = { hours: 300, round: 3, settled: true };
    expect([399.9, 400.5].map((age) => replayDue(age, last, schedule))).toEqual([null, 400]);
    expect(replayDue(499, { ...last, settled: false }, schedule)).toBeNull();
    expect(replayDue(500, { ...last, settled: false }, schedule)).toBe(500);
  });
});
