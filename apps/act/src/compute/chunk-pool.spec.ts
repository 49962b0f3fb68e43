import { afterAll, describe, expect, it } from '@jest/globals';
import { ChunkPool } from './chunk-pool.js';
import { ChunkSignals } from './chunk-task.js';
import type { ChunkTask } from './chunk-task.js';

const pool = new ChunkPool();
afterAll(() => pool.close());

const task = (more: Partial<ChunkTask>): ChunkTask => ({
  type: 'prime.count',
  version: 1,
  params: { lo: 1, hi: 100 },
  span: { round: 0, lo: 1, hi: 100 },
  carry: null,
  input: null,
  independent: false,
  signals: new ChunkSignals().buffer,
  ...more,
});
const run = (more: Partial<ChunkTask>) => pool.run(task(more), new AbortController().signal);

describe('chunks in threads', () => {
  it('give the same answer as their verification', async () => {
    const [first, second] = [await run({}), await run({ independent: true })];
    expect(first).toMatchObject({ summary: { count: 25 } });
    expect(second).toMatchObject({ summary: first.summary, checksum: first.checksum });
  });

  // By its code a fault is tried again or not.
  it.each([
    ['parameters that this version refuses', { params: { lo: 5, hi: 'many' } }, /^prime\.count: hi: must be/],
    ['a type that is not there', { type: 'prime.cuont' }, /^no computation type is called prime\.cuont/],
  ])('hand a fault over with its code: %s', async (_, more, message) => {
    await expect(run(more)).rejects.toMatchObject({
      name: 'HartoError',
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message),
      stack: expect.stringContaining('chunk-worker'),
    });
  });
});
