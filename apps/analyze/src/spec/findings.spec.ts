import { describe, expect, it } from '@jest/globals';
import { createRng } from '@hartonomous/numerics';
import type { EndedSession, LatencyCount, SampledRequest, StatementUse } from '@hartonomous/store';
import {
  anomalousRequests,
  forestOutliers,
  lofOutliers,
  slowLimits,
} from '../findings/anomalous-requests.js';
import { frequentReadFinding } from '../findings/frequent-reads.js';
import { mergeIncidents } from '../findings/incidents.js';
import { latencyTables, limitAbove, lnQuantile, type StratumTable } from '../findings/latency-table.js';
import { feedbackFindings, journeyFindings, wanderingJourneys } from '../findings/people.js';
import { intervalMeans, planRegressions } from '../findings/plan-regressions.js';
import { foldBaseline, freeze, type Baseline } from '../findings/regression.js';
import { trendFindings } from '../findings/trend.js';
import { slowestOf } from '../name-rows.js';
import { unusedIndexFindings } from '../findings/unused-indexes.js';

const bucketOf = (ms: number): number => Math.floor(Math.log(ms) * 100);
const countsOf = (durations: number[], slotOf = (_i: number) => 0): LatencyCount[] =>
  durations.map((ms, i) => ({
    operation: 'search',
    model: 'm',
    bucket: bucketOf(ms),
    slot: slotOf(i),
    count: 1,
    failed: 0,
    cacheHit: false,
    sizeClass: null,
  }));
const tableOf = (durations: number[], slotOf?: (i: number) => number): StratumTable =>
  latencyTables(countsOf(durations, slotOf), 48)[0]!;
const sampleOf = (durations: number[], from = Date.UTC(2026, 10, 2, 10), stepMs = 1_000): SampledRequest[] =>
  durations.map((durationMs, i) => ({
    id: `r${i}`,
    startedAt: new Date(from + i * stepMs),
    durationMs,
    tokens: 0,
    status: 'ok',
  }));

/** 50 requests of 200 ms and 10 of 2500 ms. */
const acceptance = (jitter: (i: number) => number): number[] =>
  Array.from({ length: 60 }, (_, i) => (i < 50 ? 200 : 2_500) * (1 + jitter(i)));

function reported(durations: number[]): string[] {
  const table = tableOf(durations);
  const [limit] = slowLimits([table]);
  const sample = sampleOf(durations);
  const slow = sample.filter((r) => r.durationMs > limit!.aboveMs);
  const found = { count: slow.length, ids: slow.map((r) => r.id) };
  return anomalousRequests(limit!, found, { sample, baseline: [] }, 'seed')!.rowIds;
}

describe('anomalous requests', () => {
  const slow = Array.from({ length: 10 }, (_, i) => `r${50 + i}`);

  it('are the 10 slow ones of the acceptance set, constant', () => {
    expect(reported(acceptance(() => 0)).sort()).toEqual(slow);
  });

  it.each([0.02, 0.05, 0.1])(
    'are the 10 and at most 2 of the 50 with jitter of +-%d, on average',
    (width) => {
      let extra = 0;
      for (let seed = 0; seed < 20; seed++) {
        const rng = createRng(seed);
        const ids = reported(acceptance(() => width * (2 * rng() - 1)));
        expect(ids).toEqual(expect.arrayContaining(slow));
        extra += ids.length - 10;
      }
      expect(extra / 20).toBeLessThanOrEqual(2);
    },
  );

  // Saturday to Sunday: the features of the hour and of the weekday would both jump.
  it.each([0, 20, 50])('stand apart by what they are, not by the midnight after request %d', (before) => {
    const midnight = Date.UTC(2026, 10, 8);
    const rng = createRng(3);
    const durations = acceptance(() => 0.05 * (2 * rng() - 1));
    const sample = sampleOf(durations, midnight - before * 60_000, 60_000);
    const flagged = lofOutliers(sample, Math.log(200), 10);
    expect(flagged).toEqual(expect.arrayContaining(slow));
    expect(flagged.length).toBeLessThanOrEqual(12);
  });

  it('count every row, however small the sample', () => {
    const table = tableOf([
      ...Array.from({ length: 1_000 }, () => 10),
      ...Array.from({ length: 300 }, () => 900),
    ]);
    const found = { count: 300, ids: ['a'] };
    const limit = { table, aboveMs: 50 };
    const finding = anomalousRequests(limit, found, { sample: sampleOf([10, 10]), baseline: [] }, 's')!;
    expect(finding).toMatchObject({ rowCount: 300, facts: { requests: 1_300 } });
    expect(finding.rowIds).toEqual(['a']);
  });

  it('have no limit below 20 requests, and the forest none without a baseline', () => {
    expect(slowLimits([tableOf([1, 2, 3])])).toEqual([]);
    expect(lofOutliers(sampleOf([1, 2, 3]), 0, 1)).toEqual([]);
    expect(forestOutliers(sampleOf([1]), sampleOf([1, 2]), 0, 's')).toBeNull();
    const rng = createRng(11);
    const ordinary = sampleOf(Array.from({ length: 1_000 }, () => 10 + 5 * rng()));
    const strange = sampleOf([11, 5_000]);
    expect(forestOutliers(strange, ordinary, Math.log(12), 's')).toEqual(['r1']);
  });
});

