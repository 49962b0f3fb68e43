import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { handleOnce } from '@hartonomous/bus';
import { newId, type Envelope, type Finding } from '@hartonomous/contracts';
import { KillSwitch, type Bus, type ServiceConfig } from '@hartonomous/service-kit';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { createTestFolder, patientClock, removeTestFolder } from '@hartonomous/testing';
import { HypothesizeHandler } from '../hypothesize.handler.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

let test: TestStore;
let home: string;
let handler: HypothesizeHandler;
beforeAll(async () => {
  test = await openTestStore();
  home = createTestFolder();
  const { store } = test;
  const bus = {
    once: (message: Envelope, work: never) => handleOnce({ store, service: 'hypothesize' }, message, work),
  } as unknown as Bus;
  const killSwitch = new KillSwitch({ store, clock: patientClock(), home, forced: false });
  handler = new HypothesizeHandler(store, bus, { loopScale: 60 } as ServiceConfig, killSwitch);
});
afterAll(async () => {
  await test?.close();
  removeTestFolder(home);
});

const missing: Finding = {
  kind: 'missing-index',
  summary: 'a statement scans a table',
  severity: 0.5,
  rowIds: ['q1'],
  rowCount: 100,
  facts: {
    definition: { name: 'earned_session_outcome', table: 'session', columns: ['outcome'] },
    impact: 0.9,
    selectivity: 0.01,
    meanMs: 500,
    tableRows: 1_000,
  },
};
const duplicates: Finding = {
  ...missing,
  kind: 'duplicate-code',
  summary: 'two groups of clones',
  facts: {},
};

async function observed(findings: Finding[]) {
  const { store, tenantId } = test;
  return store.withTenant(tenantId, async (tx) => {
    const { cycle } = await tx.cycles.request({
      id: newId(),
      scope: 'full',
      requestedBy: 'test',
      dueAt: new Date(),
    });
    await tx.cycles.advance(cycle.id, 0, 'Requested', 'Observed');
    const observationId = newId();
    const document = {
      scope: 'full' as const,
      windowFrom: '2026-11-20T00:00:00.000Z',
      windowTo: '2026-11-21T00:00:00.000Z',
      strata: [
        {
          operation: 'search',
          model: 'm',
          count: 100_000,
          errors: 0,
          p50Ms: 500,
          p90Ms: null,
          p95Ms: null,
          p99Ms: null,
          cacheHitRate: 0,
          meanRating: null,
        },
      ],
      findings,
      unavailable: [],
    };
    await tx.cycles.addObservation({ id: observationId, cycleId: cycle.id, document });
    const message: Envelope<'loop.observation.recorded'> = {
      v: 1,
      messageId: newId(),
      name: 'loop.observation.recorded',
      tenantId,
      epoch: 1,
      refs: { cycleId: cycle.id, observationId },
    };
    return message;
  });
}

describe('hypothesize', () => {
  it('stores what it chose and everything it left out, once', async () => {
    const message = await observed([missing, duplicates]);
    await handler.onRecorded(message);
    await handler.onRecorded(message);
    const { cycleId } = message.refs;
    const read = await test.store.withTenant(test.tenantId, async (tx) => ({
      cycle: await tx.cycles.get(cycleId),
      hypotheses: (await tx.cycles.hypothesesOf(cycleId)).filter((h) => h.candidate.type !== 'Placebo'),
      rejected: await tx.cycles.rejectedOf(cycleId),
      arms: (await tx.beliefs.all()).filter((b) => b.kind === 'arm'),
    }));
    expect(read.cycle).toMatchObject({ state: 'Decided', epoch: 2 });
    expect(read.arms).toMatchObject([
      { trials: 0, firstSeenCycle: read.cycle!.number, lastTriedCycle: null },
    ]);
    const tried = read.hypotheses.map((h) => h.candidate.target);
    const left = read.rejected.map((r) => r.reasonCode);
    expect([...tried, ...left].length).toBe(2);
    expect(left).toContain('unavailable');
    expect(read.rejected.every((r) => r.reason.length > 0)).toBe(true);
  });
});
