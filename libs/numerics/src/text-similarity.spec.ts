import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jaccard, jaccardSorted, weightedJaccard } from './jaccard.js';
import { levenshtein, levenshteinSequences, levenshteinSimilarity } from './levenshtein.js';
import {
  createMinHashFamily,
  hashToken,
  minHash,
  minHashCandidates,
  minHashSimilarity,
  shingleHashes,
} from './minhash.js';
import { createRng } from './random.js';
import { codeOf, property } from './spec/support.js';

/** The textbook recurrence in two rows. */
function twoRows(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}

// Oracles: the two-row recurrence, published pairs, metric axioms; exact Jaccard for MinHash.
describe('Levenshtein', () => {
  it.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['Saturday', 'Sunday', 3],
    ['intention', 'execution', 5],
    ['a😀b', 'ab', 1],
    ['naïve', 'naive', 1],
  ])('%s -> %s is %i', (a, b, distance) => {
    expect(levenshtein(a, b)).toBe(distance);
    expect(levenshtein(b, a)).toBe(distance);
  });

  it('equals the two-row recurrence across block borders', () => {
    const symbols = fc.array(fc.nat(3), { maxLength: 140 });
    fc.assert(
      fc.property(symbols, symbols, (a, b) => {
        expect(levenshteinSequences(Uint32Array.from(a), Uint32Array.from(b))).toBe(twoRows(a, b));
      }),
      property(300),
    );
    for (const length of [31, 32, 33, 63, 64, 65, 96, 97]) {
      const a = Uint32Array.from({ length }, (_, i) => i % 7);
      const b = Uint32Array.from({ length: length + 5 }, (_, i) => (i * 3) % 7);
      expect(levenshteinSequences(a, b)).toBe(twoRows(a, b));
    }
  });

  it('is a metric and a similarity in [0, 1]', () => {
    const word = fc.string({ maxLength: 20 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(levenshtein(a, c)).toBeLessThanOrEqual(levenshtein(a, b) + levenshtein(b, c));
        expect(levenshtein(a, b) === 0).toBe(a === b);
        const similarity = levenshteinSimilarity(a, b);
        expect(similarity >= 0 && similarity <= 1).toBe(true);
      }),
      property(),
    );
    expect(levenshteinSimilarity('', '')).toBe(1);
  });
});

describe('Jaccard', () => {
  it('is the share of common items, duplicates ignored', () => {
    expect(jaccard(['a', 'b', 'b'], ['b', 'c'])).toBeCloseTo(1 / 3, 15);
    expect([jaccard([], []), jaccard([1], [])]).toEqual([1, 0]);
    expect(weightedJaccard([1, 2, 0], [2, 1, 1])).toBe(2 / 5);
    expect([weightedJaccard([], []), weightedJaccard([1], [0, 0])]).toEqual([1, 0]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30)), fc.uniqueArray(fc.nat(30)), (a, b) => {
        expect(jaccardSorted(Uint32Array.from(a).sort(), Uint32Array.from(b).sort())).toBe(jaccard(a, b));
      }),
      property(),
    );
  });
});

describe('MinHash', () => {
  it('estimates Jaccard within its standard error', () => {
    const family = createMinHashFamily(1024, createRng(1));
    for (const shared of [0, 50, 150, 190, 200]) {
      const a = Array.from({ length: 200 }, (_, i) => i);
      const b = Array.from({ length: 200 }, (_, i) => i + 200 - shared);
      const truth = jaccard(a, b);
      const estimate = minHashSimilarity(minHash(family, a), minHash(family, b));
      expect(Math.abs(estimate - truth)).toBeLessThanOrEqual(
        4 * Math.sqrt((truth * (1 - truth)) / 1024) + 1e-9,
      );
    }
  });

  it('ignores order and duplicates; the empty set is defined', () => {
    const family = createMinHashFamily(64, createRng(2));
    expect(minHash(family, [3, 1, 2])).toEqual(minHash(family, [1, 2, 2, 3, 3]));
    expect(minHash(family, []).every((h) => h === 0xffffffff)).toBe(true);
    expect(codeOf(() => minHashSimilarity(new Uint32Array(2), new Uint32Array(3)))).toBe('MINHASH_SHAPE');
    expect(codeOf(() => createMinHashFamily(0, createRng(1)))).toBe('MINHASH_INVALID');
  });

  it('bands near-duplicates together and few others', () => {
    const rng = createRng(3);
    const family = createMinHashFamily(128, rng);
    const sets = Array.from({ length: 60 }, () => Array.from({ length: 80 }, () => Math.floor(rng() * 1e6)));
    sets.push([...sets[0].slice(0, 77), 1, 2, 3]);
    const signatures = sets.map((set) => minHash(family, set));
    const pairs = minHashCandidates(signatures, 8);
    expect(Array.from(pairs)).toEqual([0, 60]);
    expect(minHashCandidates([], 4)).toHaveLength(0);
    expect(codeOf(() => minHashCandidates(signatures, 129))).toBe('MINHASH_INVALID');
  });

  it('shingles tokens and hashes them alike on every platform (frozen value)', () => {
    expect(hashToken('')).not.toBe(hashToken('a'));
    expect(hashToken('atom')).toBe(3786644155);
    expect(shingleHashes(['a', 'b', 'c', 'a', 'b', 'c'], 3)).toHaveLength(4);
    const shingles = shingleHashes(['a', 'b', 'c', 'a', 'b', 'c'], 3);
    expect(shingles[0]).toBe(shingles[3]);
    expect(shingleHashes(['a'], 3)).toHaveLength(1);
    expect(shingleHashes([], 3)).toHaveLength(0);
    const spread = new Set(Array.from({ length: 10_000 }, (_, i) => hashToken(`token${i}`)));
    expect(spread.size).toBeGreaterThan(9_998);
  });
});
