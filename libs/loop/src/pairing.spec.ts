import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { armsOfBlock, pairKeys, replayOrder, switchbackOrder, switchbackWindow } from './pairing.js';

fc.configureGlobal({ seed: Number(process.env['HARTO_SEED'] ?? 20_261_121) || Date.now() });

const anyKeys = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 60 })
  .chain((keys) =>
    fc.tuple(...keys.map((key) => fc.record({ key: fc.constant(key), traffic: fc.nat({ max: 500 }) }))),
  );

describe('matched key pairs', () => {
  it('puts keys of equal traffic together and leaves the odd one out', () => {
    const keys = [
      { key: 'b', traffic: 10 },
      { key: 'hot', traffic: 900 },
      { key: 'a', traffic: 10 },
      { key: 'd', traffic: 6 },
      { key: 'c', traffic: 7 },
      { key: 'never', traffic: 0 },
    ];
    expect(pairKeys(keys)).toEqual([
      { first: 'a', second: 'b', balance: 1 },
      { first: 'c', second: 'd', balance: 6 / 7 },
    ]);
  });

  it('uses each key at most once, only balanced pairs, whatever the order of the keys', () => {
    fc.assert(
      fc.property(anyKeys, (keys) => {
        const pairs = pairKeys(keys);
        const used = pairs.flatMap(({ first, second }) => [first, second]);
        expect(new Set(used).size).toBe(used.length);
        expect(pairs.every(({ balance }) => balance >= 0.5 && balance <= 1)).toBe(true);
        expect(pairKeys(keys.toReversed())).toEqual(pairs);
      }),
    );
  });

  it('treats exactly one key of each pair, the same for the same seed and block', () => {
    fc.assert(
      fc.property(anyKeys, fc.string(), fc.nat(), (keys, seed, blockNo) => {
        const pairs = pairKeys(keys);
        const arms = armsOfBlock(pairs, seed, blockNo);
        expect(arms.size).toBe(2 * pairs.length);
        for (const { first, second } of pairs) expect(arms.get(first)).not.toBe(arms.get(second));
        expect([...armsOfBlock(pairs, seed, blockNo)]).toEqual([...arms]);
      }),
    );
  });

  it('draws anew for every block: a key is treated in half of them, independently of its neighbours', () => {
    const pairs = pairKeys(Array.from({ length: 40 }, (_, i) => ({ key: `k${i}`, traffic: 5 })));
    const blocks = 2_000;
    const treated = new Map<string, number>();
    let bothFirst = 0;
    for (let block = 0; block < blocks; block++) {
      const arms = armsOfBlock(pairs, 'seed', block);
      for (const [key, arm] of arms) if (arm === 'treated') treated.set(key, (treated.get(key) ?? 0) + 1);
      if (arms.get(pairs[0].first) === arms.get(pairs[1].first)) bothFirst++;
    }
    // sd of a count is 22: five of them.
    for (const { first } of pairs) expect(Math.abs((treated.get(first) ?? 0) - blocks / 2)).toBeLessThan(112);
    expect(Math.abs(bothFirst - blocks / 2)).toBeLessThan(112);
  });
});

describe('switchback and replay', () => {
  it('orders the two blocks at random, repeatably', () => {
    const orders = Array.from({ length: 2_000 }, (_, pairNo) => switchbackOrder('s', pairNo));
    for (const order of orders) expect([...order].toSorted()).toEqual(['control', 'treated']);
    const treatedFirst = orders.filter(([first]) => first === 'treated').length;
    expect(Math.abs(treatedFirst - 1_000)).toBeLessThan(112);
    expect(switchbackOrder('s', 17)).toEqual(orders[17]);
  });

  it('lasts at least 60 s of scaled time and discards its first fifth', () => {
    expect(switchbackWindow(1_000)).toEqual({ fromMs: 1_000, countsFromMs: 13_000, toMs: 61_000 });
    expect(switchbackWindow(0, 60, 5)).toEqual({ fromMs: 0, countsFromMs: 200, toMs: 1_000 });
  });

  it('runs each arm first for half of the replayed requests', () => {
    const order = replayOrder('s', 3, 20);
    expect(order.filter((arm) => arm === 'treated')).toHaveLength(10);
    expect(replayOrder('s', 3, 20)).toEqual(order);
    expect(replayOrder('s', 4, 20)).not.toEqual(order);
    const odd = Array.from({ length: 1_000 }, (_, pairNo) => replayOrder('s', pairNo, 1)[0]);
    expect(Math.abs(odd.filter((arm) => arm === 'treated').length - 500)).toBeLessThan(80);
  });
});
