import { createRng } from '@hartonomous/numerics';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { adaptSize } from './chunk-plan.js';
import { chooseNext, type Candidate } from './fair-share.js';
import { etaOf, progressOf } from './progress.js';
import { retryDelayMs } from './retry.js';
import { chunksToVerify, isSampled } from './verification.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

const candidate = (tenantId: string, order: number, more: Partial<Candidate> = {}): Candidate => ({
  tenantId,
  computationId: `${tenantId}-${order}`,
  lane: 'user',
  priority: 0,
  order,
  running: 0,
  ...more,
});

describe('chunk size', () => {
  it('moves by at most two towards the target', () => {
    expect(adaptSize(100, 4000, 8000)).toBe(50);
    expect(adaptSize(100, 4000, 80_000)).toBe(50);
    expect(adaptSize(100, 4000, 100)).toBe(200);
    expect(adaptSize(100, 4000, 5000)).toBe(80);
  });
});

describe('progress', () => {
  it('never goes back and is not whole before the end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ cost: fc.double({ min: 1, max: 50, noNaN: true }), fails: fc.boolean() }), {
          minLength: 1,
          maxLength: 30,
        }),
        (chunks) => {
          const totalCost = chunks.reduce((sum, { cost }) => sum + cost, 0);
          let shown = 0;
          let doneCost = 0;
          for (const { cost, fails } of chunks) {
            const half = progressOf({
              totalCost,
              doneCost,
              running: [{ cost, share: 0.5 }],
              previous: shown,
            });
            // A chunk that fails is done again: what was shown stays.
            if (!fails) doneCost += cost;
            const next = progressOf({ totalCost, doneCost, running: [], previous: half });
            expect(half).toBeGreaterThanOrEqual(shown);
            expect(next).toBeGreaterThanOrEqual(half);
            expect(next).toBeLessThan(1);
            shown = next;
          }
        },
      ),
    );
  });

  it('the band holds the time left in about 80 of 100 runs', () => {
    const rng = createRng(20261121);
    let inside = 0;
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const draw = () => 4000 * Math.exp(0.6 * (rng() + rng() + rng() - 1.5));
      const seen = Array.from({ length: 12 }, () => ({ cost: 4e9, elapsedMs: draw() }));
      const left = Array.from({ length: 40 }, draw).reduce((a, b) => a + b) / 2;
      const eta = etaOf(40 * 4e9, seen, 2);
      if (eta && left >= eta.lowMs && left <= eta.highMs) inside++;
    }
    expect(inside / runs).toBeGreaterThan(0.72);
    expect(inside / runs).toBeLessThan(0.9);
  });

  it('has no estimate before the first chunk', () => {
    expect(etaOf(1e9, [], 2)).toBeNull();
  });
});

describe('fair share', () => {
  it('gives each tenant the same worker time, whatever it submits', () => {
    // 20 computations of three tenants; chunks of very different lengths; two workers.
    const rng = createRng(7);
    const tenants = ['a', 'b', 'c'];
    const used = new Map(tenants.map((tenant) => [tenant, 0]));
    const all = Array.from({ length: 20 }, (_, i) => candidate(i < 14 ? 'a' : i < 18 ? 'b' : 'c', i));
    const length = { a: 5000, b: 2500, c: 2000 } as Record<string, number>;
    const free = [0, 0];
    const ends: { at: number; tenant: string; ms: number }[] = [];
    while (Math.min(...free) < 600_000) {
      const worker = free[0] <= free[1] ? 0 : 1;
      const now = free[worker];
      const uses = tenants.map((tenantId) => ({ tenantId, usedMs: used.get(tenantId) ?? 0 }));
      const next = chooseNext(all, uses);
      if (!next) throw new Error('nothing to choose');
      const ms = length[next.tenantId] * (0.5 + rng());
      used.set(next.tenantId, (used.get(next.tenantId) ?? 0) + ms);
      free[worker] = now + ms;
      ends.push({ at: now + ms, tenant: next.tenantId, ms });
    }
    const shares = tenants.map((tenant) => used.get(tenant) ?? 0);
    const mean = shares.reduce((a, b) => a + b) / 3;
    for (const share of shares) expect(Math.abs(share / mean - 1)).toBeLessThan(0.1);
  });

  it('puts users before tuning, then priority, then who has fewer under way, then the older', () => {
    const uses = [
      { tenantId: 'a', usedMs: 900 },
      { tenantId: 'b', usedMs: 100 },
    ];
    expect(chooseNext([], uses)).toBeNull();
    const tuning = candidate('b', 1, { lane: 'tuning' });
    expect(chooseNext([tuning, candidate('a', 2)], uses)?.order).toBe(2);
    expect(chooseNext([candidate('a', 1), candidate('b', 2)], uses)?.tenantId).toBe('b');
    expect(chooseNext([candidate('b', 1), candidate('b', 2, { priority: 3 })], uses)?.order).toBe(2);
    expect(chooseNext([candidate('b', 1, { running: 2 }), candidate('b', 2)], uses)?.order).toBe(2);
    expect(chooseNext([candidate('b', 5), candidate('b', 2)], uses)?.order).toBe(2);
    const weighted = [
      { tenantId: 'a', usedMs: 900, weight: 10 },
      { tenantId: 'b', usedMs: 100 },
    ];
    expect(chooseNext([candidate('a', 1), candidate('b', 2)], weighted)?.tenantId).toBe('a');
  });
});

describe('retry and verification', () => {
  it('waits anywhere below the doubling bound', () => {
    const rng = createRng(3);
    for (let attempt = 1; attempt <= 12; attempt++) {
      const bound = Math.min(20_000, 200 * 2 ** (attempt - 1));
      const waits = Array.from({ length: 200 }, () => retryDelayMs(attempt, rng));
      expect(Math.max(...waits)).toBeLessThan(bound);
      expect(Math.min(...waits)).toBeLessThan(bound * 0.1);
      expect(Math.max(...waits)).toBeGreaterThan(bound * 0.9);
    }
  });

  it('samples one to two of a hundred, the same ones each time, and at least one', () => {
    const nos = Array.from({ length: 10_000 }, (_, no) => no);
    const sampled = chunksToVerify('c1', nos);
    expect(sampled.length).toBeGreaterThan(100);
    expect(sampled.length).toBeLessThan(200);
    expect(sampled.every((no) => isSampled('c1', no))).toBe(true);
    expect(chunksToVerify('c1', nos)).toEqual(sampled);
    for (let i = 0; i < 50; i++) expect(chunksToVerify(`c${i}`, [0, 1, 2]).length).toBeGreaterThanOrEqual(1);
    expect(chunksToVerify('c1', [])).toEqual([]);
  });
});
