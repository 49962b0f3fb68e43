import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId } from '@hartonomous/contracts';
import { createRng } from '@hartonomous/numerics';
import type { CycleRow, EndedSession, RequestRecord, TenantTransaction } from '@hartonomous/store';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import pg from 'pg';
import { journeyShapes, warpedDistance } from '../findings/journey-shapes.js';
import { unusualInputFinding } from '../findings/unusual-inputs.js';
import { weakWeightFindings } from '../findings/weak-weights.js';
import { observe } from '../observe.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

describe('journeys by their shape', () => {
  const straight = (n: number, y: number): number[] => Array.from({ length: n }, (_, i) => [i * 2, y]).flat();
  /** Back and forth, and to the same end. */
  const wandering = (y: number): number[] =>
    Array.from({ length: 30 }, (_, i) => [i % 2 ? 40 : i / 2, y]).flat();
  const sessionOf = (id: string, outcome: string): EndedSession => ({ id, outcome, steps: 10, x: 0, y: 0 });
  const many = (n: number, name: string, outcome: string, pointsOf: (i: number) => number[]) =>
    Array.from({ length: n }, (_, i) => ({
      session: sessionOf(`${name}${i}`, outcome),
      path: { id: `${name}${i}`, points: pointsOf(i) },
    }));
  const found = (all: ReturnType<typeof many>) =>
    journeyShapes(
      all.map((a) => a.session),
      all.map((a) => a.path),
    );

  it('have the DTW distance of the definition, a point', () => {
    // By hand: the ways 0, 1, 2 and 0, 2 on a line warp with one gap of 1, over three points.
    const distance = (a: number[], b: number[]) => warpedDistance(Float64Array.from(a), Float64Array.from(b));
    expect(distance([0, 0, 1, 0, 2, 0], [0, 0, 2, 0])).toBeCloseTo(1 / 3, 12);
    expect(distance([0, 0, 0, 0, 3, 4], [0, 0, 3, 4])).toBe(0);
    expect(distance([5, 5], [5, 5, 5, 8])).toBeCloseTo(1.5, 12);
  });

  it('are told when failed ones went far longer ways, or other ways than all that succeeded', () => {
    const good = many(20, 'good', 'success', (i) => straight(10, i % 3));
    const lost = many(6, 'lost', 'failure', (i) => wandering(i % 3));
    const astray = many(7, 'astray', 'failure', () => straight(10, 60));
    const [longer, other, ...more] = found([...good, ...lost, ...astray]);
    expect(more).toEqual([]);
    expect(longer).toMatchObject({ rowCount: 6, facts: { measure: 'length of the way' } });
    expect(longer!.rowIds.toSorted()).toEqual(lost.map((l) => l.session.id));
    expect(other!.rowIds).toEqual(expect.arrayContaining(astray.map((a) => a.session.id)));
    expect(other!.summary).toMatch(/^\d+ failed sessions went another way than all successful ones: /);
    expect(other!.facts['sessions']).toBe('13 failed and 20 successful ones of the newest 33');
  });

  it('are not told where failed sessions went as the successful ones did, or are few', () => {
    const good = many(20, 'good', 'success', (i) => straight(10, i % 3));
    expect(found([...good, ...many(20, 'bad', 'failure', (i) => straight(9, i % 3))])).toEqual([]);
    expect(found([...good, ...many(4, 'bad', 'failure', () => straight(9, 70))])).toEqual([]);
    expect(found(many(20, 'bad', 'failure', () => straight(9, 70)))).toEqual([]);
    expect(found([])).toEqual([]);
  });
});

const words = ['lease', 'renew', 'epoch', 'queue', 'relay', 'outbox', 'index', 'concept', 'cache', 'plan'];

/** Four words of the store's own vocabulary. */
function ordinary(rng: () => number): string {
  return Array.from({ length: 4 }, () => words[Math.floor(rng() * words.length)]).join(' ');
}
const strange = (i: number): string => `zqx${i * 7919}vbk ${(i * 104_729).toString(36)} %%${i}`;
const asked = (queries: string[]) => queries.map((query, i) => ({ id: `r${i}`, query }));

describe('unusual inputs', () => {
  const rng = createRng(11);
  const before = asked(Array.from({ length: 400 }, () => ordinary(rng)));

  it('are those unlike what was asked before, with their rate', () => {
    const now = asked([
      ...Array.from({ length: 180 }, () => ordinary(rng)),
      ...Array.from({ length: 20 }, (_, i) => strange(i)),
    ]);
    const finding = unusualInputFinding(now, before)!;
    const own = now.slice(180).map((a) => a.id);
    expect(finding.rowIds).toEqual(expect.arrayContaining(own));
    expect(finding.rowCount).toBeLessThanOrEqual(26);
    expect(finding).toMatchObject({
      kind: 'unusual-inputs',
      facts: { rate: finding.rowCount / 200, rows: 'newest 200' },
    });
    expect(finding.severity).toBeLessThanOrEqual(0.01);
  });

  it('are none among ordinary ones, and none without enough to compare with', () => {
    const now = asked(Array.from({ length: 200 }, () => ordinary(rng)));
    expect(unusualInputFinding(now, before)).toBeNull();
    expect(unusualInputFinding(asked([strange(1)]), before.slice(0, 50))).toBeNull();
    expect(unusualInputFinding([], before)).toBeNull();
  });
});

