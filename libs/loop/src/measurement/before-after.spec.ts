import { createRng } from '@hartonomous/numerics';
import { describe, expect, it, jest } from '@jest/globals';
import { offThread } from '../testing/off-thread.js';
import { placebosOf, windowOf } from '../testing/placebo-windows.js';
import { assessBeforeAfter } from './before-after.js';
import { metrics } from './metrics.js';

// Seconds of pure work; a busy, slow machine may take a hundred times as long.
jest.setTimeout(300_000);

describe('before/after', () => {
  it('is labelled observational and earns no trust, whatever it finds', () => {
    const rng = createRng(1);
    const placebos = placebosOf(rng, 39);
    for (const ratio of [0.4, 1, 2.5]) {
      const result = assessBeforeAfter(windowOf(rng, ratio), placebos, metrics.latency);
      expect(result).toMatchObject({ label: 'observational', earnsTrust: false });
      expect(result.reason).toMatch(/^observational/);
    }
  });

  it('waits for 39 placebo windows', () => {
    const rng = createRng(2);
    const change = windowOf(rng, 0.4);
    expect(assessBeforeAfter(change, placebosOf(rng, 38), metrics.latency).decision).toBe('continue');
    expect(assessBeforeAfter(change, placebosOf(rng, 39), metrics.latency).decision).toBe('keep');
    expect(assessBeforeAfter(windowOf(rng, 2.5), placebosOf(rng, 39), metrics.latency).decision).toBe('harm');
    const thin = { before: [1, 2], after: [1, 2] };
    expect(assessBeforeAfter(thin, placebosOf(rng, 39), metrics.latency).decision).toBe('continue');
  });

  it('calls no more than 2.5 % of moments a side a change when nothing was done', async () => {
    const module = new URL('../testing/placebo-windows.js', import.meta.url);
    const { harm, keep } = await offThread<{ harm: number; keep: number }>(module, 'falseCalls', 3, 1_000);
    // 25 expected a side, sd 5.
    expect(harm).toBeLessThanOrEqual(45);
    expect(keep).toBeLessThanOrEqual(45);
    expect(harm + keep).toBeGreaterThan(15);
  });

  it('shows an interval around the estimate', () => {
    const rng = createRng(4);
    const { estimate, low, high } = assessBeforeAfter(
      windowOf(rng, 0.5),
      placebosOf(rng, 60),
      metrics.latency,
    );
    expect(low!).toBeLessThan(estimate!);
    expect(high!).toBeGreaterThan(estimate!);
    expect(low!).toBeLessThan(0.5);
    expect(high!).toBeGreaterThan(0.5);
  });
});
