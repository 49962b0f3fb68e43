import { loadavg } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../config.js';
import { openLaneRig, untilEnded, type LaneRig } from './lane-rig.js';

const hi = 1e11;
const count = 4_118_054_813;
const rounds = 3;
/** As often as the command line looks: what looks ask of the two cores is not the loop's. */
const lookMs = 500;
/** Chunks of the one worker: as long as those of the lane. */
const step = 5e9;

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

describe('the sieve of [1, 1e11]', () => {
  let rig: LaneRig;
  let countPrimes: (lo: number, hi: number) => number;
  beforeAll(async () => {
    // Loaded as it was built: this package does not depend on the library.
    const library: unknown = await import(join(repositoryRoot, 'libs', 'compute', 'dist', 'index.js'));
    ({ countPrimes } = library as { countPrimes: typeof countPrimes });
    rig = await openLaneRig('postgres');
  }, 240_000);
  afterAll(() => rig?.close(), 60_000);

  /** Wall time of one thread without the loop, ms. */
  function alone(): number {
    const began = performance.now();
    let found = 0;
    for (let lo = 1; lo <= hi; lo += step) found += countPrimes(lo, Math.min(hi, lo + step - 1));
    expect(found).toBe(count);
    return performance.now() - began;
  }

  it('through the loop beside one thread without it, in turns', async () => {
    const ones: number[] = [];
    const twos: number[] = [];
    const shares: number[] = [];
    const loadBefore = loadavg()[0];
    for (let round = 0; round < rounds; round++) {
      ones.push(alone());
      const { id } = await rig.submit({ type: 'prime.count', params: { lo: 1, hi } });
      const done = await rig.until(id, untilEnded, 600_000, lookMs);
      expect(done).toMatchObject({ state: 'Completed', result: { count } });
      twos.push(1000 * done.wallSeconds!);
      shares.push(1 - done.cpuSeconds / (2 * done.wallSeconds!));
    }
    const text = (values: number[]) => values.map((ms) => (ms / 1000).toFixed(2)).join(', ');
    process.stderr.write(
      `one thread ${text(ones)} s; loop ${text(twos)} s: ${(median(ones) / median(twos)).toFixed(2)} x; ` +
        `time of two cores that was no chunk's ${(100 * median(shares)).toFixed(1)} %; load before ${loadBefore.toFixed(1)}\n`,
    );
  }, 900_000);
});
