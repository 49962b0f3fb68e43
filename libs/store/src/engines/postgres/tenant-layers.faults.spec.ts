import { describe, expect, it } from '@jest/globals';
import { interleaveWith } from './tenant-layers.js';

const transactions = 5_000;

describe('interleaved transactions on a pool of two, long', () => {
  it.each([
    ['both layers', { statements: true, policies: true }],
    ['the statements alone', { statements: true, policies: false }],
    ['the policies alone', { statements: false, policies: true }],
  ])('%s keep the right tenant', async (name, layers) => {
    const began = performance.now();
    const seen = await interleaveWith(layers, transactions);
    process.stderr.write(
      `${name}: ${seen.done} transactions, ${seen.wrong} wrong, ${Math.round(performance.now() - began)} ms\n`,
    );
    expect(seen).toEqual({ wrong: 0, done: transactions });
  });
});