describe('regression', () => {
  const window = (ms: number, count = 400) => ({
    table: tableOf(Array.from({ length: count }, () => ms)),
    hourOf: () => 10,
    at: '2026-11-02T10:00:00.000Z',
  });

  it('is told in the third bad window of four, and only when it matters', () => {
    let baseline = freeze(window(100)) as Baseline;
    const told: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      const folded = foldBaseline(baseline, window(200), 0);
      baseline = folded.baseline;
      told.push(folded.found !== null);
    }
    expect(told).toEqual([false, false, true]);
    expect(foldBaseline(baseline, window(101), 0).found).toBeNull();
    const worse = { ...baseline, worse: [true, true, true] };
    expect(foldBaseline(worse, window(200, 60), 0).found).toBeNull();
    expect(foldBaseline(worse, window(200), 1_000).found).toBeNull();
    expect(foldBaseline(worse, window(200, 10), 0)).toEqual({ baseline: worse, found: null });
  });

  it('takes the hour of the week out', () => {
    const baseline = { ...(freeze(window(100)) as Baseline), worse: [true, true, true] };
    const slowHour = { ...baseline, hours: { ...baseline.hours, 10: Math.log(200) } };
    expect(foldBaseline(slowHour, window(200), 0).found).toBeNull();
    expect(foldBaseline(baseline, window(200), 0).found).toMatchObject({
      finding: { kind: 'regression' },
      failed: false,
    });
  });

  it('needs 30 executions for a baseline', () => {
    expect(freeze(window(100, 29))).toBeNull();
  });
});

describe('trend', () => {
  const series = (levelOf: (slot: number) => number): StratumTable => {
    const rng = createRng(7);
    const ms: number[] = [];
    const at: number[] = [];
    for (let slot = 0; slot < 48; slot++) {
      for (let i = 0; i < 20; i++) {
        ms.push(levelOf(slot) * (1 + 0.1 * (rng() - 0.5)));
        at.push(slot);
      }
    }
    return tableOf(ms, (i) => at[i]!);
  };

  it('tells a change of level and when it came, and nothing of a steady one', () => {
    const [finding] = trendFindings(
      series((slot) => (slot < 10 ? 150 : 100)),
      48,
      60_000,
    );
    expect(finding!.finding).toMatchObject({ kind: 'trend', facts: { metric: 'latency' } });
    const change = finding!.finding.facts['changePoint'] as { slotsAgo: number; direction: string };
    expect(change.direction).toBe('up');
    expect(Math.abs(change.slotsAgo - 10)).toBeLessThanOrEqual(2);
    expect(
      trendFindings(
        series(() => 100),
        48,
        60_000,
      ),
    ).toEqual([]);
  });
});

const statement = (patch: Partial<StatementUse> = {}): StatementUse => ({
  id: 'q1',
  statement: 'select 1 from atom_term',
  calls: 600,
  totalMs: 1_500,
  tables: [{ table: 'atom_term', rows: 100, rowsModified: 50, analyzedAt: null }],
  ...patch,
});

