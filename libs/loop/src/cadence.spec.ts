import { createRng } from '@hartonomous/numerics';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  bucketOf,
  coolDownMs,
  coolDownOf,
  isHeldOut,
  isHoldOutBucket,
  isPlaceboCycle,
  nextCycleDelayMs,
  requestKeyBuckets,
} from './cadence.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });
const minute = 60_000;
const hour = 60 * minute;
const middle = (): number => 0.5;

describe('next cycle', () => {
  it('waits an hour when nothing is wrong and five minutes when all is', () => {
    expect(nextCycleDelayMs([], middle)).toBe(60 * minute);
    expect(nextCycleDelayMs([1], middle)).toBe(30 * minute);
    expect(nextCycleDelayMs(Array(50).fill(1), middle)).toBe(5 * minute);
    expect(nextCycleDelayMs([1, 0.5], middle, 60)).toBe(24_000);
  });

  it('stays within 5 to 60 minutes of scaled time for any incidents, and never waits longer for more of them', () => {
    const severities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(severities, fc.integer({ min: 0 }), fc.constantFrom(1, 60, 3600), (list, seed, scale) => {
        const delay = nextCycleDelayMs(list, createRng(seed), scale);
        expect(delay).toBeGreaterThanOrEqual((5 * minute) / scale);
        expect(delay).toBeLessThanOrEqual((60 * minute) / scale);
        expect(nextCycleDelayMs([...list, 1], createRng(seed), scale)).toBeLessThanOrEqual(delay);
      }),
    );
  });

  it('refuses a time scale that is not positive', () => {
    expect(() => nextCycleDelayMs([], middle, 0)).toThrow('time scale');
  });
});

describe('cool-down', () => {
  const history = { reverts: 1, revertedAtMs: 0, fingerprint: 'f1' };

  it('quadruples with every revert, under the time scale', () => {
    expect([1, 2, 3].map((reverts) => coolDownMs(reverts))).toEqual([hour, 4 * hour, 16 * hour]);
    expect(coolDownMs(2, 60)).toBe(4 * minute);
    expect(coolDownMs(500)).toBe(coolDownMs(7));
  });

  it('needs both the time and a changed fingerprint', () => {
    expect(coolDownOf(null, 'f1', 0)).toEqual({ cooling: false });
    expect(coolDownOf(history, 'f2', hour - 1)).toMatchObject({ cooling: true, code: 'cooling-down' });
    expect(coolDownOf(history, 'f1', 9 * hour)).toMatchObject({
      cooling: true,
      code: 'fingerprint-unchanged',
    });
    expect(coolDownOf(history, 'f2', hour)).toEqual({ cooling: false });
  });
});

describe('hold-out', () => {
  it('is 5 of 100 buckets, and 5 % of many keys', () => {
    const buckets = Array.from({ length: requestKeyBuckets }, (_, bucket) => bucket);
    expect(buckets.filter((bucket) => isHoldOutBucket(bucket))).toHaveLength(5);
    const keys = 20_000;
    let held = 0;
    for (let i = 0; i < keys; i++) if (isHeldOut('tenant', `key ${i}`)) held++;
    // Standard deviation 31: five of them each way.
    expect(Math.abs(held - 1_000)).toBeLessThan(155);
  });

  it('spreads keys evenly over the buckets and is the same for ever', () => {
    const counts = new Array<number>(requestKeyBuckets).fill(0);
    for (let i = 0; i < 20_000; i++) counts[bucketOf('t', `search|${i}`)]++;
    // Chi-square with 99 degrees of freedom: 149 is its 99.9th percentile.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    expect(chiSquare).toBeLessThan(149);
    expect(['a', 'search|q', 'ü'].map((key) => bucketOf('t', key))).toEqual([65, 23, 0]);
  });
});

it('draws a placebo in about one of 20 cycles', () => {
  const rng = createRng(7);
  let placebos = 0;
  for (let i = 0; i < 20_000; i++) if (isPlaceboCycle(rng)) placebos++;
  expect(placebos).toBeGreaterThan(850);
  expect(placebos).toBeLessThan(1150);
});
