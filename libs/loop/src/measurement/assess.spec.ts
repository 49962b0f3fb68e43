import { codeOf } from '@hartonomous/contracts';
import { createRng, shuffle } from '@hartonomous/numerics';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  noEffect,
  ReferenceStream,
  referenceWorkload,
  type TrueEffect,
} from '../simulation/reference-workload.js';
import { assess, assessEvidence, verdictOfDecision } from './assess.js';
import { addPair, freshEvidence, type PairRow } from './evidence.js';
import { defaultMeasurement, measurementOf } from './settings.js';
import { decide } from './stopping-rule.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now(), numRuns: 30 });

/** 10 A/A pairs, then `pairs` A/B pairs of the reference workload. */
function rowsOf(seed: number, effect: TrueEffect, pairs: number, medianMs = 20): PairRow[] {
  const stream = new ReferenceStream(createRng(seed), { ...referenceWorkload, medianMs });
  const aa = Array.from({ length: 10 }, (_, i) => stream.pair('AA', i, noEffect));
  return [...aa, ...Array.from({ length: pairs }, (_, i) => stream.pair('AB', i, effect))];
}

const constant = (ms: number, count = 20): number[] => new Array<number>(count).fill(ms);

/** A pair of blocks without noise. */
function flat(
  kind: PairRow['kind'],
  pairNo: number,
  controlMs: number,
  treatedMs: number,
  errors = 0,
): PairRow {
  const counts = { errorsControl: 0, errorsTreated: errors, countControl: 20, countTreated: 20 };
  return { pairNo, kind, control: constant(controlMs), treated: constant(treatedMs), ...counts };
}

const flatRows = (controlMs: number, treatedMs: number, pairs: number): PairRow[] => [
  ...Array.from({ length: 10 }, (_, i) => flat('AA', i, controlMs, controlMs)),
  ...Array.from({ length: pairs }, (_, i) => flat('AB', i, controlMs, treatedMs)),
];

describe('assess', () => {
  it('follows the formula: the evidence of constant blocks can be computed by hand', () => {
    // |d_AA| = 0, so s = delta and a difference of ln 1.2 is clipped to 1 on the harm side, -1 on the other.
    const result = assess(flatRows(10, 12, 3));
    const mixture = (g: number): number =>
      [0.1, 0.25, 0.5, 0.75, 0.95].reduce((sum, bet) => sum + (1 + bet * g) ** 3, 0) / 5;
    expect(result.scale).toBeCloseTo(Math.log(1.05), 12);
    expect(result.eHarm).toBeCloseTo(mixture(1), 10);
    expect(result.eGain).toBeCloseTo(mixture(-1), 10);
    expect(result.estimate).toBeCloseTo(1.2, 10);
    expect(result.decision).toBe('continue');
  });

  it('reverts a clear harm, keeps a clear gain, and gives both an interval around the truth', () => {
    const harm = assess(flatRows(10, 15, 60));
    expect(harm).toMatchObject({ decision: 'harm', code: 'harm-evidence', pairs: 5 });
    expect(harm.reason).toMatch(/^Reverted for harm: latency 1\.50 x control \(95 % interval open to open\)/);
    const keep = assess(flatRows(10, 8, 60));
    expect(keep).toMatchObject({ decision: 'keep', code: 'gain-evidence', pairs: 8 });
    const many = assess(rowsOf(3, { ratio: 0.5 }, 60), { ...defaultMeasurement, keepEvidence: 1e6 });
    expect(many.interval?.low).toBeLessThan(0.5);
    expect(many.interval?.high).toBeGreaterThan(0.5);
    expect(many.interval?.high).toBeLessThan(0.8);
  });

  it('bounds an end that the evidence does not bound by what the metric can be, and says so', () => {
    const { interval } = assess(flatRows(10, 15, 2));
    expect(interval).toEqual({
      low: expect.closeTo(0.05 / 30_000, 12),
      high: expect.closeTo(30_000 / 0.05, 3),
      lowBounded: false,
      highBounded: false,
    });
  });

  it('gives the same verdict for the same rows, shuffled, folded one by one, or with more rows behind', () => {
    const ratios = fc.constantFrom(0.5, 0.8, 1, 1.2, 1.5, 2);
    fc.assert(
      fc.property(fc.nat(), ratios, fc.integer({ min: 0, max: 60 }), (seed, ratio, pairs) => {
        const rows = rowsOf(seed, { ratio }, pairs);
        const whole = assess(rows);
        expect(assess(shuffle(createRng(seed), [...rows]))).toEqual(whole);
        let evidence = freshEvidence;
        for (const row of rows) {
          if (decide(evidence, defaultMeasurement).decision !== 'continue') break;
          evidence = addPair(evidence, row, defaultMeasurement);
        }
        expect(assessEvidence(evidence, defaultMeasurement)).toEqual(whole);
        if (whole.decision !== 'continue') {
          const more = [...rows, ...rowsOf(seed + 1, { ratio: 3 }, 5).slice(10)].map((row, i) => ({
            ...row,
            pairNo: row.kind === 'AB' ? i : row.pairNo,
          }));
          expect(assess(more)).toEqual(whole);
        }
      }),
    );
  });

  it('mirrors itself: swapping the arms swaps harm and gain and inverts the effect', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.7, 1, 1.4), (seed, ratio) => {
        // Far above the minimum absolute gain, or the two sides would have different guard bands.
        const rows = rowsOf(seed, { ratio }, 6, 2_000).map((row) => ({
          ...row,
          control: row.control.map((ms) => Math.min(ms, 30_000)),
          treated: row.treated.map((ms) => Math.min(ms, 30_000)),
        }));
        const swapped = rows.map((row) => ({ ...row, control: row.treated, treated: row.control }));
        const settings = { ...defaultMeasurement, harmEvidence: 1e9, keepEvidence: 1e9 };
        const [a, b] = [assess(rows, settings), assess(swapped, settings)];
        expect(b.eHarm).toBeCloseTo(a.eGain, 8);
        expect(b.eGain).toBeCloseTo(a.eHarm, 8);
        expect(b.estimate! * a.estimate!).toBeCloseTo(1, 8);
      }),
    );
  });

  it('does not depend on the unit of time: all latencies x 100 give the same verdict and effect', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(0.8, 1, 1.5), (seed, ratio) => {
        const rows = rowsOf(seed, { ratio }, 12);
        const slow = rows.map((row) => ({
          ...row,
          control: row.control.map((ms) => ms * 10),
          treated: row.treated.map((ms) => ms * 10),
        }));
        const [a, b] = [assess(rows), assess(slow)];
        expect(b.decision).toBe(a.decision);
        expect(b.pairs).toBe(a.pairs);
        expect(b.estimate).toBeCloseTo(a.estimate!, 8);
      }),
    );
  });
});