describe('plan regression', () => {
  const calls = [100, 200, 300, 400, 500];
  const totals = [100, 200, 301, 400, 500];
  const seriesOf = (name: string) => (name === 'statement.calls' ? calls : totals);

  it('is a statement more than 3 deviations over its own history, with its tables', () => {
    const [finding] = planRegressions([statement()], seriesOf);
    expect(finding).toMatchObject({ kind: 'plan-regression', rowIds: ['q1'], facts: { nowMs: 10 } });
    expect(planRegressions([statement({ totalMs: 601 })], seriesOf)).toEqual([]);
    expect(planRegressions([statement()], () => [])).toEqual([]);
  });

  it('skips intervals in which the counters were reset or hardly moved', () => {
    expect(intervalMeans([100, 50, 150, 155], [10, 5, 105, 200])).toEqual([1]);
  });
});

describe('unused indexes', () => {
  const index = {
    name: 'earned_a',
    table: 't',
    columns: ['a'],
    sizeBytes: 8_192,
    scans: 5,
    valid: true,
    unique: false,
  };
  const nowMs = Date.UTC(2026, 10, 3);
  const hoursAgo = (h: number) => new Date(nowMs - h * 3_600_000);
  const idle = [30, 20, 10].map((h) => ({ value: 5, at: hoursAgo(h) }));

  it('are earned ones without a scan for a day, in at least three snapshots', () => {
    expect(unusedIndexFindings([index], () => idle, nowMs, 1)).toMatchObject([{ rowIds: ['earned_a'] }]);
    expect(unusedIndexFindings([{ ...index, scans: 6 }], () => idle, nowMs, 1)).toEqual([]);
    expect(unusedIndexFindings([{ ...index, name: 'atom_pkey' }], () => idle, nowMs, 1)).toEqual([]);
    expect(unusedIndexFindings([index], () => idle.slice(1), nowMs, 1)).toEqual([]);
  });
});

describe('people', () => {
  it('tells ratings below target from ten on', () => {
    const rated = { operation: 'search', model: 'm', count: 10, meanRating: 2, requestIds: ['a'] };
    expect(feedbackFindings([rated])).toMatchObject([{ rowCount: 10, rowIds: ['a'] }]);
    expect(
      feedbackFindings([
        { ...rated, count: 9 },
        { ...rated, meanRating: 4 },
      ]),
    ).toEqual([]);
  });

  it('finds the region where sessions fail, wherever it lies', () => {
    const rng = createRng(3);
    const session = (i: number, outcome: string, x: number, y: number): EndedSession => ({
      id: `s${i}`,
      outcome,
      steps: 4,
      x: x + rng(),
      y: y + rng(),
    });
    const good = Array.from({ length: 80 }, (_, i) => session(i, 'success', 10 + (i % 60), 20 + (i % 50)));
    const bad = Array.from({ length: 12 }, (_, i) => session(100 + i, 'failure', 83, 7));
    const [finding] = journeyFindings([...good, ...bad]);
    expect(finding).toMatchObject({ kind: 'failing-journeys', rowCount: 12 });
    expect(journeyFindings(good)).toEqual([]);
  });
});

describe('sessions that wander', () => {
  const session = (i: number, outcome: string, steps: number): EndedSession => ({
    id: `s${i}`,
    outcome,
    steps,
    x: 1,
    y: 1,
  });
  const good = Array.from({ length: 40 }, (_, i) => session(i, 'success', 3 + (i % 3)));

  it('are failed ones with far more steps than successful ones take, five of them at least', () => {
    const lost = Array.from({ length: 5 }, (_, i) => session(100 + i, 'failure', 30 + i));
    const short = session(200, 'failure', 6);
    expect(wanderingJourneys([...good, ...lost, short])).toMatchObject([
      {
        kind: 'failing-journeys',
        rowIds: lost.map((s) => s.id),
        rowCount: 5,
        summary: '5 sessions failed after unusually many steps: 32 at the median, successful ones take 4',
      },
    ]);
    expect(wanderingJourneys([...good, ...lost.slice(1)])).toEqual([]);
    expect(wanderingJourneys([...good, ...lost.map((s) => ({ ...s, outcome: 'success' }))])).toEqual([]);
    expect(wanderingJourneys(lost)).toEqual([]);
  });
});

