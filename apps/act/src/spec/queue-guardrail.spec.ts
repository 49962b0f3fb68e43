import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openQueues, queueAges, ticketQueue, type Queues } from '@hartonomous/bus';
import { newId, type QueueName } from '@hartonomous/contracts';
import { assess, defaultMeasurement } from '@hartonomous/loop';
import type { ActionRow } from '@hartonomous/store';
import type { ActDeps } from '../act-deps.js';
import { advanceAction } from '../advance-action.js';
import { recordRequests } from './recorded-requests.js';
import { candidateOf, envelope, ingestParagraphs, reread, started, startRig, type Rig } from './rig.js';

const minute = 60_000;

let rig: Rig;
let queues: Queues;
let tenantId: string;
beforeAll(async () => {
  rig = await startRig();
  queues = await openQueues({ url: rig.queueUrl, prefix: `g${newId().slice(-8)}` });
  tenantId = await rig.tenant();
  await recordRequests(rig, tenantId, await ingestParagraphs(rig, tenantId, 6));
});
afterAll(async () => {
  await queues?.close();
  await rig?.close();
});

/** A message that nobody has taken for so long, in a lane of the real queue. */
const wait = (lane: QueueName, ageMs: number) =>
  queues.of(lane).add('waiting', {}, { timestamp: Date.now() - ageMs });
const empty = async (): Promise<void> => {
  for (const { queue } of await queueAges(queues, ['act']))
    await queues.of(queue).obliterate({ force: true });
};

/** Act as if it had run, and the change had been in place, for so long already. */
const later = (ms: number, patch: Partial<ActDeps> = {}): ActDeps => ({
  ...rig.deps,
  scale: 1,
  stepMs: 1,
  now: () => new Date(Date.now() + ms),
  lanes: () => queueAges(queues, ['act']),
  ...patch,
});

const due = (action: ActionRow, blockNo: number) =>
  envelope('loop.evidence.block.due', tenantId, { cycleId: action.cycleId, actionId: action.id, blockNo });

async function scheduled(): Promise<ActionRow> {
  await rig.store.withTenant(tenantId, async (tx) => {
    const [cycle] = await tx.cycles.latest(1);
    if (cycle?.state === 'Acting') await tx.cycles.advance(cycle.id, cycle.epoch, 'Acting', 'Learned');
    await tx.settings.set('mode.Placebo', 'Auto', 'test');
  });
  const [action] = await started(rig, tenantId, [candidateOf('Placebo')]);
  expect(action!.state).toBe('Scheduled');
  return action!;
}

/** A placebo that is in place and has its requests. */
async function verifying(): Promise<ActionRow> {
  const action = await scheduled();
  await advanceAction(later(0), due(action, 0));
  await advanceAction(later(0), due(action, 1));
  const now = await reread(rig, tenantId, action.id);
  expect(now.state).toBe('Verifying');
  return now;
}

describe('the queue as a guardrail', () => {
  it('undoes an action while a lane of Act is stuck, and the rows give the same verdict again', async () => {
    const action = await verifying();
    await wait('act', 10 * minute);
    await advanceAction(later(2 * minute), due(action, 2));
    await empty();
    await advanceAction(later(0), due(action, 9));
    const ended = await reread(rig, tenantId, action.id);
    expect(ended).toMatchObject({ state: 'RevertedHarm', verdict: 'RevertedHarm' });
    expect(String(ended.progress['verdictReason'])).toMatch(
      /guardrail: queue: the oldest message waits \d+ ms, limit 60000 ms/,
    );
    const queueAgeMs = Number(ended.progress['queueAgeMs']);
    expect(queueAgeMs).toBeGreaterThan(minute);
    const rows = await rig.store.withTenant(tenantId, (tx) => tx.actions.evidence(action.id));
    expect(assess(rows, defaultMeasurement, { queueAgeMs })).toMatchObject({
      decision: 'harm',
      code: 'guardrail-queue-age',
    });
  });

  it('goes on while messages are taken in time, and where computations wait for their turn', async () => {
    const action = await verifying();
    await wait('act', 30_000);
    await wait(ticketQueue, 10 * minute);
    await advanceAction(later(20 * minute), due(action, 2));
    await empty();
    const now = await reread(rig, tenantId, action.id);
    expect(now.state).toBe('Verifying');
    expect(Number(now.progress['queueAgeMs'])).toBeGreaterThanOrEqual(30_000);
    expect(Number(now.progress['queueAgeMs'])).toBeLessThan(minute);
  });

  it('counts no wait from before the change or before this process, and does not guess', async () => {
    const action = await verifying();
    await wait('act', 10 * minute);
    await advanceAction(later(0), due(action, 2));
    await advanceAction(later(20 * minute, { upSince: new Date(Date.now() + 20 * minute) }), due(action, 3));
    await empty();
    await advanceAction(later(20 * minute, { lanes: async () => null }), due(action, 4));
    const now = await reread(rig, tenantId, action.id);
    expect(now).toMatchObject({ state: 'Verifying', progress: { queueAgeMs: null } });
  });

  it('fires while a change is made, and begins none while a lane is stuck', async () => {
    const action = await scheduled();
    await wait('act', 10 * minute);
    await advanceAction(later(0), due(action, 0));
    const waiting = await reread(rig, tenantId, action.id);
    expect(waiting).toMatchObject({ state: 'Scheduled', appliedAt: null });
    expect(String(waiting.progress['waitsFor'])).toMatch(/^queue-age: the oldest message of act waits/);
    // Act ended while it made the change, two minutes ago, and the message comes again.
    await rig.store.withTenant(tenantId, async (tx) => {
      const why = { name: 'apply-started', reason: 'test', by: 'test', traceId: null };
      const appliedAt = new Date(Date.now() - 2 * minute);
      await tx.actions.transition(waiting, 'Applying', why, { appliedAt });
    });
    await advanceAction(later(0), due(action, 1));
    await empty();
    await advanceAction(later(0), due(action, 9));
    const ended = await reread(rig, tenantId, action.id);
    expect(ended.state).toBe('RevertedHarm');
    const steps = await rig.store.withTenant(tenantId, (tx) => tx.actions.transitions(action.id));
    expect(steps.map((s) => s.toState)).toEqual(
      expect.arrayContaining(['Applying', 'Reverting', 'RevertedHarm']),
    );
    expect(steps.map((s) => s.toState)).not.toContain('Verifying');
  });
});
