import { describe, expect, it } from '@jest/globals';
import { interleaveWith } from './tenant-layers.js';

const transactions = 300;

describe('interleaved transactions on a pool of two', () => {
  it.each([
    ['the statements alone', { statements: true, policies: false }],
    ['the policies alone', { statements: false, policies: true }],
  ])('%s keep the right tenant; the long run takes 5,000', async (_name, layers) => {
    expect(await interleaveWith(layers, transactions)).toEqual({ wrong: 0, done: transactions });
  });

  it('without both layers tenants meet: the test can fail', async () => {
    const { wrong } = await interleaveWith({ statements: false, policies: false }, 100);
    expect(wrong).toBeGreaterThan(0);
  });
});