describe('the slowest rows', () => {
  const many = (ms: number, count: number, slot = 0): LatencyCount => ({
    operation: 'search',
    model: 'm',
    bucket: bucketOf(ms),
    slot,
    count,
    failed: 0,
    cacheHit: false,
    sizeClass: null,
  });
  const limitOf = (counts: LatencyCount[], slotsBack = Infinity) =>
    limitAbove(latencyTables(counts, 48)[0]!, slotsBack, 10);

  it('lie above a limit that about as many exceed as are asked for', () => {
    const limit = limitOf([many(10, 400), many(100, 8), many(1_000, 4)])!;
    expect(limit).toBeLessThanOrEqual(100);
    expect(limit).toBeGreaterThan(95);
    expect(limitOf([many(10, 3)])).toBe(-1);
    expect(limitOf([many(10, 400, 0), many(1_000, 40, 5)], 2)).toBeLessThanOrEqual(10);
  });

  it('are not ranked among a million equals', () => {
    const limit = limitOf([many(10, 1_000_000), many(1_000, 4)])!;
    expect(limit).toBeGreaterThan(900);
    expect(limitOf([many(10, 1_000_000)])).toBeNull();
    const table = latencyTables([many(10, 1_000, 3), many(10, 1_000, 4)], 48)[0]!;
    const window = { from: new Date(0), to: new Date(48 * 60_000), slotMs: 60_000 };
    expect(slowestOf(table, window, Infinity, 10)).toMatchObject({
      aboveMs: -1,
      from: new Date(44 * 60_000),
    });
  });
});

describe('incidents', () => {
  const finding = (scope: string, severity: number) => ({
    kind: 'trend' as const,
    summary: scope,
    severity,
    rowIds: [],
    rowCount: 1,
    facts: { scope },
  });

  it('merge what shares a scope, with severities inside [0, 1]', () => {
    const incidents = mergeIncidents([finding('a', 0.5), finding('b', 0.9), finding('a', 0.5)]);
    expect(incidents.map((i) => i.findings)).toEqual([[1], [0, 2]]);
    expect(incidents[1]!.severity).toBeCloseTo(0.75);
  });
});

describe('tables', () => {
  it('give quantiles by nearest rank, within a per cent', () => {
    const table = tableOf([10, 20, 30, 40, 1_000]);
    expect(Math.exp(lnQuantile(table.buckets, 0.5))).toBeCloseTo(30, 0);
    expect(table).toMatchObject({ count: 5, failed: 0 });
  });

  it('name frequent reads only where a cache would help', () => {
    const context = { modelId: 'm', corpusVersion: 1, cached: new Set(['k2']) };
    const key = (i: number, cacheHits: number) => ({
      inputHash: `k${i}`,
      input: { query: 'a', limit: 10 },
      count: 10,
      meanMs: 50,
      cacheHits,
    });
    expect(frequentReadFinding([key(1, 0), key(2, 0)], context)).toMatchObject({
      rowCount: 20,
      facts: { keys: [{ cached: false }, { inputHash: 'k2', cached: true }] },
    });
    expect(frequentReadFinding([key(1, 10), key(2, 9)], context)).toBeNull();
    expect(frequentReadFinding([key(1, 0)], context)).toBeNull();
    // Forty keys are served from the cache; eight others are as frequent, and are not: the hit rate alone hides them.
    const served = Array.from({ length: 40 }, (_, i) => ({ ...key(i, 10), inputHash: `s${i}`, meanMs: 0.4 }));
    const known = { ...context, cached: new Set(served.map((k) => k.inputHash)) };
    const others = Array.from({ length: 8 }, (_, i) => key(100 + i, 0));
    expect(frequentReadFinding([...served, ...others], known)).toMatchObject({ facts: { withoutAnswer: 8 } });
    expect(frequentReadFinding([...served, ...others.slice(1)], known)).toBeNull();
  });
});