describe('an observation', () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test?.close());

  const requestOf = (modelId: string, patch: Partial<RequestRecord>): RequestRecord => ({
    id: newId(),
    modelId,
    operation: 'search',
    inputHash: newId(),
    input: { query: 'lease', limit: 10 },
    startedAt: new Date(),
    durationMs: 10,
    status: 'ok',
    cacheHit: false,
    actionId: null,
    blockNo: null,
    arm: null,
    sessionId: null,
    traceId: null,
    spanId: null,
    resultCount: 1,
    steps: [],
    point: null,
    ...patch,
  });

  /** A cycle whose window begins after the requests of before. */
  async function observed(
    before: (tx: TenantTransaction, modelId: string) => Promise<void>,
    now: typeof before,
  ) {
    const { store } = test;
    const { id: tenantId } = await store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`));
    const cycle = await store.withTenant(tenantId, async (tx): Promise<CycleRow> => {
      const model = await tx.models.ensureNative();
      await before(tx, model.id);
      await now(tx, model.id);
      return (await tx.cycles.request({ id: newId(), scope: 'full', requestedBy: 't', dueAt: new Date() }))
        .cycle;
    });
    return (await observe(store, tenantId, cycle, 1)).document;
  }

  it('tells sizes of requests apart, and names inputs unlike those of the day before', async () => {
    const rng = createRng(5);
    const hour = 3_600_000;
    const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * hour);
    const strangers: string[] = [];
    const document = await observed(
      (tx, modelId) =>
        tx.requests.record(
          Array.from({ length: 300 }, (_, i) =>
            requestOf(modelId, {
              startedAt: at(26 + i / 100),
              input: { query: ordinary(rng), limit: 10 },
              tokens: 4,
            }),
          ),
        ),
      async (tx, modelId) => {
        const rows = Array.from({ length: 200 }, (_, i) => {
          const odd = i % 10 === 0;
          const tokens = odd ? 40 : 4;
          const input = { query: odd ? strange(i) : ordinary(rng), limit: 10 };
          const row = requestOf(modelId, {
            startedAt: at(1 + i / 1_000),
            input,
            tokens,
            durationMs: odd ? 400 : 10,
          });
          if (odd) strangers.push(row.id);
          return row;
        });
        await tx.requests.record(rows);
      },
    );
    expect(document.strata.map((s) => [s.sizeClass, s.count])).toEqual([
      ['1 to 4 tokens', 180],
      ['17 to 64 tokens', 20],
    ]);
    const unusual = document.findings.find((f) => f.kind === 'unusual-inputs')!;
    expect(unusual.rowIds).toEqual(expect.arrayContaining(strangers));
    // A large request takes long: no anomaly among its own kind.
    const slow = document.findings.flatMap((f) => {
      const { robustZ } = (f.facts['methods'] ?? {}) as { robustZ?: { count: number } };
      return robustZ ? [robustZ.count] : [];
    });
    expect(slow.filter((count) => count > 0)).toEqual([]);
    expect(document.unavailable.filter((line) => line.startsWith('unusual inputs'))).toEqual([]);
  });

  it('compares the ways of sessions whose outcome was declared', async () => {
    const client = new pg.Client({ connectionString: test.urls.superuserUrl! });
    await client.connect();
    const lost: string[] = [];
    const walk = (modelId: string, y: number): RequestRecord[] => {
      const sessionId = newId();
      if (y > 50) lost.push(sessionId);
      return Array.from({ length: 8 }, (_, i) => requestOf(modelId, { sessionId, point: [i, y, 0] }));
    };
    const declared = (sessions: string[], outcome: string) =>
      client.query('update session set outcome = $2 where id = any($1)', [sessions, outcome]);
    const { store } = test;
    const { id: tenantId } = await store.withSystem('test', (tx) => tx.tenants.ensure(`t-${newId()}`));
    const rows = await store.withTenant(tenantId, async (tx) => {
      const { id } = await tx.models.ensureNative();
      const walked = Array.from({ length: 16 }, (_, i) => walk(id, i < 10 ? i / 10 : 90)).flat();
      await tx.requests.record(walked);
      return walked;
    });
    await declared([...new Set(rows.map((r) => r.sessionId!))], 'success');
    await declared(lost, 'failure');
    await client.end();
    const asked = { id: newId(), scope: 'full' as const, requestedBy: 't', dueAt: new Date() };
    const { cycle } = await store.withTenant(tenantId, (tx) => tx.cycles.request(asked));
    const { document } = await observe(store, tenantId, cycle, 1);
    const other = document.findings.find((f) => String(f.facts['measure']).startsWith('DTW'))!;
    expect(other).toMatchObject({ kind: 'failing-journeys', rowCount: 6 });
    expect(other.rowIds.toSorted()).toEqual(lost.toSorted());
  });

  it('tells weak weights of a model that is here for long, and what it cannot know', async () => {
    const found = {
      modelId: 'm',
      modelSince: new Date(0),
      count: 5,
      timed: 0,
      compared: 500,
      atomIds: ['a'],
    };
    const [finding] = weakWeightFindings([found]);
    expect(finding).toMatchObject({ kind: 'weak-weights', rowCount: 5, rowIds: ['a'] });
    expect(finding!.summary).toMatch(/^5 of 500 weights of a model \(1 %\) hardly count: .* here since 1970/);
    const nothing = async (): Promise<void> => undefined;
    const document = await observed(nothing, nothing);
    expect(document.findings).toEqual([]);
    expect(document.unavailable.map((line) => line.split(':')[0])).toEqual(
      expect.arrayContaining(['unusual inputs', 'use of weights', 'dead atoms']),
    );
  });
});
