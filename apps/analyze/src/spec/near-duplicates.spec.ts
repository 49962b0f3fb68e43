import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createRng, jaccardSorted, shingleHashes } from '@hartonomous/numerics';
import { openTestStore, type TestStore } from '@hartonomous/store/testing';
import { hashesMax, normalisedTokens, shapeOf, shingleTokens, tokensMin } from '../code/code-shape.js';
import { nearGroups } from '../code/near-duplicates.js';
import { shapeCorpus } from '../code/shape-corpus.js';
import { readCode } from '../read-code.js';

// States are waited for, never times; a slow machine has room.
jest.setTimeout(300_000);

/** A function of `lines` statements that a seed chooses; `names` are its words, `changed` replaces a statement. */
function functionOf(
  seed: number,
  lines: number,
  names: string,
  changed: Record<number, string> = {},
): string {
  const rng = createRng(seed);
  const pick = (of: string[]): string => of[Math.floor(rng() * of.length)]!;
  const body = Array.from({ length: lines }, (_, i) => {
    const statement =
      `${pick(['const', 'let', 'if', 'for', 'while', 'return', 'throw'])} ${pick(['(', '[', '{', ''])} ${names}${i} ` +
      `${pick(['+', '-', '*', '=>', '===', '<', '??', '||'])} ${pick(['call(', 'f[', '!', '~', 'new X('])} ${i * 7} ${pick([';', ',', '?'])}`;
    return changed[i] ?? statement;
  });
  return `export function ${names}(a, b) {\n${body.join('\n')}\n}`;
}

describe('the shape of code', () => {
  it('is without names, literals, comments and layout', () => {
    const one = normalisedTokens(
      "const total = sum(1.5, 'x'); // adds\nreturn total /* all */ + 2;",
      'typescript',
    );
    const two = normalisedTokens('const n=f(7,"it\'s \\"y\\"");return n+`a\nb`', 'javascript');
    expect(one.join(' ')).toBe('const x = x ( 0 , " ) ; return x + 0 ;');
    expect(two.join(' ')).toBe('const x = x ( 0 , " ) ; return x + "');
    expect(normalisedTokens('def f(x):  # no\n  """doc"""\n  return x', 'python').join(' ')).toBe(
      'def x ( x ) : " return x',
    );
    expect(normalisedTokens('SELECT a -- b\nfrom t', 'sql').join(' ')).toBe('select x from x');
    expect(normalisedTokens('"never closed', 'c')).toEqual(['"']);
  });

  it('is its own for a piece of few tokens', () => {
    const small = shapeOf('a = b', 'c');
    expect(small.minhash).toHaveLength(0);
    expect(small.astSignature).not.toBe(shapeOf('c = d', 'c').astSignature);
    const [one, two] = [shapeOf(functionOf(1, 20, 'a'), 'c'), shapeOf(functionOf(1, 20, 'b'), 'c')];
    expect(one).toEqual(two);
    expect(one.minhash).toHaveLength(4 * hashesMax);
    expect(normalisedTokens(functionOf(1, 20, 'a'), 'c').length).toBeGreaterThan(tokensMin);
  });
});

describe('near duplicates', () => {
  it('are what the exact Jaccard similarity says, but for the error of 128 hashes', () => {
    // Five families of six members: each member changes as many statements as its number.
    const texts = Array.from({ length: 30 }, (_, i) => {
      const changed = Object.fromEntries(
        Array.from({ length: i % 6 }, (_, k) => [k * 7 + 1, `try { x } catch { ${'y ,'.repeat(k + 1)} }`]),
      );
      return functionOf(Math.floor(i / 6), 60, 'v', changed);
    });
    const shingles = texts.map((text) =>
      Uint32Array.from(new Set(shingleHashes(normalisedTokens(text, 'c'), shingleTokens))).sort(),
    );
    const signatures = new Uint32Array(texts.length * hashesMax);
    texts.forEach((text, i) => {
      const { minhash } = shapeOf(text, 'c');
      for (let k = 0; k < hashesMax; k++) signatures[i * hashesMax + k] = minhash.readUInt32LE(4 * k);
    });
    const classes = texts.map((_, i) => ({ language: 'c', astSignature: String(i), atoms: 1 }));
    const groupOf = new Map(nearGroups(classes, signatures).flatMap((g, n) => g.map((i) => [i, n] as const)));
    let [close, together, far] = [0, 0, 0];
    for (let i = 0; i < texts.length; i++) {
      for (let j = 0; j < i; j++) {
        const exact = jaccardSorted(shingles[i]!, shingles[j]!);
        const same = groupOf.has(i) && groupOf.get(i) === groupOf.get(j);
        if (exact >= 0.95) close++;
        if (exact >= 0.95 && same) together++;
        if (exact < 0.5 && same) far++;
      }
    }
    expect(close).toBeGreaterThan(5);
    expect(together).toBe(close);
    expect(far).toBe(0);
    const other = classes.map((c, i) => ({ ...c, language: i % 2 === 0 ? 'c' : 'go' }));
    for (const group of nearGroups(other, signatures)) {
      expect(new Set(group.map((i) => other[i]!.language)).size).toBe(1);
    }
    expect(nearGroups([], new Uint32Array(0))).toEqual([]);
  });
});

describe('near duplicates of a store', () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test?.close());

  it('are found among code atoms whose shapes the observation adds, all of them counted', async () => {
    const { store, tenantId } = test;
    const changed = { 5: 'try { x } catch { y }' };
    const texts = [
      functionOf(1, 80, 'renew'),
      functionOf(1, 80, 'lease'),
      functionOf(1, 80, 'claim', changed),
      functionOf(2, 80, 'other'),
      'short = 1',
    ];
    await store.withTenant(tenantId, (tx) =>
      tx.atoms.merge(texts.map((text) => ({ modality: 'code' as const, text }))),
    );
    const read = () => store.withTenant(tenantId, (tx) => readCode(tx));
    expect((await read()).unavailable).toEqual(['duplicate code: no shapes of code atoms are stored']);
    await shapeCorpus(store, tenantId);
    const { findings, unavailable } = await read();
    expect(unavailable).toEqual([]);
    expect(findings.map((f) => f.rowCount)).toEqual([2, 3]);
    const [equal, near] = findings;
    expect(equal!.facts['method']).toMatch(/equal signature/);
    expect(near).toMatchObject({
      kind: 'duplicate-code',
      facts: { looked: '4 of 4 code atoms have a shape', groups: [{ atoms: 3, shapes: 2 }] },
    });
    expect(near!.rowIds).toHaveLength(2);
    expect(near!.summary).toMatch(/^3 pieces of code in 1 group are nearly the same, .* alike$/);
    const [group] = near!.facts['groups'] as { similarity: number }[];
    expect(group!.similarity).toBeGreaterThan(0.85);
    expect(group!.similarity).toBeLessThan(1);
    // Nothing changed: the same answer, and no shape is made twice.
    await shapeCorpus(store, tenantId);
    expect(await read()).toEqual({ findings, unavailable });
  });
});