describe('stopping rule', () => {
  it('asks for A/A pairs first and refuses A/B pairs before them', () => {
    const aa = flatRows(10, 10, 0);
    expect(assess([])).toMatchObject({
      decision: 'continue',
      code: 'needs-aa-pairs',
      next: 'AA',
      estimate: null,
    });
    expect(assess(aa.slice(0, 9)).next).toBe('AA');
    expect(assess(aa).next).toBe('AB');
    expect(() => assess([...aa.slice(0, 9), flat('AB', 0, 10, 10)])).toThrow('before 10 usable A/A pairs');
  });

  it('ends undecided after 60 pairs, after 72 h, or after three blocks without data', () => {
    const noise = rowsOf(11, { ratio: 1 }, 60);
    const settings = { ...defaultMeasurement, intervalEvidence: 1e9 };
    expect(assess(noise, settings)).toMatchObject({
      decision: 'inconclusive',
      code: 'pairs-exhausted',
      pairs: 60,
    });
    const few = noise.slice(0, 15);
    expect(assess(few, settings, { hoursElapsed: 71.9 }).decision).toBe('continue');
    expect(assess(few, settings, { hoursElapsed: 72 }).code).toBe('time-exhausted');
    expect(assess(few, settings, { blocksWithoutData: 2 }).decision).toBe('continue');
    expect(assess(few, settings, { blocksWithoutData: 3 }).code).toBe('no-data');
    const empty = [5, 6, 7].map((pairNo) => ({
      ...flat('AB', pairNo, 1, 1),
      control: [],
      treated: [],
      countControl: 0,
      countTreated: 3,
    }));
    expect(assess([...few, ...empty.slice(1)], settings).decision).toBe('continue');
    expect(assess([...few, ...empty], settings).code).toBe('no-data');
    const broken = [...few, ...empty.slice(1), { ...noise[15], pairNo: 8 }, { ...empty[0], pairNo: 9 }];
    expect(assess(broken, settings).decision).toBe('continue');
  });

  it('finds no benefit once gains above 5 % are excluded', () => {
    const result = assess(flatRows(10, 10, 60));
    // g = ln(1/0.95) / ln 1.05 clipped to 1 in every pair: 40 is passed by the eighth.
    expect(result).toMatchObject({ decision: 'no-benefit', code: 'gain-excluded', pairs: 8 });
    expect(result.interval?.low).toBeGreaterThan(0.95);
    expect(result.reason).toContain('above 5.0 %');
  });

  it('does not keep a gain below 0.05 ms, however large its share', () => {
    // 0.12 -> 0.08 ms is a third faster, and 0.04 ms.
    expect(assess(flatRows(0.12, 0.08, 60)).decision).toBe('no-benefit');
    expect(assess(flatRows(1.2, 0.8, 60)).decision).toBe('keep');
    expect(assess(flatRows(0.05, 0.01, 60))).toMatchObject({
      decision: 'no-benefit',
      code: 'gain-impossible',
    });
  });

  it('keeps nothing before its interval has two ends', () => {
    const sooner = { ...defaultMeasurement, keepPairsMin: 1 };
    expect(assess(flatRows(10, 5, 60), sooner).pairs).toBeLessThan(8);
    const kept = assess(flatRows(10, 5, 60));
    expect(kept).toMatchObject({ decision: 'keep', pairs: 8 });
    expect(kept.interval).toMatchObject({ lowBounded: true, highBounded: true });
  });

  it('holds a keep back while a guardrail is pending, and reverts when it fires', () => {
    const gaining = (errors: number[]): PairRow[] => [
      ...flatRows(10, 10, 0),
      ...errors.map((failed, i) => flat('AB', i, 10, 5, failed)),
    ];
    expect(assess(gaining([0, 0, 0, 0, 0, 0, 0, 0])).decision).toBe('keep');
    const pending = assess(gaining([0, 0, 0, 0, 0, 0, 3, 7]));
    expect(pending).toMatchObject({ decision: 'continue', code: 'guardrail-pending' });
    expect(pending.guardrail).toMatchObject({ status: 'pending', rule: 'errors' });
    const fired = assess(gaining([0, 0, 4, 8]));
    expect(fired).toMatchObject({ decision: 'harm', code: 'guardrail-errors', pairs: 4 });
    expect(fired.reason).toContain('12 of 80 treated requests failed');
    const queue = assess(gaining([0]), defaultMeasurement, { queueAgeMs: 60_001 });
    expect(queue).toMatchObject({ decision: 'harm', code: 'guardrail-queue-age' });
    expect(assess(gaining([0]), defaultMeasurement, { queueAgeMs: null }).decision).toBe('continue');
  });

  it('keeps what is not worse when the goal is non-inferiority, and still reverts harm', () => {
    const settings = measurementOf('latency', { goal: 'non-inferiority' });
    expect(assess(flatRows(10, 10, 60), settings)).toMatchObject({ decision: 'keep', code: 'non-inferior' });
    expect(assess(flatRows(10, 12, 60), settings).decision).toBe('harm');
  });

  it('turns metrics where higher is better', () => {
    const settings = measurementOf('throughput');
    const better = assess(flatRows(100, 150, 60), settings);
    expect(better.decision).toBe('keep');
    expect(better.estimate).toBeCloseTo(1.5, 10);
    expect(assess(flatRows(100, 70, 60), settings).decision).toBe('harm');
    const rating = assess(flatRows(3, 4, 60), measurementOf('rating'));
    expect(rating.decision).toBe('keep');
    expect(rating.estimate).toBeCloseTo(1, 10);
    const [{ low, high }] = [rating.interval!];
    expect(low).toBeLessThanOrEqual(high);
  });

  it('reads error share from the counts', () => {
    const settings = { ...measurementOf('error-share') };
    const rows = Array.from({ length: 30 }, (_, i) => ({
      ...flat('AB', i, 1, 1),
      control: [],
      treated: [],
      errorsControl: 6,
    }));
    const result = assess([...flatRows(1, 1, 0), ...rows], settings);
    expect(result.decision).toBe('keep');
    expect(result.estimate).toBeCloseTo(-0.3, 10);
  });
});

describe('malformed rows', () => {
  const aa = flatRows(10, 10, 0);
  const bad: [string, PairRow[]][] = [
    ['a pair twice', [...aa, flat('AA', 3, 1, 1)]],
    ['more errors than requests', [...aa, { ...flat('AB', 0, 1, 1), errorsTreated: 21 }]],
    ['NaN', [...aa, { ...flat('AB', 0, 1, 1), control: [1, Number.NaN] }]],
    ['a negative count', [...aa, { ...flat('AB', 0, 1, 1), countControl: -1 }]],
    ['half a request', [...aa, { ...flat('AB', 0, 1, 1), countControl: 20.5 }]],
  ];
  it.each(bad)('are refused: %s', (_name, rows) => {
    let code: string | null = null;
    try {
      assess(rows);
    } catch (error) {
      code = codeOf(error);
    }
    expect(code).toBe('INPUT_INVALID');
  });
});

it('names the verdict of each final decision', () => {
  expect(
    (['harm', 'keep', 'no-benefit', 'inconclusive', 'continue'] as const).map(verdictOfDecision),
  ).toEqual(['RevertedHarm', 'Kept', 'RevertedNoBenefit', 'Inconclusive', null]);
});
